//! For any evidence, each figure of a sentence is one of the evidence, and no two sentences
//! contradict each other.

use std::collections::BTreeSet;

use diagnosis::find_troubles;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use watch_record::Severity::Critical;
use watch_record::TroubleKind::{
    AcceptsTooSlowly, ClampedBySomaxconn, CloseWaitGrows, CookiesSent, Dropped, FilesNearLimit,
    NotAccepting, PortsInUse, QueueFull, Stopped, SynQueueFull,
};
use watch_record::{Snapshot, Trouble, WatchedListener, WatchedNamespace};

use crate::arbitrary::any_snapshot;
use crate::fixture::kinds;

/// A number with groups of three digits.
fn grouped(number: impl Into<i128>) -> String {
    let digits = number.into().to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    let groups = groups.iter().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join("\u{a0}")
}

/// A time, as sentences write it.
fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 9.995 => format!("{s:.1}\u{a0}s"),
        s if s >= 0.9995 => format!("{s:.2}\u{a0}s"),
        s if s >= 0.009_995 => format!("{:.0}\u{a0}ms", s * 1e3),
        s if s >= 0.000_999_5 => format!("{:.2}\u{a0}ms", s * 1e3),
        s => format!("{:.0}\u{a0}µs", s * 1e6),
    }
}

/// Words with digits that are no figures of the evidence.
const CONSTANTS: [&str; 10] = [
    "ipv4",
    "(2)",
    "0 in cgroup.freeze",
    "on kernels before 2025",
    "of the last 5 seconds",
    "less than 1 a second",
    "tcp_syncookies=1",
    "for 60\u{a0}s after a close",
    "listen 80 backlog=N",
    "198.18.0.1:443",
];

/// What a text may say with figures of a namespace.
fn of_namespace(namespace: &WatchedNamespace) -> Vec<String> {
    let mut said = vec![format!("in {}", time(namespace.counters_interval_seconds))];
    said.push(format!("in the last {}", time(namespace.counters_interval_seconds)));
    for (name, word) in [
        ("TCPReqQFullDrop", "SYN"),
        ("TCPReqQFullDrop", "drop"),
        ("SyncookiesSent", "SYN"),
        ("SyncookiesRecv", "ACK"),
    ] {
        let name = format!("TcpExt.{name}");
        let last = namespace.counters_last_second.get(&name).copied().unwrap_or(0);
        let all = namespace.counters.get(&name).copied().unwrap_or(0);
        for count in [last, all] {
            said.push(format!("{} {word}", grouped(count)));
            let seconds = time(namespace.counters_interval_seconds);
            said.push(format!("namespace, {} in {seconds}", grouped(count)));
        }
        said.push(format!("of {} sent", grouped(all)));
    }
    for name in ["TcpExt.ListenDrops", "TcpExt.ListenOverflows", "TcpExt.TCPReqQFullDrop"] {
        let last = namespace.counters_last_second.get(name).copied().unwrap_or(0);
        said.push(format!("{name} {}", grouped(last)));
    }
    let sysctls = namespace.sysctls;
    if let Some(mode) = sysctls.tcp_syncookies {
        said.push(format!("tcp_syncookies {mode}"));
        said.push(format!("tcp_syncookies is {mode}:"));
    }
    if let Some(value) = sysctls.tcp_abort_on_overflow {
        said.push(format!("tcp_abort_on_overflow {value}"));
    }
    if let Some(value) = sysctls.somaxconn {
        said.push(format!("somaxconn ({})", grouped(value)));
        said.push(format!("to {}, which the next", grouped(value)));
    }
    if let Some(max) = sysctls.tcp_max_syn_backlog.map(i128::from) {
        let room = max - max.div_euclid(4) + 1;
        said.push(format!("({max}) and one more, {}", grouped(room)));
    }
    if let Some(usage) = &namespace.busiest_destination {
        let (ports, range) = (grouped(usage.ports), grouped(usage.range));
        said.push(format!("use {ports} of the {range} ports"));
        said.push(format!("{} of them in TIME_WAIT", grouped(usage.in_time_wait)));
    }
    said
}

/// What a text may say with figures of the processes of a listener.
fn of_processes(listener: &WatchedListener) -> Vec<String> {
    let mut said: Vec<_> =
        listener.processes.iter().map(|process| process.pid.to_string()).collect();
    let all = listener.processes.len();
    for count in 1..=all {
        said.push(format!("{count} of {all} processes"));
        said.push(format!("{count} of {all} visible processes"));
        said.push(format!("of which {count} by"));
    }
    said.push(format!("All {all} visible processes"));

    // Of five processes, or of five functions.
    said.extend([1, 2].map(|count| format!("{count} more")));
    for process in &listener.processes {
        if let (Some(open), Some(max)) = (process.open_files, process.max_open_files) {
            let (open, max) = (grouped(open), grouped(max));
            said.push(format!("{open} open files, and its limit is {max} "));
            said.push(format!("{open} of at most {max} open files"));
        }
        if let Some(share) = process.cpu_share {
            said.push(format!("used {:.0}\u{a0}% of a CPU", share * 100.0));
        }
        if let Some(share) = process.run_delay_share {
            said.push(format!("for {:.0}\u{a0}% of the time", share.min(1.0) * 100.0));
            said.push(format!("{} together", time(share)));
        }
        if let Some(activity) = &process.activity {
            for count in [activity.running, activity.uninterruptible, activity.stopped] {
                said.push(format!("in {count} of {} threads", activity.threads));
            }
        }
    }
    said
}

