//! The pending events, in their order.
//!
//! No heap is needed, because every source produces its events in order: a link with
//! constant delay delivers segments in the order in which they were sent, and timers of
//! equal length fire in the order in which they were set. The next event is the earliest
//! head of a few queues, and a million timers cost as little as ten.

use std::collections::VecDeque;

use super::nanoseconds::nanoseconds;
use super::settings::{Link, Timers};

/// A segment at its arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
    /// At the server.
    Syn,
    /// At the client.
    SynAck,
    /// At the server: an ACK, with or without data.
    Ack,
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
    /// The client sends data.
    Data,
}

/// An event of one attempt, or of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Deadline(u32),
    Accept,
    Arrives(Segment, u32),
    Fires(Timer, u32),
    Connect(u32),
}

/// Attempts whose instants are known in advance, earliest first.
#[derive(Debug)]
struct Plan {
    offset: u64,
    next: usize,
}

/// Timers of equal length.
#[derive(Debug)]
struct TimerQueue {
    gap: u64,
    timers: VecDeque<(u64, Timer, u32)>,
}

/// All pending events.
#[derive(Debug)]
pub(super) struct EventQueue {
    /// Instants of connect(2) and their attempts, earliest first.
    starts: Vec<(u64, u32)>,
    connects: Plan,
    deadlines: Option<Plan>,
    accept: Option<u64>,
    timers: Timers,
    /// Sorted by gap, shortest first.
    timer_queues: Vec<TimerQueue>,
    delay: u64,
    per_segment: u64,
    longest_wait: u64,
    link_free: u64,
    segments: VecDeque<(u64, Segment, u32)>,
}

impl EventQueue {
    /// An event queue with these `starts`, sorted by instant.
    pub(super) fn new(
        starts: Vec<(u64, u32)>,
        deadline: Option<u64>,
        link: Link,
        timers: Timers,
    ) -> Self {
        debug_assert!(starts.is_sorted());
        Self {
            starts,
            connects: Plan { offset: 0, next: 0 },
            deadlines: deadline.map(|offset| Plan { offset, next: 0 }),
            accept: None,
            timers,
            timer_queues: Vec::new(),
            delay: nanoseconds(link.delay),
            per_segment: nanoseconds(link.per_segment),
            longest_wait: nanoseconds(link.per_segment)
                .saturating_mul(u64::from(link.netdev_max_backlog)),
            link_free: 0,
            segments: VecDeque::new(),
        }
    }

    /// Sends a segment over the link; false if it is lost because too many others wait (`enqueue_to_backlog`, net/core/dev.c).
    pub(super) fn send(&mut self, now: u64, segment: Segment, attempt: u32) -> bool {
        let arrives = now.saturating_add(self.delay);
        if self.link_free.saturating_sub(arrives) > self.longest_wait {
            return false;
        }
        self.link_free = arrives.max(self.link_free).saturating_add(self.per_segment);
        self.segments.push_back((self.link_free, segment, attempt));
        true
    }

    /// Sets a timer and returns the instant at which it fires.
    pub(super) fn set(&mut self, now: u64, gap: u64, timer: Timer, attempt: u32) -> u64 {
        let at = self.timers.fires_at(now, gap);
        let queue = self
            .timer_queues
            .iter()
            .position(|queue| queue.gap >= gap)
            .unwrap_or(self.timer_queues.len());
        if self.timer_queues.get(queue).is_none_or(|queue| queue.gap != gap) {
            self.timer_queues.insert(queue, TimerQueue { gap, timers: VecDeque::new() });
        }
        self.timer_queues[queue].timers.push_back((at, timer, attempt));
        at
    }

    /// Wakes the server at `at`; at most one such instant may be pending.
    pub(super) fn schedule_accept(&mut self, at: u64) {
        debug_assert!(self.accept.is_none());
        self.accept = Some(at);
    }

    /// Removes the next event and returns it with its instant. If several sources have an
    /// event at that instant, the order of the sources decides: see the documentation of `simulator`.
    pub(super) fn next(&mut self) -> Option<(u64, Event)> {
        let mut first: Option<(u64, Source)> = None;
        let mut offer = |at: Option<u64>, source| {
            if let Some(at) = at
                && first.is_none_or(|(earliest, _)| at < earliest)
            {
                first = Some((at, source));
            }
        };
        offer(self.deadlines.as_ref().and_then(|plan| plan.head(&self.starts)), Source::Deadline);
        offer(self.accept, Source::Accept);
        for (number, queue) in self.timer_queues.iter().enumerate() {
            offer(queue.timers.front().map(|&(at, ..)| at), Source::TimerQueue(number));
        }
        offer(self.segments.front().map(|&(at, ..)| at), Source::Link);
        offer(self.connects.head(&self.starts), Source::Connect);

        let (at, source) = first?;
        let event = match source {
            Source::Deadline => Event::Deadline(self.deadlines.as_mut()?.take(&self.starts)),
            Source::Accept => {
                self.accept = None;
                Event::Accept
            }
            Source::Link => {
                let (_, segment, attempt) = self.segments.pop_front()?;
                Event::Arrives(segment, attempt)
            }
            Source::TimerQueue(number) => {
                let (_, timer, attempt) = self.timer_queues[number].timers.pop_front()?;
                Event::Fires(timer, attempt)
            }
            Source::Connect => Event::Connect(self.connects.take(&self.starts)),
        };
        Some((at, event))
    }
}

#[derive(Clone, Copy)]
enum Source {
    Deadline,
    Accept,
    Link,
    TimerQueue(usize),
    Connect,
}

impl Plan {
    fn head(&self, starts: &[(u64, u32)]) -> Option<u64> {
        starts.get(self.next).map(|&(start, _)| start.saturating_add(self.offset))
    }

    fn take(&mut self, starts: &[(u64, u32)]) -> u32 {
        let (_, attempt) = starts[self.next];
        self.next += 1;
        attempt
    }
}
