//! Snapshots as a watch could take them.

use std::collections::BTreeMap;

use watch_metrics::{Exporter, Format};
use watch_record::{
    ConnectionCounts, Effort, LimitFrom, Peak, PortUsage, Severity, Snapshot, Trouble, TroubleKind,
    Unseen, WatchedListener, WatchedNamespace, WatchedProcess, WatchedSysctls,
};

use crate::openmetrics::{Samples, parse};

/// The inode of the namespace of [`listener`].
pub(crate) const OWN: u64 = 4_026_531_840;

/// The samples of one scrape.
pub(crate) fn scrape(snapshot: Snapshot) -> Samples {
    parse(&Exporter::new(move || snapshot.clone()).text(Format::OpenMetrics))
}

pub(crate) fn snapshot(listeners: Vec<WatchedListener>) -> Snapshot {
    Snapshot {
        drops_of_gone: 0,
        at: "2026-11-30T12:00:00Z".to_owned(),
        watched_seconds: 61.5,
        effort: Effort {
            interval_seconds: 0.01,
            achieved_interval_seconds: 0.0125,
            looks: 4_920,
            missed_looks: 7,
            walks: 60,
            walk_cost_seconds: 0.001,
            walk_interval_seconds: 1.0,
            cpu_share: 0.011,
            recent_cpu_share: 0.012,
            max_cpu_share: 0.02,
        },
        listeners,
        namespaces: vec![namespace(OWN)],
        unseen: Vec::new(),
    }
}

/// A namespace of the watch itself, if its inode is [`OWN`].
pub(crate) fn namespace(inode: u64) -> WatchedNamespace {
    WatchedNamespace {
        inode,
        is_own: inode == OWN,
        name: None,
        container: None,
        process: None,
        sysctls: WatchedSysctls::default(),
        counters: BTreeMap::new(),
        counters_last_second: BTreeMap::new(),
        counters_interval_seconds: 1.0,
        drops_of_closed: 0,
        busiest_destination: None,
        troubles: Vec::new(),
    }
}

/// An idle listener with a limit of 5 and no process.
pub(crate) fn listener(id: u64, address: &str) -> WatchedListener {
    WatchedListener {
        id,
        address: address.parse().unwrap(),
        namespace: OWN,
        processes: Vec::new(),
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
        connections: None,
        sharing_address: 1,
        seconds: Vec::new(),
        troubles: Vec::new(),
    }
}

/// The same after this many drops.
pub(crate) fn with_drops(id: u64, address: &str, drops: u64) -> WatchedListener {
    let drops_total = Some(drops as u32);
    WatchedListener { drops_watched: drops, drops_total, ..listener(id, address) }
}

pub(crate) fn process(pid: u32, name: &str) -> WatchedProcess {
    WatchedProcess {
        pid,
        name: name.to_owned(),
        command: vec![name.to_owned()],
        activity: None,
        open_files: None,
        max_open_files: None,
        cpu_share: None,
        run_delay_share: None,
    }
}

pub(crate) fn trouble(kind: TroubleKind, severity: Severity) -> Trouble {
    Trouble { kind, severity, text: "It waits.".to_owned(), advice: String::new() }
}

/// A snapshot in which everything has a value.
pub(crate) fn everything() -> Snapshot {
    let files = |pid, open, limit| WatchedProcess {
        open_files: Some(open),
        max_open_files: Some(limit),
        ..process(pid, "nginx")
    };
    let full = WatchedListener {
        processes: vec![files(10, 100, 1024), files(11, 900, 1000), process(12, "nginx")],
        container: Some("web".to_owned()),
        depth: 6,
        peak_last_minute: Peak { seen: 6, was_full: true },
        connections: Some(ConnectionCounts {
            age_seconds: 0.5,
            syn_recv: 2,
            not_accepted: 6,
            oldest_not_accepted_seconds: Some(3.25),
            established: 40,
            close_wait: 4,
            close_wait_not_accepted: 1,
            time_wait: 9,
            ..ConnectionCounts::default()
        }),
        troubles: vec![
            trouble(TroubleKind::QueueFull, Severity::Critical),
            trouble(TroubleKind::AcceptsTooSlowly, Severity::Warning),
        ],
        ..with_drops(1, "0.0.0.0:80", 17)
    };
    let mut snapshot = snapshot(vec![full]);
    snapshot.namespaces[0] = WatchedNamespace {
        container: Some("web".to_owned()),
        sysctls: WatchedSysctls {
            somaxconn: Some(4096),
            tcp_max_syn_backlog: Some(1024),
            tcp_syncookies: Some(1),
            ..WatchedSysctls::default()
        },
        counters: BTreeMap::from([("TcpExt.ListenDrops".to_owned(), 17)]),
        busiest_destination: Some(PortUsage {
            destination: "198.18.0.1:5432".parse().unwrap(),
            ports: 28_000,
            in_time_wait: 27_000,
            range: 28_232,
        }),
        troubles: vec![trouble(TroubleKind::PortsInUse, Severity::Notice)],
        ..namespace(OWN)
    };
    snapshot.unseen = vec![Unseen { what: "x".to_owned(), why: "y".to_owned() }];
    snapshot
}
