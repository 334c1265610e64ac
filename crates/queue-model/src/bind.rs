//! Whether bind(2) says "Address already in use".

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

/// A socket's options that bind(2) looks at. A connection has those of the
/// listener that it came from, in TIME_WAIT too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SocketOptions {
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
}

/// What stands on the address and port already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingSocket {
    /// A connection that has been closed by this end first.
    TimeWait,
    /// A connection that an earlier listener accepted.
    Established,
    /// A live listener.
    Listen,
}

/// Whether a new socket of the same user can be bound to an address and port
/// where an old one stands; otherwise bind(2) fails with EADDRINUSE.
///
/// `inet_bind_conflict` (net/ipv4/inet_connection_sock.c); measured on 6.18.
/// Each option helps only where **both** sockets have it, and `SO_REUSEADDR`
/// never beside a live listener.
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

    /// For each pair of an old and a new socket, in the order of the constants,
    /// what was measured on kernel 6.18.
    fn assert_table(existing: ExistingSocket, measured: [[bool; 4]; 4]) {
        for (old, row) in [NONE, PORT, ADDRESS, BOTH].into_iter().zip(measured) {
            for (new, succeeded) in [NONE, PORT, ADDRESS, BOTH].into_iter().zip(row) {
                assert_eq!(succeeds(existing, old, new), succeeded, "{existing:?} {old:?} {new:?}");
            }
        }
    }

    #[test]
    fn a_connection_lets_in_who_shares_either_option_with_it() {
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
    fn a_live_listener_lets_in_who_shares_its_port_alone() {
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
