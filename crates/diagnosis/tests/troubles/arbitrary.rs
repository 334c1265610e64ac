//! Snapshots with arbitrary evidence.

use proptest::collection::vec;
use proptest::prelude::*;
use watch_record::{
    ConnectionCounts, LimitFrom, Peak, PortUsage, ProcessActivity, Second, Snapshot,
    WatchedListener, WatchedNamespace, WatchedProcess, WatchedSysctls,
};

use crate::fixture::{NAMESPACE, count, healthy, quiet, snapshot};

/// Numbers from which a snapshot is made.
struct Source<'a>(std::slice::Iter<'a, u32>);

impl Source<'_> {
    fn number(&mut self) -> u32 {
        self.0.next().copied().unwrap_or(0)
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.number() as usize % choices.len()].clone()
    }

    fn is(&mut self) -> bool {
        self.one_of(&[true, false])
    }

    /// A count: often 0, small, or the edge of a condition.
    fn count(&mut self) -> u32 {
        let any = self.number() % 100_000;
        self.one_of(&[0, 0, 1, 2, 5, 6, 9, 10, 97, any])
    }

    fn seconds(&mut self) -> f64 {
        let any = f64::from(self.number()) / 1e6;
        self.one_of(&[0.0, 0.2, 0.999, 1.0, 2.0, 9.9, 10.0, 60.0, any])
    }

    fn share(&mut self) -> Option<f64> {
        self.one_of(&[None, Some(0.0), Some(0.3), Some(0.9), Some(0.974), Some(2.5)])
    }
}

const COMMANDS: [(&str, &[&str]); 5] = [
    ("server", &["/opt/server", "--port", "80"]),
    ("nginx", &["nginx: worker process"]),
    ("haproxy", &["haproxy", "-f", "haproxy.cfg"]),
    ("redis-server", &["redis-server *:6379"]),
    ("hidden", &[]),
];

const WAITS: [&str; 5] = ["do_epoll_wait", "futex_do_wait", "wait_woken", "hrtimer_nanosleep", "x"];

fn process(pid: u32, from: &mut Source<'_>) -> WatchedProcess {
    let (name, command) = from.one_of(&COMMANDS);
    let threads = from.one_of(&[1, 1, 3]);
    let mut activity = ProcessActivity { threads, ..ProcessActivity::default() };
    match from.one_of(&[0, 0, 1, 2, 3, 4]) {
        0 => activity.sleeping = threads,
        1 => activity.stopped = threads,
        2 => (activity.running, activity.sleeping) = (1, threads - 1),
        3 => (activity.uninterruptible, activity.sleeping) = (1, threads - 1),
        _ => (activity.stopped, activity.sleeping) = (1, threads - 1),
    }
    activity.frozen = from.one_of(&[true, false, false, false, false]);
    let waits = from.one_of(&[0, 1, 1, 2, 5]);
    activity.waits_in = WAITS[..waits].iter().map(|&function| function.to_owned()).collect();
    let max = from.one_of(&[None, Some(10), Some(1_024)]);
    WatchedProcess {
        pid,
        name: name.to_owned(),
        command: command.iter().map(|&part| part.to_owned()).collect(),
        activity: from.one_of(&[true, true, true, false]).then_some(activity),
        open_files: from.one_of(&[None, Some(8), Some(9), Some(10), Some(922), Some(1_024)]),
        max_open_files: max,
        cpu_share: from.share(),
        run_delay_share: from.share(),
    }
}

fn connections(from: &mut Source<'_>) -> ConnectionCounts {
    ConnectionCounts {
        age_seconds: from.seconds(),
        syn_recv: from.count(),
        not_accepted: from.count(),
        oldest_not_accepted_seconds: from.is().then(|| from.seconds()),
        established: from.count(),
        close_wait: from.count(),
        close_wait_not_accepted: from.one_of(&[0, 0, 1, 4]),
        time_wait: from.count(),
        closing: from.count(),
        accepted_per_second_at_least: from.one_of(&[
            None,
            Some(0.0),
            Some(0.0),
            Some(0.4),
            Some(40.7),
        ]),
        close_wait_growth: i64::from(from.count()) - i64::from(from.one_of(&[0, 0, 50])),
        close_wait_growth_seconds: from.seconds(),
        close_wait_only_grew: from.is(),
    }
}

