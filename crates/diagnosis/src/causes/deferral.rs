//! Connections that TCP_DEFER_ACCEPT brought late.

use linux_net::Counter;
use queue_model::syn_ack_retry;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, nanoseconds};
use run_view::TrialView;

const DROPPED: Counter = Counter::TcpDeferAcceptDrop;

/// When they came, and what would have brought them sooner.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let deferred = all.filter_some(|trial| asked(trial).is_some() && trial.server(DROPPED) > 0)?;
    let lead = "TCP_DEFER_ACCEPT kept connections from accept(2) that their clients already had.";
    let mut sentences = vec![format!(
        "A listener with it ignores the bare last ACK of a handshake, {} here{} ({DROPPED}), until \
         data comes or the time is over.",
        counted(deferred.sum(|trial| trial.server(DROPPED))),
        deferred.place(),
    )];
    let came = deferred.group_by(asked).into_iter().filter_map(|(asked, trials)| {
        let wait = trials.spread(|trial| waited(trial).map(|ns| ns as f64))?.median;
        let nominal = words::duration(syn_ack_retry::deferral(asked)?);
        Some(format!("{asked}\u{a0}s became {nominal} (measured {})", nanoseconds(wait as u64)))
    });
    let came: Vec<_> = came.collect();
    sentences.extend(words::listed(&came).map(|came| {
        format!(
            "That time is rounded up to a run of the SYN-ACK's timer, the first that repeats it: of \
             server.defer_accept, {came}."
        )
    }));
    let at_once = all.filter(|trial| asked(trial).is_none());
    sentences.extend(at_once.spread(|trial| waited(trial).map(|ns| ns as f64)).map(|spread| {
        let wait = nanoseconds(spread.median as u64);
        format!("Without it a connection waited {wait} for accept(2) (median).")
    }));
    sentences
        .push("A client that speaks first is accepted with its first data, at once.".to_owned());
    Some(Paragraph::cause(lead, sentences))
}

fn asked(trial: &TrialView<'_>) -> Option<u32> {
    let seconds = trial.number("server.defer_accept")?;
    u32::try_from(seconds).ok().filter(|&seconds| seconds > 0)
}

/// The median wait from ESTABLISHED to accept(2).
pub(crate) fn waited(trial: &TrialView<'_>) -> Option<u64> {
    let wait = trial.record.accept_wait;
    (wait.count > 0).then_some(wait.p50_ns)
}
