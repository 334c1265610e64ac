//! The TCP sockets of this network namespace, as /proc/thread-self/net/tcp shows them.

use std::fs;
use std::net::SocketAddr;

use crate::common::wait_until;

/// A line of the table.
pub(crate) struct TcpSocket {
    pub(crate) state: u8,
    /// The kind of the timer that is active.
    timer: u8,
    inode: String,
}

/// The timer of a connection whose peer has closed its receive window.
const ZERO_WINDOW_PROBE: u8 = 4;

/// The IPv4 loopback socket with these ports.
pub(crate) fn find_socket(local: SocketAddr, remote: SocketAddr) -> Option<TcpSocket> {
    let table = fs::read_to_string("/proc/thread-self/net/tcp").expect("Linux has it");
    let is_port = |pair: &str, address: SocketAddr| {
        pair.split_once(':').is_some_and(|(_, port)| port == format!("{:04X}", address.port()))
    };
    let parse_hex = |text: &str| u8::from_str_radix(text, 16).expect("a hexadecimal number");
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_ascii_whitespace().collect();
        let [_, from, to, state, _queues, timer, _retransmits, _uid, _timeout, inode, ..] =
            columns[..]
        else {
            panic!("an unknown format: {line}");
        };
        (is_port(from, local) && is_port(to, remote)).then(|| TcpSocket {
            state: parse_hex(state),
            timer: parse_hex(timer.split(':').next().expect("a first part")),
            inode: inode.to_owned(),
        })
    })
}

/// Waits until a thread of the process `server_pid` is blocked in a write to `client`,
/// whose receive window is closed.
pub(crate) fn wait_until_blocked_on(client: SocketAddr, server: SocketAddr, server_pid: u32) {
    wait_until("the server is blocked in a write", || {
        find_socket(server, client).is_some_and(|socket| {
            socket.timer == ZERO_WINDOW_PROBE && is_being_sent_to(&socket, server_pid)
        })
    });
}

/// Whether a thread of the process is blocked in a send(2) on `socket`.
fn is_being_sent_to(socket: &TcpSocket, pid: u32) -> bool {
    let is_socket = |descriptor: &str| {
        let number = i32::from_str_radix(descriptor.trim_start_matches("0x"), 16);
        let link = number.map(|number| fs::read_link(format!("/proc/{pid}/fd/{number}")));
        link.is_ok_and(|link| {
            link.is_ok_and(|link| link.to_str() == Some(&format!("socket:[{}]", socket.inode)))
        })
    };
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    threads.filter_map(Result::ok).any(|thread| {
        // `running` for a thread that is not blocked; an error for one that has exited.
        let call = fs::read_to_string(thread.path().join("syscall")).unwrap_or_default();
        let mut words = call.split_ascii_whitespace();
        words.next() == Some(&nix::libc::SYS_sendto.to_string())
            && words.next().is_some_and(is_socket)
    })
}
