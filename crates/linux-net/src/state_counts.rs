//! Sockets by state.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::tcp_info::TcpState;

/// How many TCP sockets are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are TCP's own")]
pub struct StateCounts {
    /// Connections, accepted or still in an accept queue.
    pub established: u32,
    pub syn_sent: u32,
    /// Entries of SYN queues.
    pub syn_recv: u32,
    pub fin_wait1: u32,
    /// Including orphaned ones, which are in the kernel's TIME_WAIT table.
    pub fin_wait2: u32,
    pub time_wait: u32,
    pub close: u32,
    pub close_wait: u32,
    pub last_ack: u32,
    pub listen: u32,
    pub closing: u32,
}

impl StateCounts {
    /// Sockets in a state that, once both sides have closed, lasts only until the other
    /// side's next segment has been handled.
    pub fn closing_now(&self) -> u32 {
        let Self { established, fin_wait1, fin_wait2, close_wait, last_ack, closing, .. } = *self;
        established + fin_wait1 + fin_wait2 + close_wait + last_ack + closing
    }

    /// Sockets in any state.
    pub fn total(&self) -> u32 {
        let Self { established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait, .. } = *self;
        let Self { close, close_wait, last_ack, listen, closing, .. } = *self;
        established
            + syn_sent
            + syn_recv
            + fin_wait1
            + fin_wait2
            + time_wait
            + close
            + close_wait
            + last_ack
            + listen
            + closing
    }

    /// Counts a socket in a state that the kernel shows; others it does not show.
    pub(crate) fn count(&mut self, state: u8) {
        let Some(state) = TcpState::from_kernel(state) else { return };
        *match state {
            TcpState::Established => &mut self.established,
            TcpState::SynSent => &mut self.syn_sent,
            TcpState::SynRecv => &mut self.syn_recv,
            TcpState::FinWait1 => &mut self.fin_wait1,
            TcpState::FinWait2 => &mut self.fin_wait2,
            TcpState::TimeWait => &mut self.time_wait,
            TcpState::Close => &mut self.close,
            TcpState::CloseWait => &mut self.close_wait,
            TcpState::LastAck => &mut self.last_ack,
            TcpState::Listen => &mut self.listen,
            TcpState::Closing => &mut self.closing,
        } += 1;
    }
}

impl Add for StateCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            established: self.established + other.established,
            syn_sent: self.syn_sent + other.syn_sent,
            syn_recv: self.syn_recv + other.syn_recv,
            fin_wait1: self.fin_wait1 + other.fin_wait1,
            fin_wait2: self.fin_wait2 + other.fin_wait2,
            time_wait: self.time_wait + other.time_wait,
            close: self.close + other.close,
            close_wait: self.close_wait + other.close_wait,
            last_ack: self.last_ack + other.last_ack,
            listen: self.listen + other.listen,
            closing: self.closing + other.closing,
        }
    }
}
