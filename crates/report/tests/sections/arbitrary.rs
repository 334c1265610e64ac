//! Runs with arbitrary settings and evidence.

use std::collections::BTreeMap;

use crate::fixture::Made;
use proptest::collection::vec;
use proptest::prelude::*;
use run_record::{
    ClientLimit, ClosedBecause, EndedBy, LeftSockets, Outcome, Restart, ServerMetrics, TrialRecord,
};
use serde_json::{Value, json};

use crate::fixture::{Change, Fixture};

/// Settings and evidence from a list of random numbers; values at the limits are frequent.
struct Source<'a> {
    numbers: std::slice::Iter<'a, u32>,
    /// One count of so many is not 0: with few of them, most causes are shown.
    sparsity: u32,
    /// The unit of the counters.
    scale: i64,
}

impl Source<'_> {
    fn number(&mut self) -> u32 {
        self.numbers.next().copied().unwrap_or(0)
    }

    fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.number() as usize % values.len()].clone()
    }

    /// A count, 0 in most cases.
    fn count(&mut self) -> u64 {
        match self.number() {
            n if n % self.sparsity > 0 => 0,
            n => u64::from(n / self.sparsity % 40),
        }
    }

    /// The change of a counter: large in some trials, and negative in a few, because a file can
    /// be damaged.
    fn change(&mut self) -> i64 {
        let count = self.count() as i64;
        count * self.scale * self.one_of(&[1, 1, 1, 1, 1, 1, 1, -1])
    }

    /// Changes the sparsity, so that one kind of evidence is dense and another is not.
    fn next_kind(&mut self) {
        self.sparsity = self.one_of(&[2, 8, 20, 40]);
    }

    fn rarely(&mut self) -> bool {
        self.number().is_multiple_of(self.sparsity)
    }
}

const SETTINGS: usize = 26;

/// The values of a cell on all axes.
fn point(from: &mut Source<'_>) -> [(&'static str, Value); SETTINGS] {
    let sizes = [-1, 0, 1, 4, 5, 128, 4096];
    let sysctl_sizes = [0, 1, 4, 5, 16, 128, 4096];
    [
        ("server.backlog", json!(from.one_of(&sizes))),
        (sysctl!("server", "core.somaxconn"), json!(from.one_of(&sysctl_sizes))),
        (sysctl!("server", "ipv4.tcp_max_syn_backlog"), json!(from.one_of(&sysctl_sizes))),
        (sysctl!("server", "ipv4.tcp_syncookies"), json!(from.one_of(&[0, 0, 1, 2, 3]))),
        (sysctl!("server", "ipv4.tcp_abort_on_overflow"), json!(from.one_of(&[0, 1]))),
        (sysctl!("server", "ipv4.tcp_synack_retries"), json!(from.one_of(&[0, 1, 3, 5, 255]))),
        (sysctl!("server", "ipv4.tcp_fin_timeout"), json!(from.one_of(&[0, 1, 5, 60, 61, 70]))),
        (sysctl!("server", "ipv4.tcp_tw_reuse"), json!(from.one_of(&[0, 1, 2]))),
        (
            sysctl!("client", "ipv4.ip_local_port_range"),
            json!(from.one_of(&["1\t65535", "32768\t60999", "20000\t20000"])),
        ),
        (sysctl!("client", "ipv4.tcp_syn_linear_timeouts"), json!(from.one_of(&[0, 1, 4]))),
        ("server.listeners", json!(from.one_of(&[1, 1, 2]))),
        ("server.defer_accept", json!(from.one_of(&[0, 0, 1, 5]))),
        ("server.accept_paused", json!(from.one_of(&[true, false]))),
        ("server.hold_acks", json!(from.one_of(&[true, false, false]))),
        ("server.release_backlog", json!(from.one_of(&sizes))),
        ("server.closes_first", json!(from.one_of(&["client", "server"]))),
        ("server.reuse_address", json!(from.one_of(&[true, false]))),
        ("server.sigpipe", json!(from.one_of(&["default", "ignore"]))),
        ("server.design", json!(from.one_of(&["snapshot", "global-lock"]))),
        ("after.restart_reuse_address", from.one_of(&[json!(true), json!(false), Value::Null])),
        ("load.half_open", json!(from.one_of(&[0, 0, 1, 20]))),
        ("load.slow_readers", json!(from.one_of(&[0, 0, 1]))),
        ("load.pattern", json!(from.one_of(&["burst", "one_by_one"]))),
        ("load.connect_deadline", json!(from.one_of(&["500ms", "2s", "200s"]))),
        ("load.finish_deadline", json!("20s")),
        ("load.source_addresses", json!(1)),
    ]
}

