//! How much a connection's buffers hold while no process reads.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, short_name};
use linux_net::Sysctl;
use run_view::TrialView;

const WMEM: Sysctl = Sysctl::TcpWmem;
const RMEM: Sysctl = Sysctl::TcpRmem;

/// The bytes written before any read, the settings that decide, and how to raise them.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let filled = all.filter_some(|trial| trial.record.held_bytes.is_some_and(|bytes| bytes > 0))?;
    let bytes =
        |trial: &TrialView<'_>| trial.record.held_bytes.unwrap_or(0) / trial.clients().max(1);
    let least = filled.iter().min_by_key(|trial| bytes(trial))?;
    let most = filled.iter().max_by_key(|trial| bytes(trial))?;
    let lead =
        "write(2) succeeds while the kernel's buffers have room, whether the peer reads or not.";
    let mut sentences = vec![format!(
        "Before the server accepted or read anything, the clients had written {} bytes \
         each{}: into their own send buffer (the client's {WMEM}) and the server's receive buffer \
         (the server's {RMEM}), until both were full or everything was written.",
        filled.range(|trial| Some(bytes(trial)))?,
        filled.place(),
    )];
    if bytes(least) < bytes(most) {
        sentences.push(format!(
            "The minimum was with {}, the maximum with {}.",
            settings(least),
            settings(most)
        ));
    } else {
        sentences.push(format!("The settings were {}.", settings(most)));
    }
    sentences.push(
        "The three numbers are the minimum, initial and maximum size of a buffer in bytes, including \
         overhead; raise the third, or set SO_SNDBUF and SO_RCVBUF, to write more before a write waits."
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
        "{} {} and {} {} ({} bytes)",
        short_name(WMEM.name()),
        written(trial.client_sysctl(WMEM)),
        short_name(RMEM.name()),
        written(trial.server_sysctl(RMEM)),
        counted(bytes)
    )
}
