//! Events at a client.

use super::event_queue::{Segment, Timer};
use super::nanoseconds::nanoseconds;
use super::timers::{data_gap, syn_gap, syn_gives_up};
use super::world::{ClientSide, ServerSide, World};

/// The default of `tcp_retries2`: retransmissions of data before a client gives up, not
/// counting the tail loss probe.
const DATA_RETRIES: u32 = 15;

/// `TCP_RESOURCE_PROBE_INTERVAL` (include/net/tcp.h): the time to the next timer after a
/// retransmission that did not leave its host.
const CONGESTED_GAP: u64 = 500_000_000;

impl World<'_> {
    pub(super) fn connect(&mut self, id: u32) {
        self.attempt(id).client = ClientSide::SynSent;
        // A lost first SYN is not retransmitted any sooner (`tcp_connect`).
        self.send(Segment::Syn, id);
        self.events.set(self.now, syn_gap(&self.path.client, 0), Timer::Syn, id);
    }

    /// `tcp_retransmit_timer` (net/ipv4/tcp_timer.c).
    pub(super) fn syn_timer(&mut self, id: u32) {
        let (now, path) = (self.now, self.path);
        let attempt = self.attempt(id);
        if attempt.client != ClientSide::SynSent {
            return;
        }
        if attempt.failed.is_some() && now >= attempt.open_until {
            attempt.client = ClientSide::GaveUp;
            return;
        }
        if syn_gives_up(&path.client, attempt.retransmits, now - attempt.start) {
            attempt.client = ClientSide::GaveUp;
            attempt.failed.get_or_insert(now);
            self.counters.attempt_fails += 1;
        } else {
            attempt.retransmits += 1;
            let planned = syn_gap(&path.client, attempt.retransmits);
            self.counters.tcp_syn_retrans += 1;
            let sent = self.send(Segment::Syn, id);
            let gap = if sent { planned } else { CONGESTED_GAP };
            self.events.set(now, gap, Timer::Syn, id);
        }
    }

    /// A client that is ESTABLISHED has met its deadline; the others close their socket,
    /// which sends nothing, or keep it open for a while.
    pub(super) fn deadline(&mut self, id: u32) {
        let now = self.now;
        let attempt = self.attempt(id);
        if attempt.client == ClientSide::SynSent {
            attempt.failed = Some(now);
            if now >= attempt.open_until {
                attempt.client = ClientSide::GaveUp;
            }
        }
    }

    pub(super) fn syn_ack_arrives(&mut self, id: u32) {
        let (now, path) = (self.now, self.path);
        let attempt = self.attempt(id);
        match attempt.client {
            ClientSide::SynSent => {
                attempt.client = ClientSide::Established;
                attempt.established = Some(now);
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
        let attempt = self.attempt(id);
        // A socket acknowledges its data: nothing is retransmitted, and later data does
        // not affect the simulation.
        if attempt.client != ClientSide::Established || attempt.server == ServerSide::Socket {
            return;
        }
        attempt.data_sent += 1;
        let sent = attempt.data_sent;
        self.send(Segment::Ack, id);
        if sent <= DATA_RETRIES + 1 {
            self.events.set(self.now, data_gap(sent), Timer::Data, id);
        }
    }

    pub(super) fn server_reset_arrives(&mut self, id: u32) {
        let now = self.now;
        let attempt = self.attempt(id);
        if attempt.client == ClientSide::Established {
            attempt.client = ClientSide::Reset;
            attempt.failed = Some(now);
        }
    }
}
