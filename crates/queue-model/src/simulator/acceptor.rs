//! When the server takes a connection.

use super::nanoseconds::nanoseconds;
use super::settings::Accepts;

/// A server's accept loop.
#[derive(Debug)]
pub(super) struct Acceptor<'a> {
    pace: Pace<'a>,
    /// Connections that it would take now if they were there.
    idle: usize,
}

#[derive(Debug)]
enum Pace<'a> {
    Service(u64),
    Instants(std::slice::Iter<'a, u64>),
}

impl<'a> Acceptor<'a> {
    /// The loop, and the instant at which it first looks at its queue.
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

    /// Its instant has come; the next one, where that does not depend on
    /// whether anybody is queued.
    pub(super) fn wake(&mut self) -> Option<u64> {
        self.idle += 1;
        match &mut self.pace {
            Pace::Service(_) => None,
            Pace::Instants(instants) => instants.next().copied(),
        }
    }

    /// It would take a connection now.
    pub(super) fn is_idle(&self) -> bool {
        self.idle > 0
    }

    /// It takes one; the instant at which it looks again, where that depends
    /// on this one.
    pub(super) fn take(&mut self, now: u64) -> Option<u64> {
        self.idle -= 1;
        match self.pace {
            Pace::Service(service) => Some(now.saturating_add(service)),
            Pace::Instants(_) => None,
        }
    }
}
