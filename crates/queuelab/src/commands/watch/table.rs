//! The listeners as a table.

use report::Table;
use run_view::number::percent;
use run_view::prose::{several, wrap_to};
use run_view::{Emphasis, Printable, Screen};
use watch_record::{
    LimitFrom, Severity, Snapshot, Trouble, WatchedListener, WatchedNamespace, WatchedProcess,
};

/// From this width on the table has all columns.
const WIDE: usize = 100;

/// The answer, the table, what is wrong, and what could not be seen.
pub(super) fn text(snapshot: &Snapshot, for_a_time: bool, screen: Screen) -> Printable {
    let prose = |text: &str| Printable::new(&wrap_to(screen.columns, text, "", ""));
    let strong = |text: &str| {
        Printable::with(screen, Emphasis::Strong, &wrap_to(screen.columns, text, "", ""))
    };
    let mut parts = vec![strong(&answer(snapshot, for_a_time))];
    if !snapshot.listeners.is_empty() {
        parts.push(table(snapshot, for_a_time, screen).text(screen));
    }
    parts.extend(troubles(snapshot).map(|(subject, trouble)| {
        let text = format!("{subject}: {} {}", trouble.text, trouble.advice);
        let marked = match trouble.severity {
            Severity::Critical => Emphasis::Bad,
            Severity::Warning => Emphasis::Warning,
            Severity::Notice => return prose(text.trim_end()),
        };
        Printable::with(screen, marked, &wrap_to(screen.columns, text.trim_end(), "", ""))
    }));
    parts.extend(counters(snapshot).map(|text| prose(&text)));
    parts.extend(snapshot.unseen.iter().map(|unseen| {
        prose(&format!("Not seen: {}, because {}.", unseen.what, unseen.why.trim_end_matches('.')))
    }));
    parts.push(prose(&effort(snapshot, for_a_time)));
    Printable::joined(parts, "\n\n")
}

fn answer(snapshot: &Snapshot, for_a_time: bool) -> String {
    let listeners = snapshot.listeners.len() as u64;
    if listeners == 0 {
        return "No listener is visible.".to_owned();
    }
    let in_trouble = |listener: &&WatchedListener| {
        listener.troubles.iter().any(|trouble| trouble.severity > Severity::Notice)
    };
    let troubled = snapshot.listeners.iter().filter(in_trouble).count() as u64;
    let trouble = match troubled {
        0 => format!("{}, none of them in trouble.", several(listeners, "listener")),
        1 => format!("{}, 1 of them in trouble.", several(listeners, "listener")),
        _ => format!("{}, {troubled} of them in trouble.", several(listeners, "listener")),
    };
    let drops = snapshot.drops_watched();
    match (for_a_time, drops) {
        (false, _) => trouble,
        (true, 0) => format!("{trouble} None dropped a connection while it was watched."),
        (true, _) => {
            let droppers =
                snapshot.listeners.iter().filter(|it| it.drops_watched > 0).count() as u64;
            let of_closed = snapshot.namespaces.iter().any(|it| it.drops_of_closed > 0);
            let closed = if of_closed { ", some of a listener that has closed" } else { "" };
            format!(
                "{trouble} {} dropped {} while it was watched{closed}.",
                several(droppers, "listener"),
                several(drops, "segment"),
            )
        }
    }
}

/// What is wrong, with its listener or namespace.
fn troubles(snapshot: &Snapshot) -> impl Iterator<Item = (String, &Trouble)> {
    let of_listeners = snapshot.listeners.iter().flat_map(|listener| {
        let name = processes(&listener.processes);
        listener.troubles.iter().map(move |it| (format!("{} ({name})", listener.address), it))
    });
    let of_namespaces = snapshot
        .namespaces
        .iter()
        .flat_map(|namespace| namespace.troubles.iter().map(move |it| (place(namespace), it)));
    of_listeners.chain(of_namespaces)
}

/// The counters of queues that moved.
fn counters(snapshot: &Snapshot) -> impl Iterator<Item = String> {
    const OF_QUEUES: [&str; 8] = [
        "TcpExt.ListenOverflows",
        "TcpExt.ListenDrops",
        "TcpExt.TCPReqQFullDrop",
        "TcpExt.TCPReqQFullDoCookies",
        "TcpExt.SyncookiesSent",
        "TcpExt.SyncookiesFailed",
        "TcpExt.TCPAbortOnMemory",
        "TcpExt.TCPTimeWaitOverflow",
    ];
    snapshot.namespaces.iter().filter_map(|namespace| {
        let moved = OF_QUEUES.iter().filter_map(|name| {
            let by = namespace.counters.get(*name)?;
            Some(format!("{} {by}", name.trim_start_matches("TcpExt.")))
        });
        let moved: Vec<_> = moved.collect();
        let text = format!("Counters of {} that moved: {}.", place(namespace), moved.join(", "));
        (!moved.is_empty()).then_some(text)
    })
}

fn effort(snapshot: &Snapshot, for_a_time: bool) -> String {
    let effort = &snapshot.effort;
    if !for_a_time {
        return "One look; a queue may be deeper between two. With `--for 5s` it is watched."
            .to_owned();
    }
    format!(
        "Watched for {:.1} s: {} at the listeners ({} missed), every {:.0} ms; {} of all \
         connections; {} % of one CPU.",
        snapshot.watched_seconds,
        several(effort.looks, "look"),
        effort.missed_looks,
        effort.achieved_interval_seconds * 1e3,
        several(effort.walks, "list"),
        percent(effort.cpu_share),
    )
}

