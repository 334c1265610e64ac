//! Outcomes, the worst connect latency, counters and errors.

use std::collections::{BTreeMap, BTreeSet};

use linux_net::Counter;
use run_record::{ClosedBecause, EndedBy, Outcome};

use crate::bounds::MAX_COLUMNS;
use crate::table::Table;
use run_view::Cell;
use run_view::Run;
use run_view::Trial;
use run_view::combinations;
use run_view::number::{count, nanoseconds, total};

/// Counters that are shown even if they are 0, because that answers a question.
const SERVER_COUNTERS: &[Counter] =
    &[Counter::ListenOverflows, Counter::ListenDrops, Counter::TcpReqQFullDrop];
const CLIENT_COUNTERS: &[Counter] =
    &[Counter::TcpSynRetrans, Counter::TcpTimeouts, Counter::AttemptFails];

/// Counters that are shown if they changed.
const SERVER_COUNTERS_IF_CHANGED: &[Counter] = &[
    Counter::TcpReqQFullDoCookies,
    Counter::SyncookiesSent,
    Counter::SyncookiesRecv,
    Counter::SyncookiesFailed,
    Counter::EmbryonicRsts,
    Counter::TcpDeferAcceptDrop,
    Counter::TcpTimeWaitOverflow,
    Counter::TcpAbortOnData,
    Counter::TcpAbortOnClose,
    Counter::TcpBacklogDrop,
    Counter::RetransSegs,
    Counter::OutRsts,
];
const CLIENT_COUNTERS_IF_CHANGED: &[Counter] = &[
    Counter::RetransSegs,
    Counter::OutRsts,
    Counter::TcpAbortOnData,
    Counter::TcpAbortOnClose,
    Counter::TwRecycled,
];

/// Every counter that a summary can show.
pub fn counters_shown() -> impl Iterator<Item = &'static str> {
    [SERVER_COUNTERS, SERVER_COUNTERS_IF_CHANGED, CLIENT_COUNTERS, CLIENT_COUNTERS_IF_CHANGED]
        .into_iter()
        .flatten()
        .map(|counter| counter.name())
}

/// The slowest connect and its cell; `None` if nothing connected.
pub(crate) fn worst_connect(run: &Run) -> Option<String> {
    let worst = run
        .trials
        .iter()
        .filter(|trial| trial.connect_latency.count > 0)
        .max_by_key(|trial| trial.connect_latency.max_ns)?;
    Some(format!(
        "Worst connect latency: {} ({}).",
        nanoseconds(worst.connect_latency.max_ns as f64),
        run.place(worst)
    ))
}

/// The outcomes of all attempts.
pub(crate) fn outcomes(run: &Run) -> String {
    let all = total(run.trials.iter().map(|trial| trial.attempts));
    let outcomes: Vec<_> = Outcome::ALL
        .iter()
        .map(|&outcome| {
            (outcome, total(run.trials.iter().map(|trial| trial.outcomes.get(outcome))))
        })
        .filter(|&(_, attempts)| attempts > 0)
        .map(|(outcome, attempts)| format!("{} {outcome}", count(attempts)))
        .collect();
    format!(
        "{} attempts in {} {}: {}.",
        count(all),
        count(run.trials.len() as i64),
        if run.trials.len() == 1 { "trial" } else { "trials" },
        outcomes.join(", ")
    )
}

/// The kernel's counters, summed over the trials of each combination of the axes before
/// the last two.
pub(crate) fn counter_table(run: &Run) -> Option<Table> {
    if run.trials.is_empty() {
        return None;
    }
    let axes = run.varying_axes();
    let outer = if axes.len() > 2 { &axes[..axes.len() - 2] } else { &[] };
    let columns = outer.iter().map(|axis| axis.values.len()).fold(1, usize::saturating_mul);
    let splits = combinations(if columns > MAX_COLUMNS { &[] } else { outer });
    let headings = splits.iter().map(|split| match split.is_empty() {
        true => "all trials".to_owned(),
        false => run.describe_point(split.iter().copied()),
    });
    let head = ["host".to_owned(), "counter".to_owned()].into_iter().chain(headings);
    // The cells of a split follow each other.
    let cells_of_split = (Cell::count(run) / splits.len()).max(1);
    let numbers: Vec<_> = run.trials.iter().map(|trial| run.number_of_cell(trial)).collect();
    let row = |(host, counter, of): (&str, Counter, CounterOf)| {
        let mut sums = vec![0; splits.len()];
        for (trial, cell) in run.trials.iter().zip(&numbers) {
            if let Some(sum) = cell.and_then(|cell| sums.get_mut(cell / cells_of_split)) {
                *sum += i128::from(of(trial, counter));
            }
        }
        let most = run.trials.iter().map(|trial| of(trial, counter)).max().unwrap_or(0);
        let words = [host, counter.name()].map(str::to_owned).into_iter();
        words.chain(sums.into_iter().map(count)).chain([count(most)]).collect()
    };
    Some(Table {
        title: "The increase of the kernel's counters, summed over the trials".to_owned(),
        head: head.chain(["largest in a trial".to_owned()]).collect(),
        rows: shown_counters(run).into_iter().map(row).collect(),
        words: 2,
        ..Table::default()
    })
}

