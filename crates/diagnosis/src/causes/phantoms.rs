//! Connections that the client holds and the server has no socket for.

use linux_net::{Counter, Sysctl};
use queue_model::syn_ack_retry;
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, rungs, several};
use run_view::TrialView;

const RETRIES: Sysctl = Sysctl::TcpSynackRetries;

/// Where phantoms came from, and how one would know.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let trials = all.filter_some(|trial| trial.ended(Outcome::Phantom) > 0)?;
    let phantoms = trials.sum(|trial| trial.ended(Outcome::Phantom));
    let lead = "Some connections existed at the client alone: phantoms.";
    let mut sentences = vec![format!(
        "For {}{}, connect(2) had succeeded and the server never got a socket: a client is \
         ESTABLISHED when it has the server's SYN-ACK, before the server has its last ACK.",
        several(phantoms, "attempt"),
        trials.place(),
    )];
    let overflowed = trials.filter_some(|trial| trial.server(Counter::ListenOverflows) > 0);
    let deferred = trials.filter_some(|trial| trial.server(Counter::TcpDeferAcceptDrop) > 0);
    if let Some(overflowed) = overflowed {
        sentences.push(overflow(&overflowed));
        sentences.push(
            "A server that accepts while the SYN-ACKs are still repeated heals them; \
             net.ipv4.tcp_abort_on_overflow 1 tells the clients instead, by an RST."
                .to_owned(),
        );
    } else if let Some(deferred) = deferred {
        sentences.push(format!(
            "TCP_DEFER_ACCEPT had the kernel ignore {} (TcpExt.TCPDeferAcceptDrop), and the load \
             was over before the deferral was.",
            several(deferred.sum(|trial| trial.server(Counter::TcpDeferAcceptDrop)), "last ACK"),
        ));
    } else {
        sentences.push(
            "No counter of the listener's moved: they were still on their way to accept(2) when the \
             load was over."
                .to_owned(),
        );
    }
    Some(Paragraph::cause(lead, sentences))
}

/// The last ACKs that a full accept queue ignored, each several times.
fn overflow(trials: &TrialSet<'_>) -> String {
    let overflows = trials.sum(|trial| trial.server(Counter::ListenOverflows));
    let retries = |trial: &TrialView<'_>| {
        trial.server_number(RETRIES).and_then(|retries| u8::try_from(retries).ok())
    };
    let most = trials.iter().filter_map(retries).max().filter(|&most| most > 0);
    let again = most.zip(trials.sysctls(|trial| trial.server_sysctl(RETRIES)));
    let repeated = again.map(|(most, values)| {
        let times = rungs(&syn_ack_retry::retransmits(most), 5);
        format!("when the server repeated its SYN-ACK (after {times} at most; {RETRIES} {values})")
    });
    let held = trials.all(|trial| trial.is("server.hold_acks"));
    let which = match (held, repeated) {
        (true, Some(repeated)) => format!(
            "A filter kept back their first last ACKs (server.hold_acks), and those that came {repeated} \
             found the accept queue full and were ignored"
        ),
        (false, Some(repeated)) => format!(
            "Their last ACKs found the accept queue full and were ignored, and again {repeated}"
        ),
        (_, None) => "Their last ACKs found the accept queue full and were ignored".to_owned(),
    };
    format!("{which}: TcpExt.ListenOverflows is {} there.", counted(overflows))
}
