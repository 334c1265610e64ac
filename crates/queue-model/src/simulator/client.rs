//! Events at a client.

use super::event_queue::{Segment, Timer};
use super::nanoseconds::nanoseconds;
use super::settings::Peer;
use super::world::{ClientSide, ServerSide, World};

/// `TCP_RESOURCE_PROBE_INTERVAL` (include/net/tcp.h): the time to the next timer after a
/// retransmission that did not leave its host.
const CONGESTED_GAP: u64 = 500_000_000;

impl World<'_> {
    pub(super) fn connect(&mut self, id: u32) {
        self.attempt(id).client = ClientSide::SynSent;
        // A lost first SYN is not retransmitted any sooner (`tcp_connect`).
        self.send(Segment::Syn, id);
        self.events.set(self.now, self.retransmission.syn_gap(0), Timer::Syn, id);
    }

    /// `tcp_retransmit_timer` (net/ipv4/tcp_timer.c).
    pub(super) fn syn_timer(&mut self, id: u32) {
        let (now, retransmission) = (self.now, self.retransmission);
        let attempt = self.attempt(id);
        if attempt.client != ClientSide::SynSent {
            return;
        }
        let retransmits = u32::from(attempt.retransmits);
        if retransmission.syn_gives_up(retransmits, now - attempt.start) {
            attempt.client = ClientSide::GaveUp;
            attempt.failed = now;
            self.counters.attempt_fails += 1;
            return;
        }
        attempt.retransmits += 1;
        self.late += u64::from(retransmits == 0);
        self.counters.tcp_syn_retrans += 1;
        let mut gap = CONGESTED_GAP;
        if self.send(Segment::Syn, id) {
            let attempt = self.attempt(id);
            attempt.doublings += u8::from(retransmission.doubles(retransmits + 1));
            gap = retransmission.syn_gap(attempt.doublings.into());
        }
        self.events.set(now, gap, Timer::Syn, id);
    }

    /// A client that is not established closes its socket, which sends nothing.
    pub(super) fn deadline(&mut self, id: u32) {
        let now = self.now;
        let attempt = self.attempt(id);
        if attempt.client == ClientSide::SynSent {
            attempt.client = ClientSide::GaveUp;
            attempt.failed = now;
        }
    }

    pub(super) fn syn_ack_arrives(&mut self, id: u32) {
        let (now, path) = (self.now, self.path);
        let attempt = self.attempt(id);
        match attempt.client {
            ClientSide::SynSent if attempt.peer == Peer::HalfOpen => {}
            ClientSide::SynSent => {
                attempt.client = ClientSide::Established;
                attempt.established = now;
                self.send(Segment::Ack, id);
                if let Some(first_data) = path.client.first_data {
                    self.events.set(now, nanoseconds(first_data), Timer::Data, id);
                }
            }
            // A phantom answers each SYN-ACK, which tries to enter the accept queue again.
            ClientSide::Established => {
                self.send(Segment::Ack, id);
            }
            ClientSide::Idle | ClientSide::GaveUp | ClientSide::Reset => {
                self.send(Segment::ClientReset, id);
            }
        }
    }

    pub(super) fn data_timer(&mut self, id: u32) {
        let (now, retransmission) = (self.now, self.retransmission);
        let first_data = self.path.client.first_data.map_or(0, nanoseconds);
        let attempt = self.attempt(id);
        // A socket acknowledges its data: nothing is retransmitted, and later data does
        // not affect the simulation.
        if attempt.client != ClientSide::Established || attempt.server == ServerSide::Socket {
            return;
        }
        let first_sent = attempt.established.saturating_add(first_data);
        if retransmission.data_gives_up(now.saturating_sub(first_sent)) {
            return;
        }
        attempt.data_sent = attempt.data_sent.saturating_add(1);
        let sent = attempt.data_sent;
        self.send(Segment::Ack, id);
        self.events.set(now, retransmission.data_gap(sent.into()), Timer::Data, id);
    }

    pub(super) fn server_reset_arrives(&mut self, id: u32) {
        let now = self.now;
        let attempt = self.attempt(id);
        if attempt.client == ClientSide::Established {
            attempt.client = ClientSide::Reset;
            attempt.failed = now;
        }
    }
}
