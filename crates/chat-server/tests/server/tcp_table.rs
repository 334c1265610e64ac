//! The TCP sockets of this network namespace, as /proc/thread-self/net/tcp shows them.

use std::fs;
use std::net::SocketAddr;

use linux_net::testing::{Thread, wait_until};

/// A line of the table.
pub(crate) struct TcpSocket {
    pub(crate) state: u8,
    /// Bytes that were received and not read.
    unread: u32,
    /// The kind of the timer that is active.
    timer: u8,
    inode: String,
}

/// The state of a connection whose peer has sent a FIN.
pub(crate) const CLOSE_WAIT: u8 = 8;

/// The timer of a connection whose peer has closed its receive window.
const ZERO_WINDOW_PROBE: u8 = 4;

impl TcpSocket {
    /// Whether the peer's receive window is closed.
    fn is_window_closed(&self) -> bool {
        self.timer == ZERO_WINDOW_PROBE
    }
}

/// The IPv4 loopback socket with these ports.
pub(crate) fn find_socket(local: SocketAddr, remote: SocketAddr) -> Option<TcpSocket> {
    let table = fs::read_to_string("/proc/thread-self/net/tcp").expect("Linux has it");
    let is_port = |pair: &str, address: SocketAddr| {
        pair.split_once(':').is_some_and(|(_, port)| port == format!("{:04X}", address.port()))
    };
    let parse_hex = |text: &str| u32::from_str_radix(text, 16).expect("a hexadecimal number");
    let parse_byte = |text: &str| parse_hex(text) as u8;
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_ascii_whitespace().collect();
        let [_, from, to, state, queues, timer, _retransmits, _uid, _timeout, inode, ..] =
            columns[..]
        else {
            panic!("an unknown format: {line}");
        };
        (is_port(from, local) && is_port(to, remote)).then(|| TcpSocket {
            state: parse_byte(state),
            unread: parse_hex(queues.split(':').nth(1).expect("a second part")),
            timer: parse_byte(timer.split(':').next().expect("a first part")),
            inode: inode.to_owned(),
        })
    })
}

/// Whether a thread of the process `server_pid` is blocked in a write to `client`, whose receive
/// window is closed. Reads the table once, which can be long.
pub(crate) fn is_server_blocked_on(
    client: SocketAddr,
    server: SocketAddr,
    server_pid: u32,
) -> bool {
    find_socket(server, client).filter(TcpSocket::is_window_closed).is_some_and(|socket| {
        let threads = Thread::all_of_process(server_pid).expect("the server runs");
        threads.iter().any(|thread| thread.is_blocked_writing(&socket.inode))
    })
}

/// Whether `thread` is blocked in a write to `client`, whose receive window is closed: it
/// stays blocked until the client reads.
pub(crate) fn is_blocked_on(client: SocketAddr, server: SocketAddr, thread: &Thread) -> bool {
    find_socket(server, client)
        .filter(TcpSocket::is_window_closed)
        .is_some_and(|socket| thread.is_blocked_writing(&socket.inode))
}

/// Whether the receive window of `client` is closed, so that the server can write nothing to it
/// until it reads.
pub(crate) fn is_window_closed(client: SocketAddr, server: SocketAddr) -> bool {
    find_socket(server, client).is_some_and(|socket| socket.is_window_closed())
}

/// Whether a thread of the process `server_pid` waits for events of `client` though it has not read
/// everything that this client has sent: it does not read from it at the moment. Of which sockets
/// a ring is to complete something is not known, so with rings all event loops have to wait.
pub(crate) fn is_left_unread(client: SocketAddr, server: SocketAddr, server_pid: u32) -> bool {
    let Some(socket) = find_socket(server, client).filter(|socket| socket.unread > 0) else {
        return false;
    };
    let threads = Thread::all_of_process(server_pid).expect("the server runs");
    let mut loops = threads.iter().filter(|thread| thread.is_named("loop")).peekable();
    threads.iter().any(|thread| thread.is_waiting_for_events_of(&socket.inode))
        || loops.peek().is_some() && loops.all(Thread::is_waiting_for_events)
}

/// The thread of the process `server_pid` that reads from `client`, which has not sent
/// anything yet.
pub(crate) fn wait_for_reader_of(
    client: SocketAddr,
    server: SocketAddr,
    server_pid: u32,
) -> Thread {
    let mut reader = None;
    wait_until("a thread reads from the client", || {
        let socket = find_socket(server, client).expect("it is connected");
        let threads = Thread::all_of_process(server_pid).expect("the server runs");
        reader = threads.into_iter().find(|thread| thread.is_blocked_reading(&socket.inode));
        reader.is_some()
    });
    reader.expect("it was found")
}