/// What a text may say with figures of the connections of a listener.
fn of_connections(listener: &WatchedListener) -> Vec<String> {
    let Some(connections) = &listener.connections else {
        return Vec::new();
    };
    let accepted =
        i128::from(connections.close_wait) - i128::from(connections.close_wait_not_accepted);
    let mut said = vec![
        format!("{} accepted connection", grouped(accepted.max(0))),
        format!("{} of those not accepted", grouped(connections.close_wait_not_accepted)),
        format!("counted {} ago", time(connections.age_seconds)),
        format!("{} half-open connection", grouped(connections.syn_recv)),
        format!(
            "{} more than {} before",
            grouped(connections.close_wait_growth.max(0)),
            time(connections.close_wait_growth_seconds)
        ),
        "about a second or more".to_owned(),
    ];
    if let Some(oldest) = connections.oldest_not_accepted_seconds {
        let waited = (oldest - connections.age_seconds).max(0.0);
        said.push(format!("for at least {}", time(waited)));
    }
    if let Some(pace) = connections.accepted_per_second_at_least {
        said.push(format!("at least {} connection", pace.floor()));
    }
    said
}

/// What a text may say with figures of a listener.
fn of_listener(listener: &WatchedListener) -> Vec<String> {
    let limit = grouped(listener.limit);
    let holds = grouped(i128::from(listener.limit) + 1);
    let total = i128::from(listener.drops_total.unwrap_or(0));
    let mut said = vec![
        format!("{} connection", grouped(listener.depth)),
        format!("with its limit of {limit}, min"),
        format!("it holds {holds} connection"),
        format!("with its limit of {limit} it holds {holds} ({limit} "),
        format!("limit of its queues, {limit}, is"),
        format!("{} segment", grouped(listener.drops_last_second as i128)),
        format!("{} segment", grouped(listener.drops_watched as i128)),
        format!("had dropped {}.", grouped(total - listener.drops_watched as i128)),
        format!("of {holds} were seen"),
        format!("at most {} connection", grouped(listener.peak_last_minute.seen)),
        format!("all {} listeners", listener.sharing_address),
    ];
    if listener.processes.iter().any(|process| ["nginx", "redis-server"].contains(&&*process.name))
    {
        said.extend(
            ["passes 511 to", "passes 511:", "at least 511, and"].map(|words| words.to_owned()),
        );
    }
    let seconds = listener.seconds.iter().rev().take(5);
    let full = seconds.filter(|second| second.was_full || second.deepest > listener.limit);
    said.push(format!("was full in {} ", full.count()));
    said.extend(of_processes(listener));
    said.extend(of_connections(listener));
    said
}

/// The digits of a text that none of these accounts for.
fn unaccounted(text: &str, said: &[String]) -> Option<String> {
    let mut rest = text.to_owned();
    let mut said: Vec<&str> = said.iter().map(String::as_str).chain(CONSTANTS).collect();
    // Longer ones first: what is in another one must not break it.
    said.sort_by_key(|words| std::cmp::Reverse(words.len()));
    for words in said {
        rest = rest.replace(words, "…");
    }
    rest.contains(|c: char| c.is_ascii_digit()).then_some(rest)
}

fn bad_figure(snapshot: &Snapshot) -> Option<String> {
    let addresses = snapshot.listeners.iter().map(|listener| listener.address.to_string());
    let addresses: Vec<_> = addresses.collect();
    let namespaces = snapshot.namespaces.iter();
    let of_namespaces: Vec<_> = namespaces.clone().flat_map(of_namespace).collect();
    let common = [addresses, of_namespaces].concat();
    let in_namespaces = namespaces.flat_map(|namespace| &namespace.troubles);
    let mut of_namespaces =
        in_namespaces.map(|trouble| (trouble, common.clone())).collect::<Vec<_>>();
    for listener in &snapshot.listeners {
        let said = [common.clone(), of_listener(listener)].concat();
        of_namespaces.extend(listener.troubles.iter().map(|trouble| (trouble, said.clone())));
    }
    of_namespaces.iter().find_map(|(trouble, said)| {
        let rest = [&trouble.text, &trouble.advice].iter().find_map(|it| unaccounted(it, said))?;
        Some(format!("{rest}\n{trouble:#?}"))
    })
}

