//! A full accept queue that answered with an RST.

use linux_net::{Counter, Sysctl};
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::several;
use run_view::TrialView;

const ABORT: Sysctl = Sysctl::TcpAbortOnOverflow;
const RSTS: Counter = Counter::EmbryonicRsts;

/// What tcp_abort_on_overflow reset, and what was silently dropped nevertheless.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let trials = all.filter_some(by_overflow)?;
    let lead = format!("{ABORT} 1 made the server answer with an RST, but only to last ACKs.");
    let mut sentences = vec![format!(
        "{}{} ended as reset, and the server's kernel counted {} ({RSTS}): each for the last \
         ACK of a handshake that found the accept queue full.",
        several(trials.sum(|trial| trial.attempts_with(Outcome::Reset)), "attempt"),
        trials.place(),
        several(trials.sum(|trial| trial.server(RSTS)), "RST"),
    )];
    let silent = trials.filter_some(|trial| trial.attempts_with(Outcome::TimedOut) > 0);
    sentences.extend(silent.map(|silent| {
        format!(
            "A SYN that finds it full is still dropped silently: {} timed out.",
            several(silent.sum(|trial| trial.attempts_with(Outcome::TimedOut)), "attempt")
        )
    }));
    let without = all.filter_some(|trial| {
        trial.server_sysctl(ABORT) == Some("0") && trial.attempts_with(Outcome::Phantom) > 0
    });
    sentences.push(match without {
        Some(without) => format!(
            "With 0 no RST was sent, and {} became phantoms.",
            several(without.sum(|trial| trial.attempts_with(Outcome::Phantom)), "attempt")
        ),
        None => "With 0 those clients would have got no RST.".to_owned(),
    });
    Some(Paragraph::cause(lead, sentences))
}

/// Attempts of this trial were reset by a full accept queue.
pub(crate) fn by_overflow(trial: &TrialView<'_>) -> bool {
    trial.server_sysctl(ABORT) == Some("1")
        && trial.attempts_with(Outcome::Reset) > 0
        && trial.server(RSTS) > 0
}
