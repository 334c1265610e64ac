//! SYNs that were sent again, and connects that gave up.

use std::collections::BTreeSet;
use std::time::Duration;

use linux_net::{Counter, Sysctl};

use queue_model::syn_retry;
use queue_model::timer::TOLERANCE;
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, rungs, several};
use run_view::TrialView;
use run_view::number::Spread;

/// How soon after its SYN an answer is that one's, but for the timer's lateness.
const SOON: Duration = Duration::from_millis(200);

/// Retransmissions of a ladder that are written out.
const RUNGS: usize = 7;

const LINEAR: Sysctl = Sysctl::TcpSynLinearTimeouts;

/// What whole seconds of a connect are, and when it gives up.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let waited = all.filter_some(|trial| trial.waited() > 0);
    let gave_up = all.filter_some(|trial| trial.timed_out() > 0);
    if waited.is_none() && gave_up.is_none() {
        return None;
    }
    let lead = match &waited {
        Some(waited) if waited.sum(ok_late) > 0 => {
            "Connects that took whole seconds waited to send their SYN again."
        }
        Some(_) => "Clients sent their SYN again, and in vain.",
        None => "Clients gave up before they would have sent their SYN again.",
    };
    let sentences = [
        waited.as_ref().and_then(sent_again),
        waited.as_ref().and_then(slowest),
        gave_up.as_ref().map(given_up),
    ];
    Some(Paragraph::cause(lead, sentences.into_iter().flatten()))
}

fn sent_again(waited: &TrialSet<'_>) -> Option<String> {
    let attempts = waited.sum(TrialView::waited);
    let ladders: BTreeSet<_> = waited
        .iter()
        .filter_map(|trial| {
            let linear = trial.client_sysctl(LINEAR).unwrap_or("0");
            Some((linear, trial.ladder()?.retransmits))
        })
        .collect();
    // Ladders of one kind differ in their length alone: the longest tells all.
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
            format!("after {} where {name} is {linear}", rungs(ladder, RUNGS))
        })
        .collect();
    Some(format!(
        "A dropped SYN is told to nobody, so the client sends it again by its own timer, {}: {} \
         did{} (TcpExt.TCPSynRetrans {} at the client), and {} of them ended ok.",
        words::listed(&written)?,
        several(attempts, "attempt"),
        waited.place(),
        counted(waited.sum(|trial| trial.client(Counter::TcpSynRetrans))),
        counted(waited.sum(ok_late)),
    ))
}

/// Attempts that ended ok with a retransmission.
fn ok_late(trial: &TrialView<'_>) -> u64 {
    trial.ended(Outcome::Ok).saturating_sub(trial.record.ok_first_try).min(trial.waited())
}

/// The slowest connect, where it waited for a retransmission.
fn slowest(waited: &TrialSet<'_>) -> Option<String> {
    let late = waited.filter_some(|trial| ok_late(trial) > 0)?;
    let slowest = late.iter().max_by_key(|trial| trial.record.connect_latency.max_ns)?;
    let took = Duration::from_nanos(slowest.record.connect_latency.max_ns);
    let ladder = slowest.ladder()?;
    let at = ladder.retransmits.iter().rev().find(|&&at| at <= took)?;
    let soon = took <= at.mul_f64(1.0 + TOLERANCE) + SOON;
    soon.then(|| {
        format!(
            "The slowest connect that succeeded took {}: the SYN sent again after {} was answered.",
            words::seconds(took.as_secs_f64()),
            words::duration(*at),
        )
    })
}

fn given_up(trials: &TrialSet<'_>) -> String {
    let by_kernel = trials.filter_some(|trial| by_kernel(trial) > 0).map(|trials| {
        let nominal: BTreeSet<_> =
            trials.iter().filter_map(|trial| Some(trial.ladder()?.timed_out)).collect();
        let nominal: Vec<_> = nominal.into_iter().map(words::duration).collect();
        let retries = trials.sysctls(|trial| trial.client_sysctl(Sysctl::TcpSynRetries));
        let when =
            words::listed(&nominal).map_or(String::new(), |at| format!(" after {at} nominal"));
        let by = format!("net.ipv4.tcp_syn_retries {}", retries.unwrap_or_default());
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
        let next = next_rung(&trials).unwrap_or_default();
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
        (None, None) => "before anything answered".to_owned(),
    };
    let patience = match trials.all(TrialView::accepts_nothing) {
        true => "; nothing was accepted meanwhile, and no patience would have helped",
        false => "",
    };
    format!("{timed_out} timed out{}, {how}{patience}.", trials.place())
}

/// When those would have tried again that the deadline ended, where the server
/// might have had room by then.
fn next_rung(trials: &TrialSet<'_>) -> Option<String> {
    let next = |trial: &TrialView<'_>| {
        trial.ladder()?.retransmits.get(trial.most_retransmits() as usize).copied()
    };
    let next: BTreeSet<_> =
        trials.iter().filter(|trial| !trial.accepts_nothing()).filter_map(next).collect();
    Some(format!(": their next SYN would have gone out at {}", words::duration(*next.first()?)))
}

/// When the kernel ended the last of them, where that is a law of the trial.
fn gave_up_seconds(trial: &TrialView<'_>) -> Option<f64> {
    let laws = &trial.record.laws;
    laws.iter().find(|law| law.id == syn_retry::FIRST_FAILURE.id)?.measured
}

fn seconds_range(spread: Spread) -> (String, String) {
    (words::seconds(spread.min), words::seconds(spread.max))
}

/// Attempts that the client's kernel ended.
fn by_kernel(trial: &TrialView<'_>) -> u64 {
    let errors = trial.record.errors.get("ETIMEDOUT").copied().unwrap_or(0);
    errors.min(trial.timed_out())
}

/// Attempts that the load ended.
fn by_deadline(trial: &TrialView<'_>) -> u64 {
    trial.timed_out() - by_kernel(trial)
}
