//! SYN cookies stood in for the SYN queue.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, several};
use linux_net::{Counter, Sysctl};
use run_view::TrialView;

const SENT: Counter = Counter::SyncookiesSent;
const WANTED: Counter = Counter::TcpReqQFullDoCookies;
const RECEIVED: Counter = Counter::SyncookiesRecv;

/// What cookies saved, and what they did not.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let cookies = all.filter_some(|trial| trial.server(SENT) > 0 || trial.server(WANTED) > 0)?;
    let sum = |name| cookies.sum(|trial| trial.server(name));
    let (sent, wanted) = (sum(SENT), sum(WANTED));
    let mode = cookies.sysctls(|trial| trial.server_sysctl(Sysctl::TcpSyncookies));
    let mode = mode.map_or(String::new(), |values| format!(" (net.ipv4.tcp_syncookies {values})"));
    let lead = "SYN cookies stood in for the SYN queue, and for nothing else.";
    let mut sentences = vec![format!(
        "A cookie answers a SYN and keeps nothing of it{mode}: of {} for which the kernel chose one \
         ({WANTED}){}, {} were answered ({SENT}), and {} came back as last ACKs ({RECEIVED}).",
        several(wanted, "SYN"),
        cookies.place(),
        counted(sent),
        counted(sum(RECEIVED)),
    )];
    if wanted > sent {
        sentences.push(format!(
            "The other {} found the accept queue full: it is asked before a cookie is sent, and \
             cookies give it no room.",
            counted(wanted - sent)
        ));
    } else if let Some(full) = cookies.filter_some(overflowed) {
        let overflows = full.sum(|trial| trial.server(Counter::ListenOverflows));
        sentences.push(format!(
            "They gave the accept queue no room: TcpExt.ListenOverflows is {}{}.",
            counted(overflows),
            full.place()
        ));
    }
    let without = all.filter_some(|trial| {
        trial.server_sysctl(Sysctl::TcpSyncookies) == Some("0")
            && trial.server(Counter::TcpReqQFullDrop) > 0
    });
    sentences.push(match without {
        Some(without) => format!(
            "With tcp_syncookies 0 the SYN queue dropped {} instead.",
            several(without.sum(|trial| trial.server(Counter::TcpReqQFullDrop)), "SYN")
        ),
        None => "With tcp_syncookies 0 a SYN that finds the SYN queue full is dropped.".to_owned(),
    });
    Some(Paragraph::cause(lead, sentences))
}

/// A full accept queue turned somebody away in spite of cookies.
pub(crate) fn overflowed(trial: &TrialView<'_>) -> bool {
    (trial.server(SENT) > 0 || trial.server(WANTED) > 0)
        && trial.server(Counter::ListenOverflows) > 0
}
