//! Connections that the client considers established and the server has no socket for.

use linux_net::{Counter, Sysctl};
use queue_model::syn_ack_retry;
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, retransmission_times, several};
use run_view::TrialView;

const RETRIES: Sysctl = Sysctl::TcpSynackRetries;
const ABORT: Sysctl = Sysctl::TcpAbortOnOverflow;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DEFERRED: Counter = Counter::TcpDeferAcceptDrop;

/// Where phantoms came from, and how to avoid them.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let trials = all.filter_some(|trial| trial.attempts_with(Outcome::Phantom) > 0)?;
    let phantoms = trials.sum(|trial| trial.attempts_with(Outcome::Phantom));
    let lead = "Some connections existed only at the client: phantoms.";
    let mut sentences = vec![format!(
        "For {}{}, connect(2) succeeded but the server never got a socket: a client is ESTABLISHED \
         when it receives the server's SYN-ACK, before the server receives its last ACK.",
        several(phantoms, "attempt"),
        trials.place(),
    )];
    let overflowed = trials.filter_some(|trial| trial.server(OVERFLOWS) > 0);
    let deferred = trials.filter_some(|trial| trial.server(DEFERRED) > 0);
    if let Some(overflowed) = overflowed {
        sentences.push(overflow(&overflowed));
        sentences.push(format!(
            "If the server accepts while SYN-ACKs are still retransmitted, they become connections; \
             with {ABORT} 1 the clients get an RST instead."
        ));
    } else if let Some(deferred) = deferred {
        sentences.push(format!(
            "With TCP_DEFER_ACCEPT the kernel ignored {} ({DEFERRED}), and the load \
             ended before the deferral.",
            several(deferred.sum(|trial| trial.server(DEFERRED)), "last ACK"),
        ));
    } else {
        sentences.push(
            "No counter of the listener increased: they were still waiting for accept(2) when the \
             load ended."
                .to_owned(),
        );
    }
    Some(Paragraph::cause(lead, sentences))
}

/// The last ACKs that a full accept queue ignored, several of each connection.
fn overflow(trials: &TrialSet<'_>) -> String {
    let overflows = trials.sum(|trial| trial.server(OVERFLOWS));
    let retries = |trial: &TrialView<'_>| {
        trial.server_number(RETRIES).and_then(|retries| u8::try_from(retries).ok())
    };
    let most = trials.iter().filter_map(retries).max().filter(|&most| most > 0);
    let settings = most.zip(trials.sysctls(|trial| trial.server_sysctl(RETRIES)));
    let repeated = settings.map(|(most, values)| {
        let times = retransmission_times(&syn_ack_retry::retransmits(most), 5);
        format!("retransmitted SYN-ACKs (after {times} at most; {RETRIES} {values})")
    });
    let held = trials.all(|trial| trial.is_set("server.hold_acks"));
    let which = match (held, repeated) {
        (true, Some(repeated)) => format!(
            "A filter dropped their first last ACKs (server.hold_acks), and those that answered \
             {repeated} found the accept queue full and were ignored"
        ),
        (false, Some(repeated)) => format!(
            "Their last ACKs found the accept queue full and were ignored, and so were those that \
             answered {repeated}"
        ),
        (_, None) => "Their last ACKs found the accept queue full and were ignored".to_owned(),
    };
    format!("{which}: {OVERFLOWS} is {} there.", counted(overflows))
}
