//! How many connections several listeners of one port hold (`SO_REUSEPORT`).

use crate::accept_queue;
use crate::law::{KernelSource, Law, Unit};

/// Connections that the listeners of a port hold together: [`capacity`].
pub const CAPACITY: Law = Law::exact(
    "reuseport-capacity",
    "listeners hold listeners x (min(backlog, somaxconn) + 1)",
    Unit::Connections,
    KernelSource {
        function: "reuseport_select_sock",
        file: "net/core/sock_reuseport.c",
        version: "6.18",
    },
);

/// Connections that so many listeners of one port hold together when nothing is
/// accepted: each has queues of its own.
///
/// `reuseport_select_sock` (net/core/sock_reuseport.c) picks the listener by the
/// connection's addresses and ports, full or not: it takes more connects than
/// this to fill all of them. Measured on 6.18.
pub fn capacity(listeners: u32, backlog: i32, somaxconn: u32) -> u64 {
    u64::from(listeners) * accept_queue::capacity(backlog, somaxconn)
}

/// What becomes of the queued connections of a listener that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedListener {
    /// Its clients that get an RST.
    pub reset: u64,
    /// `TCPMigrateReqSuccess`: those that a survivor has then, above its own
    /// capacity if need be.
    pub tcp_migrate_req_success: u64,
}

/// What becomes of so many queued connections when their listener is closed and
/// so many others of its port live on, by `net.ipv4.tcp_migrate_req`.
///
/// `inet_csk_listen_stop` (net/ipv4/inet_connection_sock.c); measured on 6.18.
pub fn close(queued: u64, survivors: u32, migrate_req: bool) -> ClosedListener {
    if migrate_req && survivors > 0 {
        ClosedListener { reset: 0, tcp_migrate_req_success: queued }
    } else {
        ClosedListener { reset: queued, tcp_migrate_req_success: 0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_listeners_of_backlog_2_hold_3_each() {
        assert_eq!(capacity(2, 2, 4096), 6);
    }

    #[test]
    fn closing_one_resets_its_clients_or_hands_them_on() {
        assert_eq!(close(3, 1, false), ClosedListener { reset: 3, tcp_migrate_req_success: 0 });
        assert_eq!(close(3, 1, true), ClosedListener { reset: 0, tcp_migrate_req_success: 3 });
        assert_eq!(close(3, 0, true).reset, 3, "there is nobody to hand them to");
    }

    proptest! {
        #[test]
        fn k_listeners_hold_k_times_one(listeners: u32, backlog: i32, somaxconn in 0..1u32 << 31) {
            let one = capacity(1, backlog, somaxconn);
            prop_assert_eq!(one, accept_queue::capacity(backlog, somaxconn));
            prop_assert_eq!(capacity(listeners, backlog, somaxconn), u64::from(listeners) * one);
        }
    }
}
