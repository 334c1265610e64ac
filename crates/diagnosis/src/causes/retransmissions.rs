//! Retransmitted SYNs, and connects that timed out.

use std::collections::BTreeSet;
use std::time::Duration;

use linux_net::{Counter, Sysctl};

use queue_model::syn_retry;
use queue_model::timer::TOLERANCE;
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, retransmission_times, several};
use run_view::TrialView;
use run_view::number::Spread;

/// The longest time from a SYN to its answer, not counting the timer's lateness.
const MAX_ANSWER_TIME: Duration = Duration::from_millis(200);

/// The most retransmission times that are listed.
const MAX_TIMES: usize = 7;

const LINEAR: Sysctl = Sysctl::TcpSynLinearTimeouts;
const RETRIES: Sysctl = Sysctl::TcpSynRetries;
const RETRANSMITTED: Counter = Counter::TcpSynRetrans;

/// Why connects took whole seconds, and when they timed out.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let waited = all.filter_some(|trial| trial.retransmitting_attempts() > 0);
    let gave_up = all.filter_some(|trial| trial.timed_out() > 0);
    if waited.is_none() && gave_up.is_none() {
        return None;
    }
    let lead = match &waited {
        Some(waited) if waited.sum(ok_late) > 0 => {
            "Connects that took whole seconds waited for a SYN retransmission."
        }
        Some(_) => "Clients retransmitted their SYN without success.",
        None => "Clients gave up before their first SYN retransmission.",
    };
    let sentences = [
        waited.as_ref().and_then(retransmitted),
        waited.as_ref().and_then(slowest),
        gave_up.as_ref().map(given_up),
    ];
    Some(Paragraph::cause(lead, sentences.into_iter().flatten()))
}

fn retransmitted(waited: &TrialSet<'_>) -> Option<String> {
    let attempts = waited.sum(TrialView::retransmitting_attempts);
    let ladders: BTreeSet<_> = waited
        .iter()
        .filter_map(|trial| {
            let linear = trial.client_sysctl(LINEAR).unwrap_or("0");
            Some((linear, trial.syn_retry()?.retransmits))
        })
        .collect();
    // Ladders with the same linear timeouts differ only in length: the longest contains all.
    let mut longest: Vec<_> = Vec::new();
    for (linear, ladder) in ladders {
        match longest.last_mut() {
            Some((kind, longer)) if *kind == linear => *longer = ladder,
            _ => longest.push((linear, ladder)),
        }
    }
    let mut names = [LINEAR.name()].into_iter().chain(std::iter::repeat("it"));
    let written: Vec<_> = longest
        .iter()
        .zip(&mut names)
        .map(|((linear, ladder), name)| {
            format!("after {} where {name} is {linear}", retransmission_times(ladder, MAX_TIMES))
        })
        .collect();
    Some(format!(
        "A SYN is dropped silently, so the client retransmits it by its own timer, {}: {} \
         did{} ({RETRANSMITTED} {} at the client), and {} of them ended ok.",
        words::listed(&written)?,
        several(attempts, "attempt"),
        waited.place(),
        counted(waited.sum(|trial| trial.client(RETRANSMITTED))),
        counted(waited.sum(ok_late)),
    ))
}

/// Attempts that ended ok after a retransmission.
fn ok_late(trial: &TrialView<'_>) -> u64 {
    trial
        .attempts_with(Outcome::Ok)
        .saturating_sub(trial.record.ok_first_try)
        .min(trial.retransmitting_attempts())
}

/// The slowest connect, if it waited for a retransmission.
fn slowest(waited: &TrialSet<'_>) -> Option<String> {
    let late = waited.filter_some(|trial| ok_late(trial) > 0)?;
    let slowest = late.iter().max_by_key(|trial| trial.record.connect_latency.max_ns)?;
    let took = Duration::from_nanos(slowest.record.connect_latency.max_ns);
    let ladder = slowest.syn_retry()?;
    let at = ladder.retransmits.iter().rev().find(|&&at| at <= took)?;
    let answered = took <= at.mul_f64(1.0 + TOLERANCE) + MAX_ANSWER_TIME;
    answered.then(|| {
        format!(
            "The slowest successful connect took {}: the SYN retransmitted after {} was answered.",
            words::seconds(took.as_secs_f64()),
            words::duration(*at),
        )
    })
}

