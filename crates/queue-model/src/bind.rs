//! Whether bind(2) fails with "Address already in use".

use crate::law::{KernelSource, Law, Unit};

const KERNEL: KernelSource = KernelSource {
    function: "inet_bind_conflict",
    file: "net/ipv4/inet_connection_sock.c",
    version: "6.18",
};

/// Whether bind(2) fails with EADDRINUSE: the opposite of [`succeeds`].
pub const REFUSED: Law =
    Law::exact("bind-refused", "bind(2) fails with EADDRINUSE", Unit::Occurrence, KERNEL);

/// When bind(2) succeeds again: when the last TIME_WAIT has ended.
pub const FREE_AGAIN: Law = Law::timer("bind-free-again", "the port is free again after", KERNEL);

/// The socket options that bind(2) checks. A connection inherits those of its listener
/// and keeps them in TIME_WAIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SocketOptions {
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
}

/// The socket that already uses the address and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingSocket {
    /// A connection that this side closed first.
    TimeWait,
    /// A connection that an earlier listener accepted.
    Established,
    /// A live listener.
    Listen,
}

/// Whether a new socket of the same user can be bound to the address and port of an
/// existing one; otherwise bind(2) fails with EADDRINUSE.
///
/// `inet_bind_conflict` (net/ipv4/inet_connection_sock.c); measured on 6.18.
/// Each option helps only if **both** sockets have it, and `SO_REUSEADDR` never with a
/// live listener.
pub fn succeeds(existing: ExistingSocket, old: SocketOptions, new: SocketOptions) -> bool {
    let address = old.reuse_address && new.reuse_address && existing != ExistingSocket::Listen;
    let port = old.reuse_port && new.reuse_port;
    address || port
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: SocketOptions = SocketOptions { reuse_address: false, reuse_port: false };
    const PORT: SocketOptions = SocketOptions { reuse_address: false, reuse_port: true };
    const ADDRESS: SocketOptions = SocketOptions { reuse_address: true, reuse_port: false };
    const BOTH: SocketOptions = SocketOptions { reuse_address: true, reuse_port: true };

    /// Compares with the results measured on kernel 6.18 for each pair of an old and a
    /// new socket, in the order of the constants.
    fn assert_table(existing: ExistingSocket, measured: [[bool; 4]; 4]) {
        for (old, row) in [NONE, PORT, ADDRESS, BOTH].into_iter().zip(measured) {
            for (new, succeeded) in [NONE, PORT, ADDRESS, BOTH].into_iter().zip(row) {
                assert_eq!(succeeds(existing, old, new), succeeded, "{existing:?} {old:?} {new:?}");
            }
        }
    }

    #[test]
    fn a_socket_that_shares_an_option_with_a_connection_can_bind() {
        for existing in [ExistingSocket::TimeWait, ExistingSocket::Established] {
            assert_table(
                existing,
                [
                    [false, false, false, false],
                    [false, true, false, true],
                    [false, false, true, true],
                    [false, true, true, true],
                ],
            );
        }
    }

    #[test]
    fn only_a_socket_that_shares_reuseport_with_a_live_listener_can_bind() {
        assert_table(
            ExistingSocket::Listen,
            [
                [false, false, false, false],
                [false, true, false, true],
                [false, false, false, false],
                [false, true, false, true],
            ],
        );
    }
}
