//! Records of a real namespace, as root or in a user namespace.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use jsonschema::Validator;
use linux_net::NetworkNamespace;
use linux_net::testing::{in_lab_namespace, wait_until};
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use tempfile::tempdir;
use watch::{Filter, Watch, WatchSettings};
use watch_recording::{
    Appended, ChangeRow, RecordEnd, RecordLine, Recorder, WatchHeader, WatchRecord,
};

use crate::support::header;

fn listen(namespace: &NetworkNamespace, port: u16, backlog: i32) -> Socket {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let listen = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(backlog).unwrap();
        socket
    };
    namespace.run(listen).unwrap()
}

/// Connects without waiting for an answer.
fn connect(namespace: &NetworkNamespace, port: u16) -> Socket {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let connect = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(&address.into()).unwrap_err();
        socket
    };
    namespace.run(connect).unwrap()
}

#[test]
fn a_burst_is_recorded_at_full_resolution_and_with_a_valid_schema() {
    in_lab_namespace(|| {
        let namespace = NetworkNamespace::create().unwrap();
        // A process in it, so that it is found.
        let mut cat = Command::new("cat");
        let mut cat = namespace.enter_on_exec(&mut cat).stdin(Stdio::piped()).spawn().unwrap();
        let server = listen(&namespace, 8080, 2);
        let filter =
            Filter { namespaces: vec![namespace.inode().to_string()], ..Filter::default() };
        let settings = WatchSettings { filter, max_cpu_share: 0.2, ..WatchSettings::default() };
        let watch = Watch::begin(settings).unwrap();
        let place = tempdir().unwrap();
        let mut recorder = Recorder::create(place.path(), header()).unwrap();
        let append = |recorder: &mut Recorder| {
            let (snapshot, changes) = watch.snapshot_with_changes(recorder.recorded_ns());
            assert_eq!(recorder.append(&snapshot, &changes).unwrap(), Appended::Recorded);
            (snapshot, changes)
        };
        append(&mut recorder);
        let clients: Vec<_> = (0..6).map(|_| connect(&namespace, 8080)).collect();
        wait_until("the drops are recorded", || {
            let (snapshot, _) = append(&mut recorder);
            snapshot.listeners.iter().any(|it| it.drops_watched >= 3 && it.depth == 3)
        });
        // It comes and goes; whether between two lines does not matter.
        let brief = listen(&namespace, 9090, 1);
        wait_until("the brief one is seen", || {
            watch.snapshot().listeners.iter().any(|it| it.address.port() == 9090)
        });
        drop(brief);
        drop((server, clients));
        let mut closed = 0;
        wait_until("both closed", || {
            closed += append(&mut recorder).1.closed.len();
            closed == 2
        });
        recorder.finish(RecordEnd::Stopped).unwrap();
        drop(cat.stdin.take());
        cat.wait().unwrap();

        let record = WatchRecord::open(place.path()).unwrap();
        let mut rows: Vec<ChangeRow> = Vec::new();
        let mut ports = Vec::new();
        let mut was_full = false;
        let lines = record
            .replay(|state, line: &RecordLine| {
                for changes in &line.changes {
                    let listener = state.listener(changes.id).expect("it is described");
                    if listener.address.port() == 8080 {
                        rows.extend(&changes.rows);
                        was_full |= !changes.full_us.is_empty();
                    }
                }
                let closed = line.gone.iter().filter(|gone| gone.closed.is_some());
                ports.extend(closed.map(|it| state.listener(it.id).unwrap().address.port()));
            })
            .unwrap();
        assert!(lines >= 2 && was_full);
        ports.sort_unstable();
        assert_eq!(ports, [8080, 9090]);
        assert_eq!(rows[0], ChangeRow(rows[0].0, rows[0].0, 0, 0), "the state at the beginning");
        assert!(rows.windows(2).all(|pair| pair[0].0 <= pair[1].1), "{rows:?}");
        assert_eq!(rows.iter().map(|row| row.2).max(), Some(3));
        assert!(rows.iter().map(|row| row.3).max() >= Some(3));
        check_schema(place.path());
    });
}

fn check_schema(directory: &std::path::Path) {
    let validator = |schema: schemars::Schema| -> Validator {
        jsonschema::validator_for(&schema.to_value()).unwrap()
    };
    let assert_valid = |schema: &Validator, value: &Value| {
        let errors: Vec<_> = schema.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {value}");
    };
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let of_header = validator(schemars::schema_for!(WatchHeader));
    assert_valid(&of_header, &serde_json::from_str(&read("watch.json")).unwrap());
    let of_line = validator(schemars::schema_for!(RecordLine));
    for line in read("seconds.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_valid(&of_line, &line);
        let mut broken = line.clone();
        broken["listeners"] = serde_json::json!([{ "depth": 3 }]);
        assert!(!of_line.is_valid(&broken), "a listener without an id");
        broken["listeners"] = serde_json::json!([{ "id": 3, "limit": "many" }]);
        assert!(!of_line.is_valid(&broken), "a limit that is no number");
    }
}
