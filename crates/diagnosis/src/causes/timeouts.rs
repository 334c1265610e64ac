//! Connects that gave up.

use std::collections::BTreeSet;

use linux_net::{Counter, Sysctl};
use queue_model::syn_retry;
use run_record::Outcome;
use run_view::TrialView;

use super::accept_queue::caused_every_drop;
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::{TrialSet, waited};
use crate::words::{self, counted};

const RETRIES: Sysctl = Sysctl::TcpSynRetries;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const RETRANSMITTED: Counter = Counter::TcpSynRetrans;
const TIMED_OUT: Claim = Claim::Ended(Outcome::TimedOut);

/// What ended them, where no client retransmitted its SYN.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        // Half-open clients retransmit their SYN too.
        needs: |trial| {
            let none = trial.client(RETRANSMITTED) == 0 || trial.half_open() > 0;
            gave_up(trial) && !waited(trial) && none
        },
        claims: &[TIMED_OUT, Claim::NoSynRetransmitted],
        text: |_, all| {
            let early = !all.any(waited);
            early.then(|| "Clients gave up before their first SYN retransmission.".into())
        },
    }],
    statements: &[GIVEN_UP, NO_ROOM],
};

/// The kernel or the load's deadline.
pub(super) const GIVEN_UP: Statement =
    Statement { needs: gave_up, claims: &[TIMED_OUT], text: |gave_up, _| Some(given_up(gave_up)) };

/// That waiting longer would not have helped.
pub(super) const NO_ROOM: Statement = Statement {
    needs: |trial| gave_up(trial) && trial.accepts_nothing() && caused_every_drop(trial),
    claims: &[TIMED_OUT, Claim::ServerCounted(OVERFLOWS)],
    text: |paused, all| {
        let all_paused = paused.count() == all.filter(gave_up).count();
        all_paused.then(|| {
            "The server accepted nothing meanwhile, so a longer wait would not have helped.".into()
        })
    },
};

fn gave_up(trial: &TrialView<'_>) -> bool {
    trial.timed_out() > 0
}

fn given_up(trials: &TrialSet<'_>) -> Sentence {
    let by_kernel = trials.filter_some(|trial| by_kernel(trial) > 0).map(|trials| {
        let nominal: BTreeSet<_> =
            trials.iter().filter_map(|trial| Some(trial.syn_retry()?.timed_out)).collect();
        let nominal: Vec<_> = nominal.into_iter().map(words::duration).collect();
        let retries = trials.sysctls(|trial| trial.client_sysctl(RETRIES));
        let when =
            words::listed(&nominal).map_or(String::new(), |at| format!(" after {at} nominal"));
        let by = format!("{RETRIES} {}", retries.unwrap_or_default());
        let measured = trials
            .seconds(gave_up_seconds)
            .map_or(format!(" ({by})"), |seconds| format!(" ({seconds} measured; {by})"));
        (trials.sum(by_kernel), format!("by the kernel's ETIMEDOUT{when}{measured}"))
    });
    let by_deadline = trials.filter_some(|trial| by_deadline(trial) > 0).map(|trials| {
        let deadlines = trials.durations("load.connect_deadline").unwrap_or_default();
        let next = next_retransmission(&trials).unwrap_or_default();
        (
            trials.sum(by_deadline),
            format!("by the load's own deadline (load.connect_deadline {deadlines}){next}"),
        )
    });
    let how = match (by_kernel, by_deadline) {
        (Some((kernel, by)), Some((load, and_by))) => {
            format!("{} {by}, and {} {and_by}", counted(kernel), counted(load))
        }
        (Some((_, by)), None) | (None, Some((_, by))) => by,
        (None, None) => "without any answer".to_owned(),
    };
    format!("{} timed out{}, {how}.", trials.timed_out(), trials.place()).into()
}

/// The next retransmission of attempts that the deadline ended, if the server might
/// have had room by then.
fn next_retransmission(trials: &TrialSet<'_>) -> Option<String> {
    let next = |trial: &TrialView<'_>| {
        let retransmits = trial.syn_retry()?.retransmits;
        let next = *retransmits.get(trial.max_retransmits() as usize)?;
        (!trial.accepts_nothing() && next >= trial.duration("load.connect_deadline")?)
            .then_some(next)
    };
    let next = trials.iter().filter_map(next).min()?;
    Some(format!(": their next SYN would have been sent at {}", words::duration(next)))
}

/// When the kernel ended the first attempt, if a law of the trial measured it.
fn gave_up_seconds(trial: &TrialView<'_>) -> Option<f64> {
    let laws = &trial.record.laws;
    laws.iter().find(|law| *law.id == *syn_retry::FIRST_FAILURE.id)?.measured
}

/// Attempts that the client's kernel ended with ETIMEDOUT.
fn by_kernel(trial: &TrialView<'_>) -> u64 {
    let errors = trial.record.errors.get("ETIMEDOUT").copied().unwrap_or(0);
    // Those of half-open clients count too.
    errors.saturating_sub(trial.half_open()).min(trial.timed_out())
}

/// Attempts that the load ended at its deadline.
fn by_deadline(trial: &TrialView<'_>) -> u64 {
    trial.timed_out() - by_kernel(trial)
}
