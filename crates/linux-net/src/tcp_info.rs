//! TCP_INFO of a socket.
#![expect(unsafe_code, reason = "no crate wraps getsockopt(TCP_INFO)")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use serde::{Deserialize, Serialize};

/// A TCP socket's state (`enum` in the kernel's include/net/tcp_states.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are TCP's own")]
pub enum TcpState {
    Established,
    SynSent,
    SynRecv,
    FinWait1,
    FinWait2,
    TimeWait,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing,
}

impl TcpState {
    /// The state with this number in the kernel; `None` for a number that it does not
    /// show to users.
    pub fn from_kernel(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            // 12 is TCP_NEW_SYN_RECV, which the kernel shows as SYN_RECV.
            3 | 12 => Self::SynRecv,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            _ => return None,
        })
    }
}

/// A part of getsockopt(TCP_INFO) (`tcp_get_info` in net/ipv4/tcp.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpInfo {
    /// The socket's state.
    pub state: TcpState,
    /// Retransmissions of the data that is unacknowledged now (`icsk_retransmits`): 0
    /// again after its ACK.
    pub retransmits: u8,
    /// Segments retransmitted since the socket was created, SYNs included.
    pub total_retransmits: u32,
    /// Smoothed round trip time, microseconds; 0 while there is none.
    pub rtt_us: u32,
    /// Segments sent and not acknowledged. For a listening socket the kernel
    /// puts its accept queue's length here.
    pub unacked: u32,
    /// For a listening socket, the accept queue's limit; else segments SACKed.
    pub sacked: u32,
}

impl TcpInfo {
    /// Of a listening socket, the length of its accept queue and the queue's limit.
    pub fn accept_queue(&self) -> Option<(u32, u32)> {
        (self.state == TcpState::Listen).then_some((self.unacked, self.sacked))
    }
}

/// Reads TCP_INFO of a socket.
///
/// # Errors
/// The errno of getsockopt(2): ENOPROTOOPT or EOPNOTSUPP if it is not a TCP
/// socket.
pub fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<TcpInfo> {
    // SAFETY: tcp_info is plain integers, for which all zeros is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the pointer and length describe `info`, which outlives the call;
    // the kernel writes at most `length` bytes.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let state = TcpState::from_kernel(info.tcpi_state).ok_or_else(|| {
        io::Error::other(format!("TCP_INFO names an unknown state {}", info.tcpi_state))
    })?;
    Ok(TcpInfo {
        state,
        retransmits: info.tcpi_retransmits,
        total_retransmits: info.tcpi_total_retrans,
        rtt_us: info.tcpi_rtt,
        unacked: info.tcpi_unacked,
        sacked: info.tcpi_sacked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    #[test]
    fn a_listener_and_a_connection_are_distinguished() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let info = tcp_info(client.as_fd()).unwrap();
        assert_eq!(info.state, TcpState::Established);
        assert_eq!((info.retransmits, info.total_retransmits), (0, 0));
        assert!(info.rtt_us > 0);
        assert_eq!(info.accept_queue(), None);
        let info = tcp_info(listener.as_fd()).unwrap();
        assert_eq!(info.state, TcpState::Listen);
        assert_eq!(info.unacked, 1, "one connection is queued");
        assert_eq!(info.accept_queue(), Some((1, info.sacked)));
        drop(listener);
        let info = tcp_info(client.as_fd()).unwrap();
        assert_eq!(info.state, TcpState::Close, "closing the listener resets its queue");
    }

    #[test]
    fn a_socket_that_is_not_tcp_is_an_error() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(tcp_info(one.as_fd()).is_err());
    }
}
