//! Listeners that do not exist: a source that moves, for a look at the screen and its tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use watch_record::{
    ConnectionCounts, DepthChange, Effort, History, LimitFrom, ListenerDetails, Peak,
    PeerConnection, PortUsage, ProcessActivity, Second, Severity, Snapshot, Trouble, TroubleKind,
    Unseen, WatchedListener, WatchedNamespace, WatchedProcess, WatchedSysctls,
};
use watch_screen::Source;

/// Moves four times a second.
pub(crate) struct Moving {
    start: Instant,
    listeners: usize,
    selected: Mutex<Option<u64>>,
    latest: Mutex<(u64, Arc<Snapshot>)>,
}

impl Moving {
    /// A source with this many listeners.
    pub(crate) fn new(listeners: usize) -> Self {
        Self {
            start: Instant::now(),
            listeners,
            selected: Mutex::default(),
            latest: Mutex::new((0, Arc::new(snapshot(listeners, 0.0)))),
        }
    }

    fn quarter(&self) -> u64 {
        (self.start.elapsed().as_secs_f64() * 4.0) as u64
    }
}

impl Source for Moving {
    fn snapshot(&self) -> Arc<Snapshot> {
        let quarter = self.quarter();
        let mut latest = self.latest.lock().unwrap();
        if latest.0 != quarter {
            *latest = (quarter, Arc::new(snapshot(self.listeners, quarter as f64 / 4.0)));
        }
        Arc::clone(&latest.1)
    }

    fn select(&self, listener: Option<u64>) {
        *self.selected.lock().unwrap() = listener;
    }

    fn details(&self) -> Option<Arc<ListenerDetails>> {
        let id = (*self.selected.lock().unwrap())?;
        Some(Arc::new(details(id, self.quarter() as f64 / 4.0)))
    }
}

const NAMES: [&str; 8] =
    ["nginx", "redis-server", "chat-server", "java", "gunicorn", "postgres", "node", "haproxy"];

/// All listeners after this time, those in most trouble first.
pub(crate) fn snapshot(listeners: usize, seconds: f64) -> Snapshot {
    let mut listeners: Vec<_> = (0..listeners as u64).map(|id| listener(id, seconds)).collect();
    let worst =
        |listener: &WatchedListener| listener.troubles.iter().map(|trouble| trouble.severity).max();
    listeners.sort_by_key(|listener| std::cmp::Reverse(worst(listener)));
    let moved = (seconds * 40.0) as u64;
    Snapshot {
        drops_of_gone: 0,
        at: "2026-11-30T12:00:00Z".into(),
        watched_seconds: seconds,
        effort: Effort {
            interval_seconds: 0.01,
            achieved_interval_seconds: 0.0105,
            looks: (seconds * 95.0) as u64,
            missed_looks: (seconds * 0.2) as u64,
            walks: seconds as u64,
            walk_cost_seconds: 0.0034,
            walk_interval_seconds: 1.0,
            cpu_share: 0.009,
            recent_cpu_share: 0.0112,
            max_cpu_share: 0.02,
        },
        listeners,
        namespaces: vec![
            WatchedNamespace {
                inode: 4_026_531_840,
                is_own: true,
                name: None,
                container: None,
                process: Some((1, "systemd".into())),
                sysctls: sysctls(4096),
                counters: [
                    ("ListenDrops", moved),
                    ("ListenOverflows", moved),
                    ("TCPReqQFullDoCookies", 12),
                    ("TCPTimeouts", 3),
                ]
                .map(|(name, change)| (name.to_owned(), change))
                .into(),
                counters_last_second: [("ListenDrops", 40), ("ListenOverflows", 40)]
                    .map(|(name, change)| (name.to_owned(), change))
                    .into(),
                counters_interval_seconds: 1.0,
                drops_of_closed: 0,
                busiest_destination: Some(PortUsage {
                    destination: "10.0.0.9:5432".parse().unwrap(),
                    ports: 1_200,
                    in_time_wait: 1_100,
                    range: 28_232,
                }),
                troubles: vec![],
            },
            WatchedNamespace {
                inode: 4_026_532_281,
                is_own: false,
                name: Some("blue".into()),
                container: Some("web-1".into()),
                process: Some((4_711, "node".into())),
                sysctls: sysctls(128),
                counters: BTreeMap::new(),
                counters_last_second: BTreeMap::new(),
                counters_interval_seconds: 1.0,
                drops_of_closed: 0,
                busiest_destination: None,
                troubles: vec![],
            },
        ],
        unseen: vec![Unseen {
            what: "Processes of other users".into(),
            why: "Their files in /proc cannot be read without CAP_SYS_PTRACE: start the watch as \
                  root to see which process has each socket."
                .into(),
        }],
    }
}

