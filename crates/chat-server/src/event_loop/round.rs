//! What the clients of a loop share in one of its rounds.

use std::time::Duration;

use nix::sys::socket::MsgFlags;

use crate::context::Context;
use crate::counters::Counters;
use crate::settings::{ServerSettings, WhenFull};
use crate::sigpipe::Sigpipe;

/// The times of a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// CLOCK_MONOTONIC.
    pub(crate) now_ns: u64,
    /// How long the loop has not read from any client so far: the clock of its reading stood.
    pub(crate) held_ns: u64,
}

impl Clock {
    /// The clock of the loop's reading.
    pub(crate) fn reading_ns(self) -> u64 {
        self.now_ns - self.held_ns
    }
}

/// What a write needs to know.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) flags: i32,
    /// 0 is endless.
    pub(crate) timeout: Duration,
    /// Bytes that may wait for a client.
    pub(crate) most_waiting: u64,
    pub(crate) when_full: WhenFull,
}

impl Writing {
    pub(crate) fn new(settings: &ServerSettings, most_waiting: u64) -> Self {
        let signal = match settings.sigpipe {
            Sigpipe::Ignore => MsgFlags::MSG_NOSIGNAL,
            Sigpipe::Default => MsgFlags::empty(),
        };
        Self {
            flags: (MsgFlags::MSG_DONTWAIT | signal).bits(),
            timeout: settings.write_timeout,
            most_waiting,
            when_full: settings.when_full,
        }
    }
}

/// One round of a loop.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    pub(crate) context: &'a Context,
    pub(crate) writing: &'a Writing,
    pub(crate) clock: Clock,
    /// What has been written; it is counted when the round ends.
    pub(crate) deliveries: u64,
    pub(crate) bytes_out: u64,
}

impl<'a> Round<'a> {
    pub(crate) fn new(context: &'a Context, writing: &'a Writing, clock: Clock) -> Self {
        Self { context, writing, clock, deliveries: 0, bytes_out: 0 }
    }

    pub(crate) fn counters(&self) -> &'a Counters {
        &self.context.counters
    }

    pub(crate) fn now_ns(&self) -> u64 {
        self.clock.now_ns
    }

    /// Counts what has been written.
    pub(crate) fn count(self) {
        Counters::add(&self.counters().deliveries, self.deliveries);
        Counters::add(&self.counters().bytes_out, self.bytes_out);
    }
}