type CounterOf = fn(&Trial, Counter) -> i64;

fn shown_counters(run: &Run) -> Vec<(&'static str, Counter, CounterOf)> {
    let server: CounterOf = |trial, counter| trial.evidence.server.change(counter);
    let client: CounterOf = |trial, counter| trial.evidence.client.change(counter);
    let changed = |of: CounterOf, counters: &[Counter]| -> BTreeMap<&'static str, Counter> {
        let is_changed =
            |counter: &Counter| run.trials.iter().any(|trial| of(trial, *counter) != 0);
        let changed = counters.iter().copied().filter(is_changed);
        changed.map(|counter| (counter.name(), counter)).collect()
    };
    // A standalone load cannot read the server's host: its counters are unknown, not 0. In a
    // host that was read, some counter always changes.
    let is_read = |host: &str| {
        run.trials.iter().any(|trial| match host {
            "server" => trial.evidence.server.are_read(),
            _ => trial.evidence.client.are_read(),
        })
    };
    let mut shown = Vec::new();
    for (host, of, always, if_changed) in [
        ("server", server, SERVER_COUNTERS, SERVER_COUNTERS_IF_CHANGED),
        ("client", client, CLIENT_COUNTERS, CLIENT_COUNTERS_IF_CHANGED),
    ] {
        if !is_read(host) {
            continue;
        }
        shown.extend(always.iter().map(|counter| (host, *counter, of)));
        shown.extend(changed(of, if_changed).into_values().map(|counter| (host, counter, of)));
    }
    shown
}

