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
        let due = self.events.set(self.now, self.retransmission.syn_gap(0), Timer::Syn, id);
        self.attempt(id).syn_due = due;
    }

    /// `tcp_retransmit_timer` (net/ipv4/tcp_timer.c).
    pub(super) fn syn_timer(&mut self, id: u32) {
        let (now, retransmission) = (self.now, self.retransmission);
        let attempt = self.attempt(id);
        if attempt.client != ClientSide::SynSent {
            return;
        }
        let retransmits = u32::from(attempt.retransmits);
        let closes_in = attempt.closes - now;
        let gives_up = retransmission.syn_gives_up(retransmits, now - attempt.start);
        if gives_up {
            attempt.client = ClientSide::GaveUp;
            attempt.failed = now;
            self.counters.attempt_fails += 1;
        } else {
            attempt.retransmits += 1;
        }
        self.closest_timer = self.closest_timer.min(closes_in);
        if gives_up {
            return;
        }
        self.mark_late(id);
        self.counters.tcp_syn_retrans += 1;
        let mut gap = CONGESTED_GAP;
        if self.send(Segment::Syn, id) {
            let attempt = self.attempt(id);
            attempt.doublings += u8::from(retransmission.doubles(retransmits + 1));
            gap = retransmission.syn_gap(attempt.doublings.into());
        }
        let due = self.events.set(now, gap, Timer::Syn, id);
        self.attempt(id).syn_due = due;
    }

    /// A client that is not established closes its socket, which sends nothing.
    pub(super) fn deadline(&mut self, id: u32) {
        let now = self.now;
        let attempt = self.attempt(id);
        if attempt.client == ClientSide::SynSent {
            attempt.client = ClientSide::GaveUp;
            attempt.failed = now;
            let timer_in = attempt.syn_due.saturating_sub(now);
            self.closest_timer = self.closest_timer.min(timer_in);
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
                let is_planned = attempt.sends_as_planned;
                self.send(Segment::Ack, id);
                if let Some(first_data) = path.client.first_data.filter(|_| !is_planned) {
                    self.events.set(now, nanoseconds(first_data), Timer::FirstData, id);
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

    /// Sends a phantom's first data or its FIN, for the first time or again.
    pub(super) fn send_data(&mut self, id: u32) {
        let (now, retransmission) = (self.now, self.retransmission);
        let probes_with_new_data = self.path.client.probes_with_new_data;
        let attempt = self.attempt(id);
        // A socket acknowledges its data: nothing is retransmitted, and later data does
        // not affect the simulation.
        if attempt.client != ClientSide::Established || attempt.server == ServerSide::Socket {
            return;
        }
        attempt.first_sent = attempt.first_sent.min(now);
        if retransmission.data_gives_up(now - attempt.first_sent) {
            return;
        }
        attempt.data_sent = attempt.data_sent.saturating_add(1);
        let sent = attempt.data_sent;
        let is_new = sent == 2 && probes_with_new_data;
        self.send(if is_new { Segment::LaterData } else { Segment::Ack }, id);
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
