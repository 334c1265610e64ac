//! Who waited for SYN retransmissions, and for how long: each attempt's own
//! count of them (TCP_INFO) explains the steps in its connect latency.

use std::collections::BTreeMap;
use std::time::Duration;

use run_record::{Outcome, TrialRecord};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::peaker::Priority;
use tabled::settings::{Alignment, Style, Width};

use run_view::Run;
use run_view::TrialView;
use run_view::combinations;
use run_view::number::{count, total, value};
use run_view::prose::{WIDTH, wrapped};

/// Cells that are told one by one at most.
const CELLS_SHOWN: usize = 16;

/// How those ended that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Ok,
    GaveUp,
    NotOk,
    /// Some so and some so, and the record does not tell which.
    Either,
}

/// The retransmissions of all attempts that made any, and of each cell's; none
/// where nobody had to.
pub(crate) fn waits(run: &Run) -> Option<String> {
    let mut groups: BTreeMap<(u32, Option<Duration>, End), u64> = BTreeMap::new();
    for trial in &run.trials {
        let ladder = TrialView::new(&run.record, trial).ladder();
        for (retransmits, end, attempts) in ends(trial) {
            let at = ladder.as_ref().and_then(|ladder| {
                ladder.retransmits.get(retransmits.checked_sub(1)? as usize).copied()
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
        text += &format!("\n  {}", line(retransmits, at, end, attempts));
    }
    if run.trials.iter().any(|trial| trial.rates.messages_written > 0) {
        let note = "The rates are over the time from the first message written to the last one read \
                    or delivered: where a client chatted only after a retransmission, its wait is in \
                    them, and lowers them.";
        text += &format!("\n{}", wrapped(note, "  ", "  "));
    }
    text.extend(by_cell(run).map(|table| format!("\n{table}")));
    Some(text)
}

fn line(retransmits: u32, at: Option<Duration>, end: End, attempts: u64) -> String {
    let who = match attempts {
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
        End::Ok => format!("{who} waited {times}{waited}, and ended ok"),
        End::GaveUp => format!("{who} gave up after {times}{last}"),
        End::NotOk => format!("{who} made {times}{last}, and did not end ok"),
        End::Either => format!("{who} made {times}{last}; some ended ok"),
    }
}

/// A trial's attempts by their retransmissions, where there were any, and by
/// how they ended.
fn ends(trial: &TrialRecord) -> Vec<(u32, End, u64)> {
    let waited = total(trial.syn_retransmits.range(1..).map(|(_, &attempts)| attempts));
    let ok = trial.outcomes.get(Outcome::Ok).saturating_sub(trial.ok_first_try).min(waited);
    let mut not_ok = waited - ok;
    let outcome = |outcome| trial.outcomes.get(outcome);
    let told_apart = [Outcome::Ok, Outcome::TimedOut, Outcome::NoPort];
    let others = trial.attempts.saturating_sub(total(told_apart.into_iter().map(outcome)));
    let vain = if others == 0 { End::GaveUp } else { End::NotOk };
    let rungs = trial.syn_retransmits.range(1..).filter(|&(_, &attempts)| attempts > 0);
    let undecided = others > 0 && ok > 0 && not_ok > 0 && rungs.clone().count() > 1;
    let mut ends = Vec::new();
    // Who gave up had sent all that the time allowed: the highest rungs.
    for (&retransmits, &attempts) in rungs.rev() {
        if undecided {
            ends.push((retransmits, End::Either, attempts));
            continue;
        }
        let in_vain = attempts.min(not_ok);
        not_ok -= in_vain;
        ends.extend((in_vain > 0).then_some((retransmits, vain, in_vain)));
        ends.extend((attempts > in_vain).then_some((retransmits, End::Ok, attempts - in_vain)));
    }
    ends
}

/// A row for each cell: its attempts by their retransmissions.
fn by_cell(run: &Run) -> Option<String> {
    let axes = run.varying_axes();
    let points = combinations(&axes);
    let rungs = run.trials.iter().flat_map(|trial| trial.syn_retransmits.keys());
    // No kernel sends a SYN more often; a file may say so, and would get a column
    // for each.
    let most = rungs.max().copied()?.min(u8::MAX.into());
    if !(2..=CELLS_SHOWN).contains(&points.len()) {
        return None;
    }
    let mut builder = Builder::default();
    let names = axes.iter().map(|axis| run.axis_name(&axis.path).to_owned());
    let rungs = (1..=most).map(|rung| rung.to_string());
    builder.push_record(names.chain(["0 retransmissions".to_owned()]).chain(rungs));
    for point in &points {
        let attempts = (0..=most).map(|rung| {
            let of = |trial: &TrialRecord| trial.syn_retransmits.get(&rung).copied().unwrap_or(0);
            count(total(run.trials_at(point).map(of)))
        });
        builder.push_record(point.iter().map(|(_, at)| value(at)).chain(attempts));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
    table.with(Width::wrap(WIDTH).keep_words(true).priority(Priority::max(true)));
    Some(table.to_string())
}