fn table(snapshot: &Snapshot, for_a_time: bool, screen: Screen) -> Table {
    let is_wide = screen.widest_table >= WIDE;
    let has_others = snapshot.namespaces.iter().any(|namespace| !namespace.is_own);
    let shows = |column: &Column| match column.shown {
        Shown::Always => true,
        Shown::InWide => is_wide,
        Shown::WithOtherNamespaces => has_others,
        Shown::OfAWatch => for_a_time,
        Shown::OfALook => is_wide || !for_a_time,
    };
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| shows(column)).collect();
    let words = columns.iter().filter(|column| column.is_word).count();
    let row = |listener: &WatchedListener| {
        columns.iter().map(|column| (column.text)(listener, snapshot)).collect()
    };
    let emphasis = |(row, listener): (usize, &WatchedListener)| {
        let worst = listener.troubles.iter().map(|trouble| trouble.severity).max()?;
        let emphasis = match worst {
            Severity::Critical => Emphasis::Bad,
            Severity::Warning => Emphasis::Warning,
            Severity::Notice => return None,
        };
        Some(((row, 0), emphasis))
    };
    Table {
        title: "Listeners".to_owned(),
        head: columns.iter().map(|column| column.head.to_owned()).collect(),
        rows: snapshot.listeners.iter().map(row).collect(),
        words,
        keys: 1,
        emphasis: snapshot.listeners.iter().enumerate().filter_map(emphasis).collect(),
    }
}

/// A column of the table.
struct Column {
    head: &'static str,
    is_word: bool,
    shown: Shown,
    text: fn(&WatchedListener, &Snapshot) -> String,
}

/// When a column is shown.
#[derive(Clone, Copy)]
enum Shown {
    Always,
    /// If there is room.
    InWide,
    /// If listeners of other namespaces are shown.
    WithOtherNamespaces,
    /// If the listeners were watched for a time.
    OfAWatch,
    /// If they were looked at once, or there is room.
    OfALook,
}

impl Column {
    const fn word(
        head: &'static str,
        shown: Shown,
        text: fn(&WatchedListener, &Snapshot) -> String,
    ) -> Self {
        Self { head, is_word: true, shown, text }
    }

    const fn number(
        head: &'static str,
        shown: Shown,
        text: fn(&WatchedListener, &Snapshot) -> String,
    ) -> Self {
        Self { head, is_word: false, shown, text }
    }
}

const COLUMNS: [Column; 14] = [
    Column::word("listener", Shown::Always, |listener, _| listener.address.to_string()),
    Column::word("process", Shown::Always, |listener, _| processes_or_why(listener)),
    Column::word("netns", Shown::WithOtherNamespaces, |listener, snapshot| {
        let is_it = |namespace: &&WatchedNamespace| namespace.inode == listener.namespace;
        snapshot.namespaces.iter().find(is_it).map(short_place).unwrap_or_default()
    }),
    Column::number("queued", Shown::Always, |listener, _| listener.depth.to_string()),
    Column::number("peak", Shown::OfAWatch, |listener, _| {
        listener.peak.depth(listener.limit).to_string()
    }),
    Column::number("limit", Shown::Always, |listener, _| limit(listener)),
    Column::number("dropped", Shown::OfAWatch, |it, _| it.drops_watched.to_string()),
    Column::number("dropped ever", Shown::OfALook, |listener, _| {
        listener.drops_total.map_or_else(unknown, |drops| drops.to_string())
    }),
    Column::number("SYN_RECV", Shown::InWide, |it, _| count(it, |it| it.syn_recv.to_string())),
    Column::number("not accepted", Shown::InWide, |listener, _| {
        count(listener, |counts| counts.not_accepted.to_string())
    }),
    Column::number("oldest", Shown::Always, |listener, _| {
        count(listener, |counts| match counts.oldest_not_accepted_seconds {
            Some(seconds) => format!("{seconds:.1} s"),
            None => "–".to_owned(),
        })
    }),
    Column::number("accepted", Shown::InWide, |it, _| count(it, |it| it.established.to_string())),
    Column::number("CLOSE_WAIT", Shown::InWide, |it, _| count(it, |it| it.close_wait.to_string())),
    Column::number("TIME_WAIT", Shown::InWide, |it, _| count(it, |it| it.time_wait.to_string())),
];

fn unknown() -> String {
    "?".to_owned()
}

fn count(
    listener: &WatchedListener,
    text: impl Fn(&watch_record::ConnectionCounts) -> String,
) -> String {
    listener.connections.as_ref().map_or_else(unknown, text)
}

fn limit(listener: &WatchedListener) -> String {
    match listener.limit_from {
        LimitFrom::Somaxconn => format!("{} (somaxconn)", listener.limit),
        _ => listener.limit.to_string(),
    }
}

fn processes_or_why(listener: &WatchedListener) -> String {
    match (listener.processes.is_empty(), listener.processes_are_known) {
        (false, _) => processes(&listener.processes),
        (true, true) => "not visible".to_owned(),
        (true, false) => unknown(),
    }
}

fn processes(processes: &[WatchedProcess]) -> String {
    match processes {
        [] => "process not visible".to_owned(),
        [one] => format!("{} {}", one.name, one.pid),
        [first, rest @ ..] => format!("{} {} and {} more", first.name, first.pid, rest.len()),
    }
}

fn short_place(namespace: &WatchedNamespace) -> String {
    match (namespace.is_own, &namespace.container, &namespace.name) {
        (true, _, _) => "own".to_owned(),
        (_, Some(container), _) => container.clone(),
        (_, _, Some(name)) => name.clone(),
        _ => namespace.inode.to_string(),
    }
}

fn place(namespace: &WatchedNamespace) -> String {
    match namespace.is_own {
        true => "this network namespace".to_owned(),
        false => format!("network namespace {}", short_place(namespace)),
    }
}
