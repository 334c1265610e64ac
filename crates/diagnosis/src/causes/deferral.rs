//! Connections that TCP_DEFER_ACCEPT delayed.

use linux_net::Counter;
use queue_model::syn_ack_retry;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, nanoseconds};
use run_view::TrialView;

const DROPPED: Counter = Counter::TcpDeferAcceptDrop;

/// When deferred connections were accepted, and what accepts them sooner.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let deferred =
        all.filter_some(|trial| requested(trial).is_some() && trial.server(DROPPED) > 0)?;
    let lead = "TCP_DEFER_ACCEPT delayed accept(2) of connections that were established for their clients.";
    let mut sentences = vec![format!(
        "A listener with this option ignores a handshake's last ACK without data, {} here{} \
         ({DROPPED}), until data arrives or the time is over.",
        counted(deferred.sum(|trial| trial.server(DROPPED))),
        deferred.place(),
    )];
    let came = deferred.group_by(requested).into_iter().filter_map(|(asked, trials)| {
        let wait = trials.spread(|trial| waited(trial).map(|ns| ns as f64))?.median;
        let nominal = words::duration(syn_ack_retry::deferral(asked)?);
        Some(format!("{asked}\u{a0}s became {nominal} (measured {})", nanoseconds(wait as u64)))
    });
    let came: Vec<_> = came.collect();
    sentences.extend(words::listed(&came).map(|came| {
        format!(
            "The kernel rounds this time up to the next timeout of the SYN-ACK: of \
             server.defer_accept, {came}."
        )
    }));
    let not_deferred = all.filter(|trial| requested(trial).is_none());
    sentences.extend(not_deferred.spread(|trial| waited(trial).map(|ns| ns as f64)).map(
        |spread| {
            let wait = nanoseconds(spread.median as u64);
            format!("Without the option a connection waited {wait} for accept(2) (median).")
        },
    ));
    sentences
        .push("A client that sends first is accepted at once, with its first data.".to_owned());
    Some(Paragraph::cause(lead, sentences))
}

fn requested(trial: &TrialView<'_>) -> Option<u32> {
    let seconds = trial.number("server.defer_accept")?;
    u32::try_from(seconds).ok().filter(|&seconds| seconds > 0)
}

/// The median wait from ESTABLISHED to accept(2).
pub(crate) fn waited(trial: &TrialView<'_>) -> Option<u64> {
    let wait = trial.record.accept_wait;
    (wait.count > 0).then_some(wait.p50_ns)
}
