//! How much of a whole run is not the kernel's.

use std::path::Path;

use run_record::{AttemptRow, Outcome, RunDirectory, RunDirectoryError};

use crate::error::{BenchError, Result};
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::program::Runs;
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "sweep",
    summary: "the whole backlog-sweep, three times: time outside waits that the kernel imposes",
    rounds: 1,
    contestants,
    measure,
    figures,
};

const PROGRAM: &str = "queuelab run backlog-sweep";
const SCENARIO: &str = "backlog-sweep";

/// The kernel's first retransmission of a SYN, and with `tcp_syn_linear_timeouts` each of the
/// next ones (TCP_TIMEOUT_INIT).
const SYN_NS: u64 = 1_000_000_000;

/// The shortest time after which the kernel retransmits data (TCP_RTO_MIN).
const DATA_NS: u64 = 200_000_000;

fn contestants(_: &Options) -> Vec<String> {
    vec![PROGRAM.to_owned()]
}

fn measure(bench: &Bench<'_>, _: &str) -> Result<Values> {
    let runs = Runs::new()?;
    let arguments = bench.options.scale([SCENARIO, "--repeat=3"], [SCENARIO, "--quick"]);
    let took = runs.time(bench.program()?, &arguments)?;
    let path = runs.only(SCENARIO)?;
    let (imposed, loads) = times_of(&path).map_err(|error| BenchError::Program {
        what: format!("read the run {}", path.display()),
        reason: error.to_string(),
    })?;
    Ok(Values::from([
        (Quantity::Seconds, took.as_secs_f64()),
        (Quantity::ImposedSeconds, imposed),
        (Quantity::LoadSeconds, loads),
    ]))
}

/// The time in which at least one attempt of the run waited for the kernel, and that of the loads
/// and waits of all trials, which run one after the other.
fn times_of(run: &Path) -> std::result::Result<(f64, f64), RunDirectoryError> {
    let (_, trials) = RunDirectory::read(run)?;
    let loads = trials.iter().map(|trial| trial.duration_seconds - trial.overhead_seconds).sum();
    let mut waits = Vec::new();
    for trial in &trials {
        let rows = RunDirectory::read_attempts(run, trial.execution_id())?;
        waits.extend(rows.into_iter().flatten().filter_map(|row| wait(&row)));
    }
    Ok((covered_ns(waits) as f64 / 1e9, loads))
}

/// When an attempt waited for a timer of the kernel, nanoseconds: for the retransmission of a SYN
/// that was dropped, or, once established, for that of data, because the ACK was dropped.
fn wait(row: &AttemptRow) -> Option<(u64, u64)> {
    let Some(connected_ns) = row.connect_ns.map(|took| row.start_ns + took) else {
        let waits = row.outcome == Outcome::TimedOut;
        return waits.then_some((row.start_ns, row.end_ns));
    };
    let retransmits = u64::from(row.syn_retransmits.unwrap_or(0));
    let syn = (row.start_ns, connected_ns.min(row.start_ns + retransmits * SYN_NS));
    let accepted = row.accepted_ns.unwrap_or(row.end_ns);
    let end = if accepted >= connected_ns + DATA_NS { accepted } else { syn.1 };
    (end > syn.0).then_some((syn.0, end))
}

/// The length of what at least one of these intervals covers.
fn covered_ns(mut intervals: Vec<(u64, u64)>) -> u64 {
    intervals.sort_unstable();
    let mut covered = 0;
    let mut until = 0;
    for (from, to) in intervals {
        covered += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    covered
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let took = results.values(PROGRAM, Quantity::Seconds);
    let outside = |quantity| {
        let inside = results.values(PROGRAM, quantity);
        took.iter().zip(inside).map(|(took, inside)| 1.0 - inside / took).collect()
    };
    let imposed = "backlog-sweep × 3: time outside waits that the kernel imposes ÷ all";
    let loads = "backlog-sweep × 3: time outside the loads and waits of its trials ÷ all";
    vec![
        Figure::new(imposed, Unit::Share, outside(Quantity::ImposedSeconds))
            .with_goal(Goal::AtMost(0.2)),
        Figure::new(loads, Unit::Share, outside(Quantity::LoadSeconds)),
        Figure::new("backlog-sweep × 3: all", Unit::Seconds, took),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Times in milliseconds from its start at 10 s.
    fn row(
        outcome: Outcome,
        retransmits: u32,
        connect: Option<u64>,
        accepted: Option<u64>,
        end: u64,
    ) -> AttemptRow {
        let start_ns = 10_000 * MS;
        AttemptRow {
            connect_ns: connect.map(|after| after * MS),
            accepted_ns: accepted.map(|after| start_ns + after * MS),
            syn_retransmits: Some(retransmits),
            ..AttemptRow::new(outcome, start_ns, start_ns + end * MS)
        }
    }

    #[test]
    fn an_attempt_waits_for_dropped_segments_only() {
        for (row, expected) in [
            (row(Outcome::Ok, 0, Some(1), Some(2), 90), None),
            // A SYN was dropped; the time after its retransmission is the lab's.
            (row(Outcome::Ok, 1, Some(1040), Some(1041), 1100), Some((0, 1000))),
            (row(Outcome::Ok, 2, Some(2001), Some(2001), 2100), Some((0, 2000))),
            (row(Outcome::TimedOut, 1, None, None, 2000), Some((0, 2000))),
            // Its ACK was dropped.
            (row(Outcome::Ok, 0, Some(1), Some(230), 300), Some((0, 230))),
            (row(Outcome::Phantom, 0, Some(1), None, 900), Some((0, 900))),
            (row(Outcome::Refused, 0, None, None, 5), None),
        ] {
            let from_start = |ns: u64| ns / MS - 10_000;
            let found = wait(&row).map(|(from, to)| (from_start(from), from_start(to)));
            assert_eq!(found, expected, "{row:?}");
        }
    }

    #[test]
    fn waits_at_the_same_time_count_once() {
        assert_eq!(covered_ns(Vec::new()), 0);
        assert_eq!(covered_ns(vec![(5, 9), (0, 3), (2, 4), (6, 7), (8, 10), (20, 21)]), 4 + 5 + 1);
    }
}
