//! Events at the server.

use super::event_queue::{Segment, Timer};
use super::settings::Peer;
use super::syn_queue::Decision;
use super::timers::syn_ack_gap;
use super::world::{ServerSide, World};

impl World<'_> {
    pub(super) fn syn_arrives(&mut self, id: u32) {
        match self.attempt(id).server {
            ServerSide::Nothing => self.decide_syn(id),
            // `tcp_check_req` (net/ipv4/tcp_minisocks.c): retransmits the SYN-ACK at once
            // and restarts the timer, without counting a timeout.
            ServerSide::Request => {
                self.retransmit_syn_ack(id);
                self.set_request_timer(id);
            }
            ServerSide::Socket => {}
        }
    }

    fn decide_syn(&mut self, id: u32) {
        let full = self.accept_queue_is_full();
        match self.syn_queue.decide(&self.path.listener, full, &mut self.counters) {
            Decision::Request => {
                self.syn_queue.add();
                let attempt = self.attempt(id);
                attempt.server = ServerSide::Request;
                attempt.timeouts = 0;
                self.send_syn_ack(id);
                self.set_request_timer(id);
            }
            Decision::Cookie => {
                self.attempt(id).has_cookie = true;
                self.send_syn_ack(id);
            }
            Decision::Drop => {}
        }
    }

    fn send_syn_ack(&mut self, id: u32) {
        if self.attempt(id).peer != Peer::Unreachable {
            self.send(Segment::SynAck, id);
        }
    }

    fn retransmit_syn_ack(&mut self, id: u32) {
        self.counters.syn_ack_retrans += 1;
        self.send_syn_ack(id);
    }

    fn set_request_timer(&mut self, id: u32) {
        let gap = syn_ack_gap(u32::from(self.attempt(id).timeouts));
        let due = self.events.set(self.now, gap, Timer::Request, id);
        self.attempt(id).request_due = due;
    }

    /// `reqsk_timer_handler` (net/ipv4/inet_connection_sock.c).
    pub(super) fn request_timer(&mut self, id: u32) {
        let now = self.now;
        let retries = self.syn_queue.retries(&self.path.listener);
        let attempt = self.attempt(id);
        if attempt.server != ServerSide::Request || attempt.request_due != now {
            return;
        }
        let timeouts = attempt.timeouts;
        if u32::from(timeouts) >= retries {
            self.remove_request(id);
            return;
        }
        attempt.timeouts = timeouts.saturating_add(1);
        if timeouts == 0 {
            self.syn_queue.age();
        }
        self.retransmit_syn_ack(id);
        self.set_request_timer(id);
    }

    fn remove_request(&mut self, id: u32) {
        let attempt = self.attempt(id);
        attempt.server = ServerSide::Nothing;
        let timeouts = u32::from(attempt.timeouts);
        self.syn_queue.remove(timeouts);
    }

    /// The final ACK, its retransmission, or data: each may turn a request, or the cookie
    /// that it returns, into a connection.
    pub(super) fn ack_arrives(&mut self, id: u32) {
        let attempt = *self.attempt(id);
        match attempt.server {
            ServerSide::Socket => {}
            // `tcp_check_req` (net/ipv4/tcp_minisocks.c): without room the request stays,
            // unless `tcp_abort_on_overflow` is set.
            ServerSide::Request if self.accept_queue_is_full() => {
                self.counters.overflow();
                self.ack_overflows += 1;
                self.mark_late(id);
                if self.path.listener.abort_on_overflow {
                    self.remove_request(id);
                    self.counters.embryonic_rsts += 1;
                    self.send(Segment::ServerReset, id);
                }
            }
            ServerSide::Request => {
                self.remove_request(id);
                self.enqueue(id);
            }
            // `cookie_v4_check` (net/ipv4/syncookies.c): without room it sends nothing,
            // regardless of `tcp_abort_on_overflow`.
            ServerSide::Nothing if attempt.has_cookie => {
                self.counters.syncookies_recv += 1;
                if self.accept_queue_is_full() {
                    self.counters.overflow();
                    self.ack_overflows += 1;
                    self.cookie_overflows += 1;
                    self.mark_late(id);
                } else {
                    self.enqueue(id);
                }
            }
            ServerSide::Nothing => {
                self.send(Segment::ServerReset, id);
            }
        }
    }

    /// Data that is not the first: it can do what the final ACK does for a request, but it
    /// does not return a cookie (`cookie_v4_check`, net/ipv4/syncookies.c).
    pub(super) fn later_data_arrives(&mut self, id: u32) {
        match self.attempt(id).server {
            ServerSide::Nothing => drop(self.send(Segment::ServerReset, id)),
            ServerSide::Request | ServerSide::Socket => self.ack_arrives(id),
        }
    }

    /// A client that gave up answers its late SYN-ACK with an RST.
    pub(super) fn client_reset_arrives(&mut self, id: u32) {
        if self.attempt(id).server == ServerSide::Request {
            self.remove_request(id);
            self.counters.embryonic_rsts += 1;
        }
    }

    /// `sk_acceptq_is_full` (include/net/sock.h): longer than its limit, so it holds one
    /// more.
    fn accept_queue_is_full(&self) -> bool {
        self.accept_queue_len() > self.path.listener.limit
    }

    fn enqueue(&mut self, id: u32) {
        let now = self.now;
        let attempt = self.attempt(id);
        attempt.server = ServerSide::Socket;
        attempt.queued = now;
        self.accept_queue.push_back(id);
        self.accept_queued();
    }

    /// The server calls accept(2).
    pub(super) fn accept(&mut self) {
        if let Some(at) = self.acceptor.wake() {
            self.events.schedule_accept(at.max(self.now));
        }
        self.accept_queued();
    }

    fn accept_queued(&mut self) {
        while self.acceptor.is_idle()
            && let Some(id) = self.accept_queue.pop_front()
        {
            self.attempt(id).accepted = self.now;
            if let Some(at) = self.acceptor.take(self.now) {
                self.events.schedule_accept(at);
            }
        }
    }
}