fn sysctls(somaxconn: u32) -> WatchedSysctls {
    WatchedSysctls {
        somaxconn: Some(somaxconn),
        tcp_max_syn_backlog: Some(1024),
        tcp_syncookies: Some(1),
        tcp_abort_on_overflow: Some(0),
        ip_local_port_range: Some((32_768, 60_999)),
    }
}

/// A depth that moves, and is full from time to time for the first few.
fn depth(id: u64, limit: u32, seconds: f64) -> u32 {
    let wave = (seconds / 9.0 + id as f64).sin().max(0.0);
    match id {
        0 => limit + 1,
        1 => (wave * f64::from(limit + 20)).min(f64::from(limit + 1)) as u32,
        2..6 => (wave * 4.0) as u32,
        _ => 0,
    }
}

fn limit(id: u64) -> u32 {
    [128, 511, 4096, 100, 5, 128][(id % 6) as usize]
}

fn listener(id: u64, seconds: f64) -> WatchedListener {
    let limit = limit(id);
    let depth_now = depth(id, limit, seconds);
    let drops = if id == 0 { (seconds * 40.0) as u64 } else { u64::from(id == 1) * 17 };
    let second = |ago: u64| {
        let at = (seconds.floor() - ago as f64).max(0.0);
        Second {
            deepest: depth(id, limit, at),
            looks: if ago == 40 && id == 2 { 0 } else { 95 },
            drops: if id == 0 && ago < 30 { 40 } else { 0 },
            was_full: false,
        }
    };
    let seconds_kept = (seconds as u64).min(60);
    let is_shared = id == 7;
    WatchedListener {
        id,
        address: match id % 4 {
            0 => format!("0.0.0.0:{}", 80 + id).parse().unwrap(),
            1 => format!("127.0.0.1:{}", 6_379 + id).parse().unwrap(),
            2 => format!("[::]:{}", 8_000 + id).parse().unwrap(),
            _ => format!("192.168.178.20:{}", 9_000 + id).parse().unwrap(),
        },
        namespace: if id % 5 == 4 { 4_026_532_281 } else { 4_026_531_840 },
        processes: match id {
            6 => vec![],
            _ => (0..=u32::from(id.is_multiple_of(3)) * 3).map(|n| process(id, n)).collect(),
        },
        container: (id % 5 == 4).then(|| "web-1".into()),
        processes_are_known: true,
        limit,
        limit_from: if id % 6 == 2 { LimitFrom::Somaxconn } else { LimitFrom::Backlog },
        depth: depth_now,
        peak: Peak { seen: depth_now.max(2), was_full: id < 2 },
        peak_last_minute: Peak { seen: depth_now, was_full: id == 0 },
        drops_total: (id != 5).then_some(drops as u32),
        drops_watched: drops,
        drops_last_second: if id == 0 { 40 } else { 0 },
        connections: (id != 9).then(|| ConnectionCounts {
            age_seconds: 0.4,
            syn_recv: if id == 0 { 37 } else { 0 },
            not_accepted: depth_now,
            oldest_not_accepted_seconds: (depth_now > 0).then_some(seconds + 0.3),
            established: (id * 13 % 97) as u32,
            close_wait: if id == 4 { (seconds * 2.0) as u32 } else { 0 },
            close_wait_not_accepted: 0,
            time_wait: (id * 31 % 211) as u32,
            closing: 0,
            accepted_per_second_at_least: Some(12.5),
            close_wait_growth: if id == 4 { (seconds * 2.0) as i64 } else { 0 },
            close_wait_growth_seconds: seconds.min(60.0),
            close_wait_only_grew: true,
        }),
        sharing_address: if is_shared { 4 } else { 1 },
        seconds: (0..seconds_kept).rev().map(second).collect(),
        troubles: troubles(id, limit, seconds),
    }
}

