//! Watches without a machine.

use std::collections::BTreeMap;
use std::path::Path;

use watch_record::{
    Changes, ConnectionCounts, DepthChange, Effort, LimitFrom, ListenerChanges, Peak, Snapshot,
    WatchedListener, WatchedNamespace, WatchedProcess, WatchedSysctls,
};
use watch_recording::{DEFAULT_LIMIT_BYTES, Recorder, WatchHeader, WatchRecord, testing};

pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) fn header() -> WatchHeader {
    testing::header(DEFAULT_LIMIT_BYTES)
}

pub(crate) fn listener(id: u64, depth: u32, drops: u64) -> WatchedListener {
    let process = WatchedProcess {
        pid: id as u32 + 100,
        name: format!("server-{id}"),
        command: vec!["server".to_owned(), "--listen".to_owned()],
        activity: None,
        open_files: Some(7),
        max_open_files: Some(1024),
        cpu_share: Some(0.0),
        run_delay_share: Some(0.0),
    };
    WatchedListener {
        id,
        address: ([127, 0, 0, 1], 8_000 + id as u16).into(),
        namespace: 1,
        processes: vec![process],
        container: None,
        processes_are_known: true,
        limit: 5,
        limit_from: LimitFrom::Backlog,
        depth,
        peak: Peak { seen: depth, was_full: false },
        peak_last_minute: Peak { seen: depth, was_full: false },
        drops_total: Some(drops as u32),
        drops_watched: drops,
        drops_last_second: 0,
        connections: Some(ConnectionCounts::default()),
        sharing_address: 1,
        seconds: Vec::new(),
        troubles: Vec::new(),
    }
}

pub(crate) fn snapshot(second: u64, listeners: Vec<WatchedListener>) -> Snapshot {
    let namespace = WatchedNamespace {
        inode: 1,
        is_own: true,
        name: None,
        container: None,
        process: None,
        sysctls: WatchedSysctls::default(),
        counters: BTreeMap::from([("Tcp.InSegs".to_owned(), second * 10)]),
        counters_last_second: BTreeMap::new(),
        counters_interval_seconds: 0.0,
        busiest_destination: None,
        drops_of_closed: 0,
        troubles: Vec::new(),
    };
    Snapshot {
        drops_of_gone: 0,
        at: format!("2026-11-30T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60),
        watched_seconds: second as f64,
        effort: Effort { looks: second * 100, interval_seconds: 0.01, ..Effort::default() },
        listeners,
        namespaces: vec![namespace],
        unseen: Vec::new(),
    }
}

/// Nothing changed up to this second.
pub(crate) fn no_changes(second: u64) -> Changes {
    let until_ns = (second + 1_000) * SECOND;
    Changes {
        began_ns: 1_000 * SECOND,
        since_ns: until_ns - SECOND,
        until_ns,
        ..Changes::default()
    }
}

/// A change of a listener in the middle of the second before.
pub(crate) fn change(second: u64, id: u64, depth: u32, drops: u64) -> Changes {
    let mut changes = no_changes(second);
    let at_ns = changes.until_ns - SECOND / 2;
    let change = DepthChange { at_ns, after_ns: at_ns - SECOND / 100, depth, drops };
    changes.listeners =
        vec![ListenerChanges { id, changes: vec![change], full_ns: vec![], is_cut: false }];
    changes
}

/// A record of three seconds.
pub(crate) fn record_three_seconds(directory: &Path) {
    let mut recorder = Recorder::create(directory, header()).unwrap();
    for second in 1..=3 {
        let now = snapshot(second, vec![listener(1, second as u32, 0), listener(2, 0, 0)]);
        recorder.append(&now, &change(second, 1, second as u32, 0)).unwrap();
    }
}

/// The snapshots of a record.
pub(crate) fn snapshots(directory: &Path) -> Vec<Snapshot> {
    let mut all = Vec::new();
    let record = WatchRecord::open(directory).unwrap();
    record.replay(|state, line| all.push(state.snapshot(line))).unwrap();
    all
}
