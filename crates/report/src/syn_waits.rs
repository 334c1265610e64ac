//! The attempts that waited for SYN retransmissions, and how long: each attempt's count of
//! them (TCP_INFO) explains the steps in the connect latency.

use std::collections::BTreeMap;
use std::time::Duration;

use run_record::Outcome;

use crate::document::Block;
use crate::table::Table;
use run_view::Cell;
use run_view::Run;
use run_view::Trial;
use run_view::TrialView;
use run_view::number::{count, total};

/// A matrix with more cells has no table.
const MAX_CELLS: usize = 16;

/// How attempts ended that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Ok,
    GaveUp,
    NotOk,
    /// Some ok and some not; the record does not say which.
    Mixed,
}

/// The SYN retransmissions of all attempts and of each cell; `None` if there were none.
pub(crate) fn syn_waits(run: &Run) -> Option<Vec<Block>> {
    let mut groups: BTreeMap<(u32, Option<Duration>, End), u64> = BTreeMap::new();
    for trial in &run.trials {
        let syn_retry = TrialView::new(&run.record, trial).syn_retry();
        for (retransmits, end, attempts) in ends(trial) {
            let at = syn_retry.as_ref().and_then(|retry| {
                retry.retransmits.get(retransmits.checked_sub(1)? as usize).copied()
            });
            let group = groups.entry((retransmits, at, end)).or_default();
            *group = group.saturating_add(attempts);
        }
    }
    if groups.is_empty() {
        return None;
    }
    let mut text =
        "Waiting for SYN retransmissions (each attempt's TCP_INFO; times nominal)".to_owned();
    for ((retransmits, at, end), attempts) in groups {
        text += &format!("\n  {}", describe(retransmits, at, end, attempts));
    }
    let mut blocks = vec![Block::Preformatted(text)];
    if run.trials.iter().any(|trial| trial.rates.messages_written > 0) {
        blocks.push(Block::caption(
            "Rates cover the time from the first message written to the last one read or \
             delivered: a client that chatted only after a retransmission lowers them by its wait.",
        ));
    }
    blocks.extend(table_of_cells(run).map(Block::Table));
    Some(blocks)
}

fn describe(retransmits: u32, at: Option<Duration>, end: End, attempts: u64) -> String {
    let subject = match attempts {
        1 => "1 attempt".to_owned(),
        n => format!("{} attempts", count(n)),
    };
    let times = match retransmits {
        1 => "one SYN retransmission".to_owned(),
        n => format!("{n} SYN retransmissions"),
    };
    let at = at.map(|at| format!("{:.1} s", at.as_secs_f64()));
    let waited = at.as_ref().map_or(String::new(), |at| format!(" ({at})"));
    let last = at.map_or(String::new(), |at| match retransmits {
        1 => format!(" (sent at {at})"),
        _ => format!(" (the last at {at})"),
    });
    match end {
        End::Ok => format!("{subject} waited {times}{waited}, and ended ok"),
        End::GaveUp => format!("{subject} gave up after {times}{last}"),
        End::NotOk => format!("{subject} made {times}{last}, and did not end ok"),
        End::Mixed => format!("{subject} made {times}{last}; some ended ok"),
    }
}

/// A trial's attempts with retransmissions, by their number and how the attempts ended.
fn ends(trial: &Trial) -> Vec<(u32, End, u64)> {
    let waited = trial.retransmitting_attempts();
    let ok = trial.outcomes.get(Outcome::Ok).saturating_sub(trial.ok_first_try).min(waited);
    let mut not_ok = waited - ok;
    let outcome = |outcome| trial.outcomes.get(outcome);
    let known = [Outcome::Ok, Outcome::TimedOut, Outcome::NoPort];
    let others = trial.attempts.saturating_sub(total(known.into_iter().map(outcome)));
    let failed = if others == 0 { End::GaveUp } else { End::NotOk };
    let counts = trial.syn_retransmits.range(1..).filter(|&(_, &attempts)| attempts > 0);
    let is_ambiguous = others > 0 && ok > 0 && not_ok > 0 && counts.clone().count() > 1;
    let mut ends = Vec::new();
    // Attempts that gave up have made the most retransmissions.
    for (&retransmits, &attempts) in counts.rev() {
        if is_ambiguous {
            ends.push((retransmits, End::Mixed, attempts));
            continue;
        }
        let failures = attempts.min(not_ok);
        not_ok -= failures;
        ends.extend((failures > 0).then_some((retransmits, failed, failures)));
        ends.extend((attempts > failures).then_some((retransmits, End::Ok, attempts - failures)));
    }
    ends
}

/// A row for each cell: its attempts by their number of retransmissions.
fn table_of_cells(run: &Run) -> Option<Table> {
    let axes = run.varying_axes();
    let counts = run.trials.iter().flat_map(|trial| trial.syn_retransmits.keys());
    // No kernel sends more; a damaged file with a larger number does not get more columns.
    let most = counts.max().copied()?.min(u8::MAX.into());
    if !(2..=MAX_CELLS).contains(&Cell::count(run)) {
        return None;
    }
    let names = axes.iter().map(|axis| run.axis_name(&axis.path).to_owned());
    let counts = (1..=most).map(|count| count.to_string());
    let head = names.chain(["0 retransmissions".to_owned()]).chain(counts).collect();
    let cells = Cell::all(run);
    let rows = cells.iter().map(|cell| {
        let attempts = (0..=most).map(|retransmits| {
            let of = |trial: &Trial| trial.syn_retransmits.get(&retransmits).copied().unwrap_or(0);
            count(total(cell.trials.iter().copied().map(of)))
        });
        cell.values().chain(attempts).collect()
    });
    Some(Table { head, rows: rows.collect(), keys: axes.len(), ..Table::default() })
}
