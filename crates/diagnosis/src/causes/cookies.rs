//! SYN cookies replaced the SYN queue.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, several, short_name};
use linux_net::{Counter, Sysctl};
use run_view::TrialView;

const SENT: Counter = Counter::SyncookiesSent;
const WANTED: Counter = Counter::TcpReqQFullDoCookies;
const RECEIVED: Counter = Counter::SyncookiesRecv;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const MODE: Sysctl = Sysctl::TcpSyncookies;

/// The SYNs that cookies answered, and those that the accept queue dropped.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let cookies = all.filter_some(|trial| trial.server(SENT) > 0 || trial.server(WANTED) > 0)?;
    let sum = |name| cookies.sum(|trial| trial.server(name));
    let (sent, wanted) = (sum(SENT), sum(WANTED));
    let mode = cookies.sysctls(|trial| trial.server_sysctl(MODE));
    let mode = mode.map_or(String::new(), |values| format!(" ({MODE} {values})"));
    let lead = "SYN cookies replaced the SYN queue, but not the accept queue.";
    let mut sentences = vec![format!(
        "A cookie answers a SYN without storing it{mode}: of {} for which the kernel chose a cookie \
         ({WANTED}){}, {} were answered ({SENT}), and {} cookies came back with last ACKs ({RECEIVED}).",
        several(wanted, "SYN"),
        cookies.place(),
        counted(sent),
        counted(sum(RECEIVED)),
    )];
    if wanted > sent {
        sentences.push(format!(
            "The other {} found the accept queue full: the kernel tests it before it sends a cookie, \
             and cookies do not make room in it.",
            counted(wanted - sent)
        ));
    } else if let Some(full) = cookies.filter_some(overflowed) {
        let overflows = full.sum(|trial| trial.server(OVERFLOWS));
        sentences.push(format!(
            "They made no room in the accept queue: {OVERFLOWS} is {}{}.",
            counted(overflows),
            full.place()
        ));
    }
    let without = all.filter_some(|trial| {
        trial.server_sysctl(MODE) == Some("0") && trial.server(Counter::TcpReqQFullDrop) > 0
    });
    let mode = short_name(MODE.name());
    sentences.push(match without {
        Some(without) => format!(
            "With {mode} 0 the SYN queue dropped {} instead.",
            several(without.sum(|trial| trial.server(Counter::TcpReqQFullDrop)), "SYN")
        ),
        None => format!("With {mode} 0 a SYN that finds the SYN queue full is dropped."),
    });
    Some(Paragraph::cause(lead, sentences))
}

/// Whether a full accept queue dropped segments despite cookies.
pub(crate) fn overflowed(trial: &TrialView<'_>) -> bool {
    (trial.server(SENT) > 0 || trial.server(WANTED) > 0) && trial.server(OVERFLOWS) > 0
}
