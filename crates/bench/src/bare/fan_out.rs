//! The limit of delivering: only send(2), of what is in memory.

use std::io::{self, Write};
use std::net::TcpStream;

use linux_net::monotonic_ns;

use super::{BareReport, FRAME};

/// Sends `messages` to all sockets but one, the sender, which is another one each time.
pub(super) fn fan_out(
    sockets: &[TcpStream],
    messages: u32,
    at_once: u32,
) -> io::Result<BareReport> {
    let frames = vec![b'x'; FRAME * at_once as usize];
    let mut sent = 0;
    let mut sender = 0;
    let began_ns = monotonic_ns();
    while sent < messages {
        let now = at_once.min(messages - sent);
        let bytes = &frames[..FRAME * now as usize];
        for (index, mut socket) in sockets.iter().enumerate() {
            if index != sender {
                socket.write_all(bytes)?;
            }
        }
        sent += now;
        sender = (sender + 1) % sockets.len();
    }
    let count = u64::from(messages) * (sockets.len() as u64 - 1);
    Ok(BareReport { began_ns, ended_ns: monotonic_ns(), count, ..BareReport::default() })
}