/// What the probe read from the server's listeners: their own drops, and limits that changed;
/// `None` if there were neither.
pub(crate) fn listeners(run: &Run) -> Option<String> {
    let lines: Vec<_> = own_drops(run).into_iter().chain(changed_limits(run)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn own_drops(run: &Run) -> Option<String> {
    let of = |trial: &Trial| trial.evidence.probe.as_ref()?.drops();
    let drops: Vec<_> = run.trials.iter().filter_map(of).filter(|&drops| drops > 0).collect();
    let most = *drops.iter().max()?;
    Some(format!(
        "Segments that the server's listeners dropped themselves (sk_drops):\n  {} in {} of {} \
         trials, at most {} in one",
        count(total(drops.iter().copied())),
        drops.len(),
        run.trials.len(),
        count(most)
    ))
}

/// The most lines about changed limits.
const MAX_LIMIT_LINES: usize = 8;

/// The limits of listeners on which listen(2) was called again; `None` if none was.
fn changed_limits(run: &Run) -> Option<String> {
    let mut changes: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    for trial in &run.trials {
        let listeners = trial.evidence.probe.iter().flat_map(|probe| &*probe.listeners);
        let changed = listeners.filter(|listener| !listener.earlier_limits.is_empty());
        let limits: BTreeSet<Vec<u32>> = changed
            .map(|listener| [listener.earlier_limits.as_slice(), &[listener.limit]].concat())
            .collect();
        for limits in limits {
            *changes.entry(limits).or_default() += 1;
        }
    }
    let all = run.trials.len();
    let line = |(limits, trials): (&Vec<u32>, &usize)| {
        let limits: Vec<_> = limits.iter().map(u32::to_string).collect();
        format!("  {}: in {trials} of {all} trials", limits.join(", then "))
    };
    let mut lines: Vec<_> = changes.iter().take(MAX_LIMIT_LINES).map(line).collect();
    if changes.len() > MAX_LIMIT_LINES {
        lines.push(format!("  and {} others", changes.len() - MAX_LIMIT_LINES));
    }
    (!lines.is_empty())
        .then(|| format!("Limits of a listener, which listen(2) changed:\n{}", lines.join("\n")))
}

/// The errors of the server; `None` if there were none.
pub(crate) fn server_errors(run: &Run) -> Option<String> {
    let mut errors: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    let mut count_error = |error: String, times: u64| {
        if times > 0 {
            let (all, trials) = errors.entry(error).or_default();
            *all = all.saturating_add(times);
            *trials += 1;
        }
    };
    for trial in &run.trials {
        if let Some(status) = &trial.server_died {
            count_error(format!("the server died of {status}"), 1);
        }
        let Some(server) = &trial.server else { continue };
        for (errno, &times) in &server.accept_errors {
            // Records before schema version 4 count threads here: a blocking accept(2) has
            // no EAGAIN.
            match errno.as_str() {
                "EAGAIN" => count_error(turned_away(errno), times),
                errno => count_error(format!("accept(2) failed with {errno}"), times),
            }
        }
        for (errno, &times) in &server.thread_errors {
            count_error(turned_away(errno), times);
        }
        for (&because, &times) in &server.closed {
            // Each is also an error of its thread.
            if because != ClosedBecause::NoThread {
                count_error(given_up(because), times);
            }
        }
        count_error(
            "a message was dropped for a client whose queue was full (drop_message)".to_owned(),
            server.dropped,
        );
        count_error(
            "a client's stream ended with a malformed header".to_owned(),
            server.protocol_errors,
        );
    }
    let lines: Vec<_> = errors
        .into_iter()
        .map(|(error, (times, trials))| {
            format!("  {error}: {} times, in {trials} of {} trials", count(times), run.trials.len())
        })
        .collect();
    (!lines.is_empty()).then(|| format!("Errors of the server:\n{}", lines.join("\n")))
}

fn given_up(because: ClosedBecause) -> String {
    let reason = match because {
        ClosedBecause::MaxClients => "as many clients as possible were served",
        ClosedBecause::NoThread => "its thread could not be started",
        ClosedBecause::NoMemory => "there was no memory for its messages",
        ClosedBecause::FrameTimeout => "it did not complete a message in time",
        ClosedBecause::IdleTimeout => "it was silent for too long",
        ClosedBecause::WriteTimeout => "it did not read for too long",
        ClosedBecause::QueueFull => "its queue of messages was full",
    };
    format!("a client was closed, because {reason} ({because})")
}

fn turned_away(errno: &str) -> String {
    format!("a client was turned away, because its thread could not be started ({errno})")
}

/// Who ended the incomplete attempts, and what the clients left at the server; `None` if
/// neither is recorded or there was nothing.
pub(crate) fn unfinished(run: &Run) -> Option<String> {
    let mut by: BTreeMap<EndedBy, u64> = BTreeMap::new();
    for (&ended_by, &attempts) in run.trials.iter().flat_map(|trial| &*trial.incomplete_by) {
        let all = by.entry(ended_by).or_default();
        *all = all.saturating_add(attempts);
    }
    let by: Vec<_> = by.iter().map(|(by, n)| format!("{by} {}", count(*n))).collect();
    let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
    for (cause, &attempts) in run.trials.iter().flat_map(|trial| &*trial.incomplete_causes) {
        let all = causes.entry(cause).or_default();
        *all = all.saturating_add(attempts);
    }
    let causes: Vec<_> =
        causes.iter().map(|(cause, n)| format!("{cause}: {}", count(*n))).collect();
    let close_wait =
        |trial: &Trial| trial.evidence.left.map_or(0, |left| u64::from(left.close_wait));
    let left = total(run.trials.iter().map(close_wait));
    let trials = run.trials.iter().filter(|trial| close_wait(trial) > 0).count();
    let lines = [
        (!by.is_empty())
            .then(|| format!("Incomplete attempts, by who ended them: {}.", by.join(", "))),
        (!causes.is_empty())
            .then(|| format!("Answers that the load does not expect: {}.", causes.join(", "))),
        (left > 0).then(|| {
            format!(
                "Sockets of the server in CLOSE_WAIT after the load: {}, in {trials} of {} trials.",
                count(left),
                run.trials.len()
            )
        }),
    ];
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
