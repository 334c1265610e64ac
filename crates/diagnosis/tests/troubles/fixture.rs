//! A snapshot of a healthy listener, and what is wrong with it after a change.

use diagnosis::find_troubles;
use watch_record::{
    ConnectionCounts, Effort, LimitFrom, Peak, ProcessActivity, Second, Severity, Snapshot,
    Trouble, TroubleKind, WatchedListener, WatchedNamespace, WatchedProcess, WatchedSysctls,
};

/// The namespace of the fixtures.
pub(crate) const NAMESPACE: u64 = 4026531840;

/// A listener on this port with limit 5, an empty queue and one sleeping process.
pub(crate) fn healthy(port: u16) -> WatchedListener {
    WatchedListener {
        id: port.into(),
        address: ([0, 0, 0, 0], port).into(),
        namespace: NAMESPACE,
        processes: vec![process("server", 42, &["/opt/server"])],
        container: None,
        processes_are_known: true,
        limit: 5,
        limit_from: LimitFrom::Backlog,
        depth: 0,
        peak: Peak::default(),
        peak_last_minute: Peak::default(),
        drops_total: Some(0),
        drops_watched: 0,
        drops_last_second: 0,
        connections: Some(ConnectionCounts {
            age_seconds: 0.5,
            established: 20,
            accepted_per_second_at_least: Some(0.0),
            close_wait_growth_seconds: 30.0,
            ..ConnectionCounts::default()
        }),
        sharing_address: 1,
        seconds: vec![Second { looks: 100, ..Second::default() }; 60],
        troubles: Vec::new(),
    }
}

/// A process that waits for events.
pub(crate) fn process(name: &str, pid: u32, command: &[&str]) -> WatchedProcess {
    WatchedProcess {
        pid,
        name: name.to_owned(),
        command: command.iter().map(|&part| part.to_owned()).collect(),
        activity: Some(ProcessActivity {
            threads: 1,
            sleeping: 1,
            waits_in: vec!["do_epoll_wait".to_owned()],
            ..ProcessActivity::default()
        }),
        open_files: Some(30),
        max_open_files: Some(1024),
        cpu_share: Some(0.01),
        run_delay_share: Some(0.001),
    }
}

/// The activity of a process whose only thread is stopped.
pub(crate) fn stopped() -> Option<ProcessActivity> {
    Some(ProcessActivity { threads: 1, stopped: 1, ..ProcessActivity::default() })
}

/// A namespace in which nothing happened.
pub(crate) fn quiet() -> WatchedNamespace {
    WatchedNamespace {
        inode: NAMESPACE,
        is_own: true,
        name: None,
        container: None,
        process: None,
        sysctls: WatchedSysctls {
            somaxconn: Some(4096),
            tcp_max_syn_backlog: Some(1024),
            tcp_syncookies: Some(1),
            tcp_abort_on_overflow: Some(0),
            ip_local_port_range: Some((32768, 60999)),
        },
        counters: [("Tcp.InSegs".to_owned(), 7)].into(),
        counters_last_second: [].into(),
        counters_interval_seconds: 1.25,
        busiest_destination: None,
        drops_of_closed: 0,
        troubles: Vec::new(),
    }
}

/// A snapshot of these.
pub(crate) fn snapshot(
    listeners: Vec<WatchedListener>,
    namespaces: Vec<WatchedNamespace>,
) -> Snapshot {
    Snapshot {
        drops_of_gone: 0,
        at: "2026-11-30T12:00:00Z".to_owned(),
        watched_seconds: 90.0,
        effort: Effort { walk_interval_seconds: 1.0, ..Effort::default() },
        listeners,
        namespaces,
        unseen: Vec::new(),
    }
}

/// Counts events of a counter, in the last second and before.
pub(crate) fn count(namespace: &mut WatchedNamespace, name: &str, last: u64, before: u64) {
    namespace.counters.insert(name.to_owned(), last + before);
    if last > 0 {
        namespace.counters_last_second.insert(name.to_owned(), last);
    }
}

/// The connections of a listener.
pub(crate) fn connections(listener: &mut WatchedListener) -> &mut ConnectionCounts {
    listener.connections.get_or_insert_default()
}

/// Makes connections wait, the oldest for so long when they were counted.
pub(crate) fn wait(listener: &mut WatchedListener, depth: u32, oldest: f64) {
    listener.depth = depth;
    listener.peak.seen = depth;
    listener.peak_last_minute.seen = depth;
    connections(listener).not_accepted = depth;
    let counts = connections(listener);
    counts.oldest_not_accepted_seconds = Some(oldest + counts.age_seconds);
}

/// Makes it drop in the last second, for a full queue.
pub(crate) fn overflow(listener: &mut WatchedListener, drops: u64) {
    listener.drops_watched += drops;
    listener.drops_last_second = drops;
    listener.drops_total = Some(listener.drops_watched as u32);
    listener.peak.was_full = true;
    listener.peak_last_minute.was_full = true;
    let last = listener.seconds.last_mut().unwrap();
    *last = Second { was_full: true, drops, deepest: listener.depth, ..*last };
}

/// What is wrong with a changed listener, and with its changed namespace.
pub(crate) fn found(
    change: impl FnOnce(&mut WatchedListener, &mut WatchedNamespace),
) -> (Vec<Trouble>, Vec<Trouble>) {
    let (mut listener, mut namespace) = (healthy(80), quiet());
    change(&mut listener, &mut namespace);
    let mut snapshot = snapshot(vec![listener], vec![namespace]);
    find_troubles(&mut snapshot);
    (snapshot.listeners.remove(0).troubles, snapshot.namespaces.remove(0).troubles)
}

/// What is wrong with a changed listener.
pub(crate) fn troubles(change: impl FnOnce(&mut WatchedListener)) -> Vec<Trouble> {
    found(|listener, _| change(listener)).0
}

/// The kinds of troubles.
pub(crate) fn kinds(troubles: &[Trouble]) -> Vec<TroubleKind> {
    troubles.iter().map(|trouble| trouble.kind).collect()
}

/// Text and advice of the trouble of a kind, with plain spaces.
pub(crate) fn words(troubles: &[Trouble], kind: TroubleKind) -> (Severity, String, String) {
    let trouble = troubles.iter().find(|trouble| trouble.kind == kind);
    let trouble = trouble.unwrap_or_else(|| panic!("no {kind:?} in {troubles:#?}"));
    let plain = |text: &str| text.replace('\u{a0}', " ");
    (trouble.severity, plain(&trouble.text), plain(&trouble.advice))
}