fn listener(port: u16, from: &mut Source<'_>) -> WatchedListener {
    let mut listener = healthy(port);
    let processes = from.one_of(&[0, 1, 1, 2, 5]);
    listener.processes = (0..processes).map(|index| process(7_000_000 + index, from)).collect();
    listener.processes_are_known = from.is();
    listener.limit = from.one_of(&[0, 1, 5, 128, 4096]);
    listener.limit_from = from.one_of(&[
        LimitFrom::Backlog,
        LimitFrom::Somaxconn,
        LimitFrom::EarlierSomaxconn,
        LimitFrom::Unknown,
    ]);
    let limit = listener.limit;
    listener.depth = from.one_of(&[0, 1, limit, limit + 1]);
    listener.drops_last_second = from.one_of(&[0, 0, 1, 13, 200]);
    listener.drops_watched = listener.drops_last_second + from.one_of(&[0, 0, 41_u64]);
    listener.drops_total = from.one_of(&[None, Some(0), Some(5_000_000)]);
    for second in listener.seconds.iter_mut().rev().take(6) {
        let was_full = listener.drops_last_second > 0 && from.is();
        *second =
            Second { deepest: from.one_of(&[0, limit, limit + 1]), looks: 9, drops: 0, was_full };
    }
    let last_minute = Peak { seen: from.one_of(&[0, 3, limit + 1]), was_full: from.is() };
    listener.peak_last_minute = from.one_of(&[Peak::default(), last_minute]);
    listener.peak = from.one_of(&[listener.peak_last_minute, last_minute]);
    listener.sharing_address = from.one_of(&[1, 1, 1, 4]);
    listener.connections = from.one_of(&[true, true, true, false]).then(|| connections(from));
    if from.is() {
        // Where connections wait and are not accepted, most sentences have something to say.
        listener.depth = limit + 1;
        let connections = listener.connections.get_or_insert_default();
        connections.not_accepted = limit + 1;
        connections.oldest_not_accepted_seconds = Some(12.25 + connections.age_seconds);
    }
    listener
}

fn namespace(from: &mut Source<'_>) -> WatchedNamespace {
    let mut namespace = quiet();
    namespace.sysctls = WatchedSysctls {
        somaxconn: from.one_of(&[None, Some(5), Some(4096)]),
        tcp_max_syn_backlog: from.one_of(&[None, Some(-1), Some(4), Some(1_024)]),
        tcp_syncookies: from.one_of(&[None, Some(0), Some(0), Some(1), Some(2), Some(3)]),
        tcp_abort_on_overflow: from.one_of(&[None, Some(0), Some(1)]),
        ip_local_port_range: None,
    };
    for name in ["TCPReqQFullDrop", "ListenDrops", "ListenOverflows", "SyncookiesSent"] {
        let (last, before) = (from.one_of(&[0, 0, 13, 200]), from.one_of(&[0, 0, 17]));
        if last + before > 0 {
            count(&mut namespace, &format!("TcpExt.{name}"), last, before);
        }
    }
    let range = from.one_of(&[0, 100, 28_232, 65_535]);
    namespace.busiest_destination = from.is().then(|| PortUsage {
        destination: "198.18.0.1:443".parse().unwrap(),
        ports: from.one_of(&[0, range / 2, range - range / 10, range]),
        in_time_wait: from.one_of(&[0, 7, range / 2 + 3]),
        range,
    });
    namespace
}

fn made(numbers: &[u32]) -> Snapshot {
    let mut from = Source(numbers.iter());
    let namespaces = vec![namespace(&mut from)];
    let count = from.one_of(&[1, 1, 2, 3, 5]);
    let listeners = (0..count).map(|index| {
        let mut listener = listener(8_080 + index, &mut from);
        // One whose namespace has gone.
        listener.namespace = from.one_of(&[NAMESPACE, NAMESPACE, NAMESPACE, 7]);
        listener
    });
    let mut snapshot = snapshot(listeners.collect(), namespaces);
    snapshot.effort.walk_interval_seconds = 1.75;
    snapshot
}

/// Snapshots of up to five listeners in a namespace.
pub(crate) fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    vec(any::<u32>(), 900).prop_map(|numbers| made(&numbers))
}
