//! The pending events, in their order.
//!
//! No heap is needed, because every source produces its events in order: a link with
//! constant delay delivers segments in the order in which they were sent, and timers of
//! equal length fire in the order in which they were set. The next event is the earliest
//! head of a few queues, and a million timers cost as little as ten.

use std::collections::VecDeque;

use super::settings::{Link, Timers};
use super::timers::Slot;
use super::wire::Wire;

/// A segment at its arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
    /// At the server.
    Syn,
    /// At the client.
    SynAck,
    /// At the server: an ACK, with or without data.
    Ack,
    /// At the server: data that is not the first of its client.
    LaterData,
    /// At the server, from a client that has closed.
    ClientReset,
    /// At the client.
    ServerReset,
}

/// The purpose of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The client retransmits its SYN or gives up.
    Syn,
    /// The server retransmits its SYN-ACK or removes the request.
    Request,
    /// The client's process sends its first data: exact, because it does not wait in the
    /// kernel's timer wheel.
    FirstData,
    /// The client retransmits its data.
    Data,
}

/// An event of one attempt, or of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Deadline(u32),
    FirstSent(u32),
    Accept,
    Arrives(Segment, u32),
    Fires(Timer, u32),
    Connect(u32),
}

/// Attempts whose instants are known in advance, earliest first.
#[derive(Debug)]
struct Plan {
    instants: Vec<(u64, u32)>,
    next: usize,
}

/// Timers of equal length.
#[derive(Debug)]
struct TimerQueue {
    gap: u64,
    /// Whether the timers fire to the nanosecond.
    is_exact: bool,
    /// The slot of timers that are set now.
    slot: Slot,
    timers: VecDeque<(u64, u32, Timer)>,
}

/// All pending events.
#[derive(Debug)]
pub(super) struct EventQueue {
    connects: Plan,
    /// When clients close their sockets if they are not established.
    deadlines: Plan,
    /// When clients first send something.
    first_sent: Plan,
    accept: u64,
    timers: Timers,
    /// Sorted by gap, shortest first.
    timer_queues: Vec<TimerQueue>,
    /// The earliest timer, and its queue.
    first_timer: (u64, usize),
    wire: Wire,
    segments: VecDeque<(u64, u32, Segment)>,
}

/// The instant of what is not pending.
const NEVER: u64 = u64::MAX;

impl EventQueue {
    /// An event queue with these instants of connect(2), of deadlines, and of what clients
    /// first send.
    pub(super) fn new(
        connects: Vec<(u64, u32)>,
        deadlines: Vec<(u64, u32)>,
        first_sent: Vec<(u64, u32)>,
        link: Link,
        timers: Timers,
    ) -> Self {
        Self {
            connects: Plan::new(connects),
            deadlines: Plan::new(deadlines),
            first_sent: Plan::new(first_sent),
            accept: NEVER,
            timers,
            timer_queues: Vec::new(),
            first_timer: (NEVER, 0),
            wire: Wire::new(link),
            segments: VecDeque::new(),
        }
    }

    /// Sends a segment over the link; false if it is lost.
    #[inline]
    pub(super) fn send(&mut self, now: u64, segment: Segment, attempt: u32) -> bool {
        let arrives = self.wire.send(now);
        self.segments.extend(arrives.map(|at| (at, attempt, segment)));
        arrives.is_some()
    }

    /// The largest number of segments before another one at the link, rounded up.
    pub(super) fn longest_link_queue(&self) -> u32 {
        self.wire.longest_queue()
    }

    /// The memory of the instants of connect(2).
    pub(super) fn into_connects(self) -> Vec<(u64, u32)> {
        self.connects.instants
    }

    /// Sets a timer and returns the instant at which it fires.
    #[inline]
    pub(super) fn set(&mut self, now: u64, gap: u64, timer: Timer, attempt: u32) -> u64 {
        let is_exact = timer == Timer::FirstData;
        let number = self.timer_queue(gap, is_exact);
        let queue = &mut self.timer_queues[number];
        if now >= queue.slot.until {
            let timers = if is_exact { Timers::Exact } else { self.timers };
            queue.slot = timers.slot_of(now, gap);
        }
        let at = queue.slot.fires_at;
        queue.timers.push_back((at, attempt, timer));
        self.first_timer = self.first_timer.min((at, number));
        at
    }

    /// The queue of timers of this length.
    fn timer_queue(&mut self, gap: u64, is_exact: bool) -> usize {
        let key = (gap, is_exact);
        let key_of = |queue: &TimerQueue| (queue.gap, queue.is_exact);
        let number = self
            .timer_queues
            .iter()
            .position(|queue| key_of(queue) >= key)
            .unwrap_or(self.timer_queues.len());
        if self.timer_queues.get(number).is_none_or(|queue| key_of(queue) != key) {
            let slot = Slot { fires_at: 0, until: 0 };
            let queue = TimerQueue { gap, is_exact, slot, timers: VecDeque::new() };
            self.timer_queues.insert(number, queue);
            self.find_first_timer();
        }
        number
    }

    fn find_first_timer(&mut self) {
        let heads = self.timer_queues.iter().enumerate().filter_map(|(number, queue)| {
            let &(at, ..) = queue.timers.front()?;
            Some((at, number))
        });
        self.first_timer = heads.min().unwrap_or((NEVER, 0));
    }

    /// Wakes the server at `at`; at most one such instant may be pending.
    pub(super) fn schedule_accept(&mut self, at: u64) {
        debug_assert!(self.accept == NEVER);
        self.accept = at;
    }

    /// Removes the next event and returns it with its instant. If several sources have an
    /// event at that instant, the order of the sources decides: see the documentation of
    /// `simulator`.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<(u64, Event)> {
        let segment = self.segments.front().map_or(NEVER, |&(at, ..)| at);
        let (deadline, timer) = (self.deadlines.head(), self.first_timer.0);
        let (connect, first_sent) = (self.connects.head(), self.first_sent.head());
        let at = deadline.min(self.accept).min(timer).min(segment).min(connect).min(first_sent);
        if at == NEVER {
            return None;
        }
        let event = if deadline == at {
            Event::Deadline(self.deadlines.take())
        } else if self.accept == at {
            self.accept = NEVER;
            Event::Accept
        } else if timer == at {
            let (timer, attempt) = self.take_timer()?;
            Event::Fires(timer, attempt)
        } else if segment == at {
            let (_, attempt, segment) = self.segments.pop_front()?;
            Event::Arrives(segment, attempt)
        } else if first_sent == at {
            Event::FirstSent(self.first_sent.take())
        } else {
            Event::Connect(self.connects.take())
        };
        Some((at, event))
    }

    fn take_timer(&mut self) -> Option<(Timer, u32)> {
        let (at, number) = self.first_timer;
        let queue = &mut self.timer_queues[number].timers;
        let (_, attempt, timer) = queue.pop_front()?;
        // Most timers of a slot follow each other.
        if queue.front().is_none_or(|&(next, ..)| next != at) {
            self.find_first_timer();
        }
        Some((timer, attempt))
    }
}

impl Plan {
    fn new(mut instants: Vec<(u64, u32)>) -> Self {
        instants.sort_unstable();
        Self { instants, next: 0 }
    }

    #[inline]
    fn head(&self) -> u64 {
        self.instants.get(self.next).map_or(NEVER, |&(at, _)| at)
    }

    fn take(&mut self) -> u32 {
        let (_, attempt) = self.instants[self.next];
        self.next += 1;
        attempt
    }
}