fn process(id: u64, n: u32) -> WatchedProcess {
    let name = NAMES[(id % 8) as usize];
    WatchedProcess {
        pid: 1_000 + id as u32 * 10 + n,
        name: name.into(),
        command: vec![format!("/usr/sbin/{name}"), "-g".into(), "daemon off;".into()],
        activity: Some(ProcessActivity {
            threads: 1,
            stopped: u32::from(id == 0),
            sleeping: u32::from(id != 0),
            waits_in: vec!["ep_poll".into()],
            ..ProcessActivity::default()
        }),
        open_files: Some(if id == 3 { 1_020 } else { 40 }),
        max_open_files: Some(1_024),
        cpu_share: Some(0.03),
        run_delay_share: Some(0.001),
    }
}

fn troubles(id: u64, limit: u32, seconds: f64) -> Vec<Trouble> {
    let trouble = |kind, severity, text: String, advice: &str| Trouble {
        kind,
        severity,
        text,
        advice: advice.to_owned(),
    };
    match id {
        0 => vec![trouble(
            TroubleKind::Stopped,
            Severity::Critical,
            format!(
                "The process is stopped by a signal, {} connections wait (the queue is full), and \
                 40 a second are dropped.",
                limit + 1
            ),
            "Continue it with `kill -CONT 1000`.",
        )],
        1 => vec![trouble(
            TroubleKind::AcceptsTooSlowly,
            Severity::Warning,
            "Connections arrive faster than they are accepted: 12.5 a second are accepted, 30 \
             arrive."
                .into(),
            "Accept in more threads, or raise the backlog for bursts.",
        )],
        3 => vec![trouble(
            TroubleKind::FilesNearLimit,
            Severity::Warning,
            "The process has 1020 of 1024 files open: accept(2) fails with EMFILE at the limit."
                .into(),
            "Raise its limit (LimitNOFILE of the service), or look for files that it never closes.",
        )],
        4 => vec![trouble(
            TroubleKind::CloseWaitGrows,
            Severity::Notice,
            format!(
                "Connections in CLOSE_WAIT have grown by {} in a minute: the clients closed them, \
                 the process did not.",
                (seconds * 2.0) as u64
            ),
            "Look for connections that the program never closes.",
        )],
        _ => vec![],
    }
}

/// The details of a listener after this time.
pub(crate) fn details(id: u64, seconds: f64) -> ListenerDetails {
    let step = 0.05;
    let first = (seconds - 60.0).max(0.0);
    let steps = ((seconds - first) / step) as u64;
    let ns = |seconds: f64| (seconds * 1e9) as u64 + 1_000_000_000;
    let changes: Vec<DepthChange> = (0..=steps)
        .map(|number| first + number as f64 * step)
        .map(|at| DepthChange {
            at_ns: ns(at),
            after_ns: ns(at).saturating_sub(10_000_000),
            depth: depth(id, limit(id), at),
            drops: if id == 0 && seconds - at < 30.0 { (at * 40.0) as u64 } else { 0 },
        })
        .collect();
    ListenerDetails {
        id,
        history: History {
            changes,
            last_look_ns: ns(seconds),
            longest_gap_ns: 31_000_000,
            discarded: 0,
        },
        connections: (0..50).map(connection).collect(),
        omitted_connections: 12,
        connections_age_seconds: Some(0.7),
    }
}

fn connection(number: u32) -> PeerConnection {
    let is_accepted = number >= 10;
    PeerConnection {
        peer: format!("198.18.{}.{}:{}", number % 3, number % 7 + 1, 40_000 + number)
            .parse()
            .unwrap(),
        state: ["ESTAB", "CLOSE-WAIT", "SYN-RECV"][(number % 3) as usize].into(),
        is_accepted,
        unread_bytes: number * 517,
        unacknowledged_bytes: 0,
        round_trip_seconds: Some(0.00012 * f64::from(number + 1)),
        retransmits: Some(number / 20),
        last_sent_seconds: Some(f64::from(number) * 0.7),
        last_received_seconds: Some(f64::from(number) * 0.4),
    }
}
