//! Figures that change although nothing happens.
//!
//! A record of an hour has 3,600 lines. Listeners that wait for clients would take most of it
//! if the age of a walk, or a thread that woke up for a millisecond, were a change.

use watch_record::{WatchedListener, WatchedNamespace, WatchedProcess};

/// The listener as it is recorded: without what earlier lines have, and with the figures of
/// `before`, its last line, that changed although nothing happened.
pub(crate) fn recorded_listener(
    listener: &WatchedListener,
    before: Option<&WatchedListener>,
) -> WatchedListener {
    let mut new = WatchedListener { seconds: Vec::new(), ..listener.clone() };
    for process in &mut new.processes {
        process.cpu_share = process.cpu_share.map(rounded);
        process.run_delay_share = process.run_delay_share.map(rounded);
    }
    if let Some(counts) = &mut new.connections {
        counts.age_seconds = rounded(counts.age_seconds);
        counts.oldest_not_accepted_seconds = counts.oldest_not_accepted_seconds.map(rounded);
        counts.close_wait_growth_seconds = rounded(counts.close_wait_growth_seconds);
        counts.accepted_per_second_at_least = counts.accepted_per_second_at_least.map(rounded);
    }
    let Some(before) = before.filter(|before| is_calm(&new) && is_calm(before)) else {
        return new;
    };
    if let (Some(counts), Some(known)) = (&mut new.connections, &before.connections) {
        let known = *known;
        counts.age_seconds = known.age_seconds;
        counts.close_wait_growth_seconds = known.close_wait_growth_seconds;
    }
    for process in &mut new.processes {
        let known = before.processes.iter().find(|known| known.pid == process.pid);
        if let Some(known) = known.filter(|known| is_alike(process, known)) {
            process.cpu_share = known.cpu_share;
            process.run_delay_share = known.run_delay_share;
            process.activity.clone_from(&known.activity);
        }
    }
    new
}

/// Nothing waits, nothing is lost, nothing is wrong.
fn is_calm(listener: &WatchedListener) -> bool {
    let waiting = listener.connections.is_some_and(|counts| {
        counts.not_accepted > 0 || counts.syn_recv > 0 || counts.close_wait > 0
    });
    listener.depth == 0
        && listener.drops_last_second == 0
        && listener.troubles.is_empty()
        && !waiting
}

/// Whether a process does what it did.
fn is_alike(now: &WatchedProcess, before: &WatchedProcess) -> bool {
    let near = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < 0.05,
        (one, other) => one.is_some() == other.is_some(),
    };
    let threads = |process: &WatchedProcess| {
        let activity = process.activity.as_ref();
        activity.map(|it| (it.threads, it.stopped, it.uninterruptible, it.frozen))
    };
    near(now.cpu_share, before.cpu_share)
        && near(now.run_delay_share, before.run_delay_share)
        && threads(now) == threads(before)
}

/// The namespace as it is recorded: its counters are, and the lines before have what they were.
pub(crate) fn recorded_namespace(namespace: &WatchedNamespace) -> WatchedNamespace {
    WatchedNamespace {
        counters_last_second: Default::default(),
        counters_interval_seconds: 0.0,
        ..namespace.clone()
    }
}

/// With three decimals: what is below is not a measurement.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