const FULL_DROPS: &str = "TcpExt.TCPReqQFullDrop";

const SERVER: [&str; 15] = [
    "TcpExt.ListenOverflows",
    "TcpExt.ListenDrops",
    FULL_DROPS,
    "TcpExt.TCPReqQFullDoCookies",
    "TcpExt.SyncookiesSent",
    "TcpExt.SyncookiesRecv",
    "TcpExt.EmbryonicRsts",
    "TcpExt.TCPDeferAcceptDrop",
    "TcpExt.TCPTimeWaitOverflow",
    "TcpExt.TCPSynRetrans",
    "TcpExt.TCPAbortOnClose",
    "TcpExt.TCPAbortOnData",
    "TcpExt.TWRecycled",
    "Tcp.OutRsts",
    "Tcp.InSegs",
];

fn fill(trial: &mut TrialRecord, from: &mut Source<'_>) {
    from.next_kind();
    let outcomes: Vec<_> =
        Outcome::ALL.into_iter().map(|outcome| (outcome, from.count() as usize)).collect();
    trial.set_outcomes(&outcomes);
    trial.set_syn_retransmits(&[(0, from.count()), (1, from.count()), (5, from.count())]);
    from.next_kind();
    let is_read = from.one_of(&[true, true, true, false]);
    let server = SERVER.map(|name| (name.to_owned(), from.change()));
    trial.evidence.server = match is_read {
        // Unchanged counters are not recorded.
        true => server.into_iter().filter(|(_, change)| *change != 0).collect(),
        false => BTreeMap::new(),
    };
    let client = ["TcpExt.TCPSynRetrans", "TcpExt.TWRecycled", "TcpExt.TW"];
    trial.evidence.client = client.iter().map(|name| ((*name).to_owned(), from.change())).collect();
    match from.one_of(&[0, 1, 2]) {
        0 => {}
        1 => add_drops(trial, from.change().max(0)),
        _ => {
            trial.evidence.server.remove(FULL_DROPS);
            add_drops(trial, 0);
        }
    }
    if from.one_of(&[true, false]) {
        let limit = from.one_of(&[0, 1, 4, 5, 128, 4096]);
        trial.set_accept_queue(from.count() as u32, limit);
        trial.add_listeners(&[(from.count() as u32, limit), (from.count() as u32, limit)]);
    }
    from.next_kind();
    for state in ["time_wait", "fin_wait_2", "syn_recv"] {
        let seconds = from.one_of(&[0.01, 1.1, 2.0, 5.2, 60.3]);
        trial.add_state(state, from.count() as u32, seconds, from.count() as u32);
    }
    trial.set_slowest_connect(from.one_of(&[0.0, 0.5, 1.02, 5.1]));
    trial.set_accept_wait(from.one_of(&[0.0, 0.6, 1.05, 3.1]));
    trial.accepted = from.one_of(&[None, Some(0), Some(7)]);
    trial.held_bytes = from.rarely().then(|| from.one_of(&[0, 100_000]));
    trial.incomplete_by = EndedBy::ALL
        .into_iter()
        .filter(|by| *by != EndedBy::UnexpectedAnswer)
        .map(|by| (by, from.count()))
        .filter(|(_, attempts)| *attempts > 0)
        .collect();
    if from.one_of(&[true, false, false]) {
        trial.incomplete_by.clear();
    }
    // Not a number of its own: it would be the next one of everything that follows.
    if let Some(&attempts) = trial.incomplete_by.get(&EndedBy::BrokenStream) {
        trial.incomplete_by.insert(EndedBy::UnexpectedAnswer, attempts);
    }
    from.next_kind();
    let left = LeftSockets { close_wait: from.count() as u32, queued: from.count() as u32 };
    trial.evidence.left = from.one_of(&[None, Some(left)]);
    trial.restart = from.rarely().then(|| Restart {
        seconds: from.one_of(&[None, Some(0.1), Some(60.4)]),
        refused: from.count() as u32,
        ..Restart::default()
    });
    trial.server_died = from.rarely().then(|| "SIGPIPE".to_owned());
    if trial.server_died.is_none() {
        trial.set_lock_times(from.number().into(), 3, from.number().into());
        let errors = ["EMFILE", "ENFILE", "ENOBUFS", "EAGAIN", "ECONNABORTED"];
        let errors = errors.map(|errno| (errno.to_owned(), from.count() * from.count()));
        let server = trial.server.get_or_insert_with(ServerMetrics::default);
        server.thread_errors =
            from.rarely().then(|| ("EAGAIN".to_owned(), from.count())).into_iter().collect();
        server.accept_errors = errors.into_iter().filter(|(_, times)| *times > 0).collect();
        server.closed = ClosedBecause::ALL
            .into_iter()
            .map(|because| (because, from.count()))
            .filter(|(_, clients)| *clients > 0)
            .collect();
        let limit = from.one_of(&["server.max_clients", "RLIMIT_NOFILE"]).to_owned();
        server.client_limit = Some(ClientLimit { clients: from.count(), limit });
        server.dropped = from.count();
        server.write_wait.max_ns = from.number().into();
    }
}

