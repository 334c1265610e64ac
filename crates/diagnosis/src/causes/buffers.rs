//! How much a connection's buffers hold while no process reads.

use linux_net::Sysctl;
use run_view::TrialView;

use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{counted, short_name};

const WMEM: Sysctl = Sysctl::TcpWmem;
const RMEM: Sysctl = Sysctl::TcpRmem;

/// The bytes written before any read, the settings that decide, and how to raise them.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: filled,
        claims: &[],
        text: |_, _| {
            Some(
                "write(2) succeeds while the kernel's buffers have room, whether the peer reads or not."
                    .into(),
            )
        },
    }],
    statements: &[
        Statement {
            needs: filled,
            claims: &[],
            text: |filled, _| {
                let text = format!(
                    "Before the server accepted or read anything, the clients had written {} bytes \
                     each{}: into their own send buffer (the client's {WMEM}) and the server's \
                     receive buffer (the server's {RMEM}), until both were full or everything was \
                     written.",
                    filled.range(|trial| Some(bytes(trial)))?,
                    filled.place(),
                );
                Some(text.into())
            },
        },
        Statement { needs: filled, claims: &[], text: |filled, _| extremes(filled) },
        Statement {
            needs: filled,
            claims: &[],
            text: |_, _| {
                Some(
                    "The three numbers are the minimum, initial and maximum size of a buffer in bytes, including \
                     overhead. A send buffer grows to its maximum as the program writes, a receive buffer only as \
                     the program reads, which none did here: to write more before a write waits, raise the third \
                     number of tcp_wmem or the second of tcp_rmem, or set SO_SNDBUF and SO_RCVBUF."
                        .into(),
                )
            },
        },
    ],
};

/// Whether clients had written before the server read. A request is far smaller than any buffer.
fn filled(trial: &TrialView<'_>) -> bool {
    bytes(trial) > 0 && trial.is_chat_dialogue()
}

/// The bytes that each client had written that had connected.
fn bytes(trial: &TrialView<'_>) -> u64 {
    trial.record.held_bytes.unwrap_or(0) / trial.record.connect_latency.count.max(1)
}

fn extremes(filled: &TrialSet<'_>) -> Option<Sentence> {
    let least = filled.iter().min_by_key(|trial| bytes(trial))?;
    let most = filled.iter().max_by_key(|trial| bytes(trial))?;
    let text = match bytes(least) < bytes(most) {
        true => format!(
            "The minimum was with {}, the maximum with {}.",
            settings(least),
            settings(most)
        ),
        false => format!("The settings were {}.", settings(most)),
    };
    Some(text.into())
}

fn settings(trial: &TrialView<'_>) -> String {
    let written = |value: Option<&str>| {
        value.unwrap_or("?").split_whitespace().collect::<Vec<_>>().join("\u{a0}")
    };
    format!(
        "{} {} and {} {} ({} bytes)",
        short_name(WMEM.name()),
        written(trial.client_sysctl(WMEM)),
        short_name(RMEM.name()),
        written(trial.server_sysctl(RMEM)),
        counted(bytes(trial))
    )
}
