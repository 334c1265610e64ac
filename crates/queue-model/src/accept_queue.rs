//! How many connections a listener holds.

use crate::law::{KernelSource, Law, Unit};

/// The limit of both queues of a listener: [`listen_limit`].
pub const LISTEN_LIMIT: Law = Law::exact(
    "listen-limit",
    "listen limit = min(backlog, somaxconn)",
    Unit::Connections,
    KernelSource { function: "__sys_listen_socket", file: "net/socket.c", version: "6.18" },
);

/// Connections that an accept queue holds: [`capacity`].
pub const CAPACITY: Law = Law::exact(
    "accept-queue-capacity",
    "accept queue holds min(backlog, somaxconn) + 1",
    Unit::Connections,
    KernelSource { function: "sk_acceptq_is_full", file: "include/net/sock.h", version: "6.18" },
);

/// `net.core.somaxconn` of a new namespace since Linux 5.4 (SOMAXCONN in
/// include/linux/socket.h).
pub const DEFAULT_SOMAXCONN: u32 = 4096;

/// The limit that listen(2) sets: min(backlog, somaxconn); a negative backlog counts as
/// the largest one.
///
/// `__sys_listen_socket` (net/socket.c) compares them as unsigned; measured on
/// 6.18.
pub fn listen_limit(backlog: i32, somaxconn: u32) -> u32 {
    (backlog.cast_unsigned()).min(somaxconn)
}

/// Connections that an accept queue holds while the server accepts nothing: the limit
/// plus one.
///
/// `sk_acceptq_is_full` (include/net/sock.h) checks whether the queue is *longer*
/// than its limit; measured on 6.18.
pub fn capacity(backlog: i32, somaxconn: u32) -> u64 {
    u64::from(listen_limit(backlog, somaxconn)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// somaxconn, backlog, established, Send-Q, as measured on kernel 6.18.
    #[test]
    fn reproduces_the_measured_table() {
        for (somaxconn, backlog, established, send_q) in [
            (4096, 0, 1, 0),
            (4096, 1, 2, 1),
            (4096, 5, 6, 5),
            (4096, 128, 129, 128),
            (4, 100, 5, 4),
            (4, -1, 5, 4),
            (0, 10, 1, 0),
            (4096, -1, 4097, 4096),
            (4096, -5, 4097, 4096),
        ] {
            assert_eq!(capacity(backlog, somaxconn), established, "{backlog}, {somaxconn}");
            assert_eq!(listen_limit(backlog, somaxconn), send_q, "{backlog}, {somaxconn}");
        }
    }

    #[test]
    fn the_largest_limit_does_not_overflow() {
        assert_eq!(capacity(-1, u32::MAX), 1 << 32);
    }
}