/// Sets ListenDrops to the drops of both queues and others, as the kernel counts them.
fn add_drops(trial: &mut TrialRecord, others: i64) {
    let counters = &mut trial.evidence.server;
    let parts = ["TcpExt.ListenOverflows", FULL_DROPS];
    let known: i64 = parts.iter().filter_map(|name| counters.get(*name)).sum();
    if !counters.is_empty() {
        counters.insert("TcpExt.ListenDrops".to_owned(), known + others);
    }
}

/// Sets a setting of the trial's cell, or a sysctl in force.
fn set(trial: &mut TrialRecord, path: &str, value: Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(sysctl) = path.strip_prefix("hosts.server.sysctls.") {
        trial.sysctls.server.insert(sysctl.to_owned(), text);
    } else if let Some(sysctl) = path.strip_prefix("hosts.client.sysctls.") {
        trial.sysctls.client.insert(sysctl.to_owned(), text);
    }
    if !value.is_null() {
        trial.point.insert(path.to_owned(), value);
    }
}

/// Runs of up to three trials.
pub(crate) fn any_run() -> impl Strategy<Value = Made> {
    vec(vec(any::<u32>(), 175), 1..4).prop_map(|trials| run(&trials))
}

fn run(trials: &[Vec<u32>]) -> Made {
    // Only the number of a case is an axis, because the cells of a run are all combinations.
    let cell = |fixture: Fixture, (case, numbers): (usize, &Vec<u32>)| {
        let mut from = Source { numbers: numbers.iter(), sparsity: 1, scale: 1 };
        from.scale = from.one_of(&[1, 1, 1, 50_000]);
        fixture.cell([("case", json!(case))], |trial| {
            for (path, value) in point(&mut from) {
                set(trial, path, value);
            }
            fill(trial, &mut from);
        })
    };
    trials.iter().enumerate().fold(Fixture::new(json!({})), cell).run()
}