fn bad_words(trouble: &Trouble) -> Option<String> {
    let Trouble { text, advice, .. } = trouble;
    let is_sentence = |text: &str| text.ends_with('.') && text == text.trim();
    let is_said = is_sentence(text) && (advice.is_empty() || is_sentence(advice));
    let slips = ["  ", "()", " ,", " .", "..", ",,"];
    let slips = slips.iter().chain(&["NaN", "inf ", "None", "Some("]);
    let slip = slips.clone().find(|slip| text.contains(**slip) || advice.contains(**slip));
    (!is_said || slip.is_some()).then(|| format!("{slip:?} in {trouble:#?}"))
}

/// Two troubles of a listener, or a trouble and the evidence, that contradict each other.
fn contradiction(listener: &WatchedListener) -> Option<&'static str> {
    let troubles = &listener.troubles;
    let kinds = kinds(troubles);
    let has = |kind| kinds.contains(&kind);
    let of = |kind| troubles.iter().find(|trouble| trouble.kind == kind);
    let says = |kind, words: &str| of(kind).is_some_and(|trouble| trouble.text.contains(words));
    let advises = |words: &str| troubles.iter().any(|trouble| trouble.advice.contains(words));
    let unique: BTreeSet<_> = kinds.iter().collect();
    let stopped = |process: &watch_record::WatchedProcess| {
        process.activity.as_ref().is_some_and(|it| it.frozen || it.stopped == it.threads)
    };
    let all_stopped = !listener.processes.is_empty() && listener.processes.iter().all(stopped);
    let pace = listener.connections.and_then(|it| it.accepted_per_second_at_least);
    let is_full_now = says(QueueFull, "queue is full") || says(QueueFull, "in the last second:");
    let is_critical = troubles.iter().any(|trouble| trouble.severity == Critical);
    let contradictions = [
        (unique.len() < kinds.len(), "a kind twice"),
        (!troubles.is_sorted_by_key(|it| std::cmp::Reverse(it.severity)), "not sorted"),
        (has(NotAccepting) && has(AcceptsTooSlowly), "accepts and does not"),
        (all_stopped && (has(NotAccepting) || has(AcceptsTooSlowly)), "stopped and another cause"),
        (has(NotAccepting) && pace != Some(0.0), "accepts were seen"),
        (has(AcceptsTooSlowly) && pace.is_none_or(|pace| pace <= 0.0), "no accept was seen"),
        (has(SynQueueFull) && has(CookiesSent), "one SYN queue twice"),
        (is_full_now && has(Dropped), "a known reason and none"),
        (is_critical && listener.drops_last_second == 0, "critical without a loss"),
        (has(CloseWaitGrows) && (has(NotAccepting) || all_stopped), "a consequence as a cause"),
        (advises("would only let more") && advises("more room"), "a larger backlog, and none"),
        (advises("under a steady load") && advises("bursts more room"), "the same twice"),
        (has(ClampedBySomaxconn) && advises("gives bursts more room"), "the limit twice"),
    ];
    contradictions.iter().find_map(|&(holds, what)| holds.then_some(what))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn figures_are_of_the_evidence_and_sentences_agree(mut snapshot in any_snapshot()) {
        find_troubles(&mut snapshot);
        if let Some(bad) = bad_figure(&snapshot) {
            prop_assert!(false, "{bad}");
        }
        for listener in &snapshot.listeners {
            if let Some(what) = contradiction(listener) {
                prop_assert!(false, "{what}: {listener:#?}");
            }
        }
        let troubles = snapshot.listeners.iter().flat_map(|listener| &listener.troubles);
        for trouble in troubles.chain(snapshot.namespaces.iter().flat_map(|it| &it.troubles)) {
            if let Some(bad) = bad_words(trouble) {
                prop_assert!(false, "{bad}");
            }
        }
        let before = snapshot.clone();
        find_troubles(&mut snapshot);
        prop_assert_eq!(snapshot, before, "found again");
    }
}

/// The test above is about every kind, and each severity that it can have.
#[test]
fn the_snapshots_reach_every_kind() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = BTreeSet::new();
    for _ in 0..3000 {
        let mut snapshot = any_snapshot().new_tree(&mut runner).unwrap().current();
        find_troubles(&mut snapshot);
        let troubles = snapshot.listeners.iter().flat_map(|listener| &listener.troubles);
        let troubles = troubles.chain(snapshot.namespaces.iter().flat_map(|it| &it.troubles));
        reached.extend(troubles.map(|trouble| (trouble.kind, trouble.severity)));
    }
    let kinds: BTreeSet<_> = reached.iter().map(|(kind, _)| *kind).collect();
    let all = [
        Stopped,
        NotAccepting,
        AcceptsTooSlowly,
        QueueFull,
        ClampedBySomaxconn,
        FilesNearLimit,
        SynQueueFull,
        CookiesSent,
        CloseWaitGrows,
        Dropped,
        PortsInUse,
    ];
    assert_eq!(kinds, all.into());
    for kind in [Stopped, NotAccepting, QueueFull, ClampedBySomaxconn, FilesNearLimit] {
        assert!(reached.contains(&(kind, Critical)), "{kind:?}");
    }
}
