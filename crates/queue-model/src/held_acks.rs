//! What happens to connections whose final ACK finds the accept queue full.

use crate::law::{KernelSource, Law, Unit};
use crate::syn_ack_retry;

const KERNEL: KernelSource =
    KernelSource { function: "tcp_check_req", file: "net/ipv4/tcp_minisocks.c", version: "6.18" };

/// Connections that the accept queue takes: [`Released::accepted`].
pub const ACCEPT_QUEUE: Law =
    Law::exact("held-acks-accept-queue", "accept queue takes", Unit::Connections, KERNEL);

/// `ListenOverflows` of the server: [`Released::listen_overflows`].
pub const LISTEN_OVERFLOWS: Law =
    Law::exact("held-acks-listen-overflows", "ListenOverflows", Unit::Events, KERNEL);

/// `ListenDrops` of the server: [`Released::listen_drops`].
pub const LISTEN_DROPS: Law =
    Law::exact("held-acks-listen-drops", "ListenDrops", Unit::Events, KERNEL);

/// `EmbryonicRsts` of the server: [`Released::resets`].
pub const EMBRYONIC_RESETS: Law =
    Law::exact("held-acks-embryonic-resets", "EmbryonicRsts", Unit::Events, KERNEL);

/// Phantom connections: [`Released::phantoms`].
pub const PHANTOMS: Law = Law::exact("held-acks-phantoms", "phantoms", Unit::Connections, KERNEL);

/// Connections that end with an RST: [`Released::resets`].
pub const RESETS: Law =
    Law::exact("held-acks-resets", "connections reset", Unit::Connections, KERNEL);

/// The effects of clients in SYN_RECV whose final ACKs were held back until the limit of
/// the accept queue had been lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Released {
    /// Connections that enter the accept queue.
    pub accepted: u64,
    /// Connections that the client considers established and for which the server has
    /// no socket.
    pub phantoms: u64,
    /// Connections that end with an RST.
    pub resets: u64,
    /// `ListenOverflows`.
    pub listen_overflows: u64,
    /// `ListenDrops`.
    pub listen_drops: u64,
}

/// The effects of `clients` that each have an entry in the SYN queue, when their
/// retransmitted SYN-ACKs are acknowledged at a listener with this limit that accepts
/// nothing.
///
/// `tcp_check_req` (net/ipv4/tcp_minisocks.c): without `tcp_abort_on_overflow` the
/// entry stays and each retransmitted SYN-ACK makes the client acknowledge again;
/// with it the first overflow sends an RST. Without retransmissions no client acknowledges
/// again, and the kernel removes all entries. Measured on 6.18.
pub fn release(clients: u64, limit: u32, synack_retries: u8, abort_on_overflow: bool) -> Released {
    if synack_retries == 0 {
        return Released { phantoms: clients, ..Released::default() };
    }
    let accepted = clients.min(u64::from(limit) + 1);
    let refused = clients - accepted;
    let overflows = match abort_on_overflow {
        true => refused,
        false => syn_ack_retry::phantom_overflows(refused, synack_retries),
    };
    Released {
        accepted,
        phantoms: if abort_on_overflow { 0 } else { refused },
        resets: if abort_on_overflow { refused } else { 0 },
        listen_overflows: overflows,
        listen_drops: overflows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_connections_become_phantoms_or_are_reset() {
        let silent = release(4, 0, 3, false);
        assert_eq!((silent.accepted, silent.phantoms, silent.resets), (1, 3, 0));
        assert_eq!((silent.listen_overflows, silent.listen_drops), (9, 9));
        let aborted = release(4, 0, 3, true);
        assert_eq!((aborted.accepted, aborted.phantoms, aborted.resets), (1, 0, 3));
        assert_eq!((aborted.listen_overflows, aborted.listen_drops), (3, 3));
        assert_eq!(release(4, 9, 3, false).accepted, 4, "all fit");
        for aborts in [false, true] {
            let expected = Released { phantoms: 4, ..Released::default() };
            assert_eq!(release(4, 9, 0, aborts), expected, "no client acknowledges again");
        }
    }
}
