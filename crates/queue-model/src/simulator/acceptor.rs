//! When the server accepts a connection.

use super::nanoseconds::nanoseconds;
use super::settings::Accepts;

/// A server's accept loop.
#[derive(Debug)]
pub(super) struct Acceptor<'a> {
    pace: Pace<'a>,
    /// Connections that it would accept now if they were queued.
    idle: usize,
}

#[derive(Debug)]
enum Pace<'a> {
    Service(u64),
    Instants(std::slice::Iter<'a, u64>),
}

impl<'a> Acceptor<'a> {
    /// The loop, and the instant of its first accept(2).
    pub(super) fn new(accepts: &'a Accepts) -> (Self, Option<u64>) {
        let (pace, first) = match accepts {
            Accepts::Never => (Pace::Instants([].iter()), None),
            Accepts::Every { service, from_ns } => {
                (Pace::Service(nanoseconds(*service)), Some(*from_ns))
            }
            Accepts::At(instants) => {
                let mut instants = instants.iter();
                let first = instants.next().copied();
                (Pace::Instants(instants), first)
            }
        };
        (Self { pace, idle: 0 }, first)
    }

    /// Handles its instant. Returns the next one, unless that depends on the queue.
    pub(super) fn wake(&mut self) -> Option<u64> {
        self.idle += 1;
        match &mut self.pace {
            Pace::Service(_) => None,
            Pace::Instants(instants) => instants.next().copied(),
        }
    }

    /// Whether it would accept a connection now.
    pub(super) fn is_idle(&self) -> bool {
        self.idle > 0
    }

    /// Accepts a connection. Returns the instant of the next accept(2), if that depends on
    /// this one.
    pub(super) fn take(&mut self, now: u64) -> Option<u64> {
        self.idle -= 1;
        match self.pace {
            Pace::Service(service) => Some(now.saturating_add(service)),
            Pace::Instants(_) => None,
        }
    }
}
