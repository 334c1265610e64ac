//! The counters of the network namespaces that moved.

use run_view::number::count;
use run_view::prose::{sentence, several};
use watch_record::WatchedNamespace;
use watch_recording::Review;

use super::words::{LONGEST_NAME, duration, place, short};
use crate::document::{Block, Section};
use crate::table::Table;

/// The namespaces whose counters are shown.
const MAX_SHOWN: usize = 40;

/// The counters of one that are shown: the kernel has about 400.
const MAX_ROWS: usize = 1_000;

/// Counters that tell of listeners and their clients come first.
const FIRST: [&str; 14] = [
    "TcpExt.ListenOverflows",
    "TcpExt.ListenDrops",
    "TcpExt.TCPReqQFullDrop",
    "TcpExt.TCPReqQFullDoCookies",
    "TcpExt.SyncookiesSent",
    "TcpExt.SyncookiesRecv",
    "TcpExt.SyncookiesFailed",
    "Tcp.PassiveOpens",
    "Tcp.ActiveOpens",
    "Tcp.AttemptFails",
    "Tcp.EstabResets",
    "Tcp.OutRsts",
    "TcpExt.TCPSynRetrans",
    "TcpExt.TCPTimeouts",
];

pub(super) fn section(review: &Review) -> Option<Section> {
    let mut section = Section::new("counters", "Counters and settings of the namespaces");
    let before_us = review.span.0;
    section.report(Block::caption(match before_us > 2_000_000 {
        true => format!(
            "What increased since the watch began, {} before the record.",
            duration(before_us)
        ),
        false => "What increased since the watch began.".to_owned(),
    }));
    let mut shown = 0;
    let all = review.namespaces.iter().map(|it| &it.namespace);
    for namespace in all.filter(|it| !it.counters.is_empty()).take(MAX_SHOWN) {
        let name = place(namespace).unwrap_or_else(|| "own network namespace".to_owned());
        let blocks = vec![Block::Facts(settings(namespace)), table(namespace).into()];
        // With one namespace there is nothing to choose.
        match review.namespaces.len() {
            1 => blocks.into_iter().for_each(|block| {
                section.report(block);
            }),
            _ => {
                section.report(Block::folded(sentence(&name), blocks));
            }
        }
        shown += 1;
    }
    (shown > 0).then_some(section)
}

fn table(namespace: &WatchedNamespace) -> Table {
    let rank = |name: &String| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len());
    let mut counters: Vec<_> = namespace.counters.iter().collect();
    counters.sort_by_key(|(name, _)| (rank(name), *name));
    let rest = counters.len().saturating_sub(MAX_ROWS);
    counters.truncate(MAX_ROWS);
    let rows = counters.into_iter().map(|(name, by)| vec![short(name, LONGEST_NAME), count(*by)]);
    let more = (rest > 0).then(|| {
        let more = several(rest as u64, "more counter");
        vec![format!("… and {more}, which seconds.jsonl has"), "·".to_owned()]
    });
    Table {
        head: ["counter", "increased by"].map(str::to_owned).into(),
        rows: rows.chain(more).collect(),
        words: 1,
        ..Table::default()
    }
}

/// The settings that decide about queues, at the last line.
fn settings(namespace: &WatchedNamespace) -> Vec<(String, String)> {
    let sysctls = &namespace.sysctls;
    let ports = sysctls.ip_local_port_range.map(|(first, last)| format!("{first} {last}"));
    let settings = [
        ("net.core.somaxconn", sysctls.somaxconn.map(|value| value.to_string())),
        ("net.ipv4.tcp_max_syn_backlog", sysctls.tcp_max_syn_backlog.map(|it| it.to_string())),
        ("net.ipv4.tcp_syncookies", sysctls.tcp_syncookies.map(|value| value.to_string())),
        ("net.ipv4.tcp_abort_on_overflow", sysctls.tcp_abort_on_overflow.map(|it| it.to_string())),
        ("net.ipv4.ip_local_port_range", ports),
    ];
    let value = |value: Option<String>| value.unwrap_or_else(|| "not readable".to_owned());
    settings.into_iter().map(|(name, found)| (name.to_owned(), value(found))).collect()
}