fn given_up(trials: &TrialSet<'_>) -> String {
    let by_kernel = trials.filter_some(|trial| by_kernel(trial) > 0).map(|trials| {
        let nominal: BTreeSet<_> =
            trials.iter().filter_map(|trial| Some(trial.syn_retry()?.timed_out)).collect();
        let nominal: Vec<_> = nominal.into_iter().map(words::duration).collect();
        let retries = trials.sysctls(|trial| trial.client_sysctl(RETRIES));
        let when =
            words::listed(&nominal).map_or(String::new(), |at| format!(" after {at} nominal"));
        let by = format!("{RETRIES} {}", retries.unwrap_or_default());
        let measured = trials.spread(gave_up_seconds).map(|spread| match seconds_range(spread) {
            (least, most) if least == most => format!(" ({most} measured; {by})"),
            (least, most) => format!(" ({least} to {most} measured; {by})"),
        });
        let measured = measured.unwrap_or_else(|| format!(" ({by})"));
        (trials.sum(by_kernel), format!("by the kernel's ETIMEDOUT{when}{measured}"))
    });
    let by_deadline = trials.filter_some(|trial| by_deadline(trial) > 0).map(|trials| {
        let deadlines: BTreeSet<_> =
            trials.iter().filter_map(|trial| trial.duration("load.connect_deadline")).collect();
        let deadlines: Vec<_> = deadlines.into_iter().map(words::duration).collect();
        let deadlines = words::listed(&deadlines).unwrap_or_default();
        let next = next_retransmission(&trials).unwrap_or_default();
        (
            trials.sum(by_deadline),
            format!("by the load's own deadline (load.connect_deadline {deadlines}){next}"),
        )
    });
    let timed_out = several(trials.sum(TrialView::timed_out), "attempt");
    let how = match (by_kernel, by_deadline) {
        (Some((kernel, by)), Some((load, and_by))) => {
            format!("{} {by}, and {} {and_by}", counted(kernel), counted(load))
        }
        (Some((_, by)), None) | (None, Some((_, by))) => by,
        (None, None) => "without any answer".to_owned(),
    };
    let waiting = match trials.all(TrialView::accepts_nothing) {
        true => "; the server accepted nothing meanwhile, so a longer wait would not have helped",
        false => "",
    };
    format!("{timed_out} timed out{}, {how}{waiting}.", trials.place())
}

/// The next retransmission of attempts that the deadline ended, if the server might
/// have had room by then.
fn next_retransmission(trials: &TrialSet<'_>) -> Option<String> {
    let next = |trial: &TrialView<'_>| {
        trial.syn_retry()?.retransmits.get(trial.max_retransmits() as usize).copied()
    };
    let next: BTreeSet<_> =
        trials.iter().filter(|trial| !trial.accepts_nothing()).filter_map(next).collect();
    Some(format!(": their next SYN would have been sent at {}", words::duration(*next.first()?)))
}

/// When the kernel ended the first attempt, if a law of the trial measured it.
fn gave_up_seconds(trial: &TrialView<'_>) -> Option<f64> {
    let laws = &trial.record.laws;
    laws.iter().find(|law| law.id == syn_retry::FIRST_FAILURE.id)?.measured
}

fn seconds_range(spread: Spread) -> (String, String) {
    (words::seconds(spread.min), words::seconds(spread.max))
}

/// Attempts that the client's kernel ended with ETIMEDOUT.
fn by_kernel(trial: &TrialView<'_>) -> u64 {
    let errors = trial.record.errors.get("ETIMEDOUT").copied().unwrap_or(0);
    errors.min(trial.timed_out())
}

/// Attempts that the load ended at its deadline.
fn by_deadline(trial: &TrialView<'_>) -> u64 {
    trial.timed_out() - by_kernel(trial)
}
