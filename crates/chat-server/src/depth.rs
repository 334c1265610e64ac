//! Reads the depth of a listener's accept queue.

use std::os::fd::AsFd;

use linux_net::{monotonic_ns, tcp_info};
use socket2::Socket;

use crate::control::DepthReading;

/// Reads the depth after an accept(2) that was called at `called_ns` and had returned at
/// `from_ns`, and was the `taken`-th. One system call, which takes no lock of the socket
/// (`tcp_get_info`). `None` if it fails.
pub(crate) fn read_depth(
    socket: &Socket,
    listener: u32,
    called_ns: u64,
    from_ns: u64,
    taken: u64,
) -> Option<DepthReading> {
    let info = tcp_info(socket.as_fd()).ok()?;
    let (depth, limit) = info.accept_queue()?;
    let to_ns = monotonic_ns();
    Some(DepthReading { listener, called_ns, from_ns, to_ns, taken, depth, limit })
}
