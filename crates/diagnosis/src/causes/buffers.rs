//! What a connection's buffers took while nobody read.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::counted;
use linux_net::Sysctl;
use run_view::TrialView;

const WMEM: Sysctl = Sysctl::TcpWmem;
const RMEM: Sysctl = Sysctl::TcpRmem;

/// How much, by which settings, and what makes it more.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let held = all.filter_some(|trial| trial.record.held_bytes.is_some_and(|bytes| bytes > 0))?;
    let bytes =
        |trial: &TrialView<'_>| trial.record.held_bytes.unwrap_or(0) / trial.clients().max(1);
    let least = held.iter().min_by_key(|trial| bytes(trial))?;
    let most = held.iter().max_by_key(|trial| bytes(trial))?;
    let lead = "write(2) succeeds while there is room in the kernel's buffers, whoever reads.";
    let mut sentences = vec![format!(
        "Before the server accepted or read anything, the clients had written {} bytes a \
         client{}: into their own send buffer (the client's {WMEM}) and the server's receive buffer \
         (the server's {RMEM}), until both were full or there was no more to write.",
        held.range(|trial| Some(bytes(trial)))?,
        held.place(),
    )];
    if bytes(least) < bytes(most) {
        sentences.push(format!("Least with {}; most with {}.", settings(least), settings(most)));
    } else {
        sentences.push(format!("That was with {}.", settings(most)));
    }
    sentences.push(
        "The three figures are a buffer's least, first and largest size in bytes, bookkeeping \
         included; raise the third, or set SO_SNDBUF and SO_RCVBUF, for more before a write waits."
            .to_owned(),
    );
    Some(Paragraph::cause(lead, sentences))
}

fn settings(trial: &TrialView<'_>) -> String {
    let bytes = trial.record.held_bytes.unwrap_or(0) / trial.clients().max(1);
    let written = |value: Option<&str>| {
        value.unwrap_or("?").split_whitespace().collect::<Vec<_>>().join("\u{a0}")
    };
    format!(
        "tcp_wmem {} and tcp_rmem {} ({} bytes)",
        written(trial.client_sysctl(WMEM)),
        written(trial.server_sysctl(RMEM)),
        counted(bytes)
    )
}
