//! How many connections several listeners on one port hold (`SO_REUSEPORT`).

use crate::accept_queue;
use crate::law::{KernelSource, Law, Unit};

/// Connections that the listeners on one port hold together: [`capacity`].
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

/// Connections that `listeners` on one port hold together while nothing is accepted: each
/// has its own queues.
///
/// `reuseport_select_sock` (net/core/sock_reuseport.c) chooses the listener by a hash of
/// the connection's addresses and ports, even if its queue is full: filling all of them
/// takes more connects than this. Measured on 6.18.
pub fn capacity(listeners: u32, backlog: i32, somaxconn: u32) -> u64 {
    u64::from(listeners) * accept_queue::capacity(backlog, somaxconn)
}

/// What happens to the queued connections of a listener that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedListener {
    /// The number of its clients that get an RST.
    pub reset: u64,
    /// `TCPMigrateReqSuccess`: connections that move to another listener, even above its
    /// capacity.
    pub tcp_migrate_req_success: u64,
}

/// What happens to `queued` connections when their listener is closed and `survivors`
/// others on its port remain, depending on `net.ipv4.tcp_migrate_req`.
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
    fn closing_a_listener_resets_or_migrates_its_clients() {
        assert_eq!(close(3, 1, false), ClosedListener { reset: 3, tcp_migrate_req_success: 0 });
        assert_eq!(close(3, 1, true), ClosedListener { reset: 0, tcp_migrate_req_success: 3 });
        assert_eq!(close(3, 0, true).reset, 3, "no other listener remains");
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
