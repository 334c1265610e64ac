//! A burst of which nothing is dropped or retransmitted, without the state of each attempt.
//!
//! Such attempts pass each stage in the order of their starts, so their positions in the
//! queues are enough: this takes a fraction of the time of a simulation.

use super::nanoseconds::nanoseconds;
use super::result::Summary;
use super::settings::{Accepts, ListenPath, SECOND};
use super::wire::Wire;
use super::world::NEVER;

/// The segments of a handshake, as the lowest bits of [`Link::segments`].
const SYN: u64 = 0;
const SYN_ACK: u64 = 1;
const ACK: u64 = 2;
const STAGE_BITS: u32 = 2;

/// The link with its segments.
struct Link<'a> {
    wire: Wire,
    /// A ring with a power of two of places, at least one for each attempt: none has two
    /// segments at once. Each is the instant of its arrival and its stage.
    segments: &'a mut [u64],
    first: usize,
    end: usize,
}

impl Link<'_> {
    /// Sends a segment; `None` if it is lost, or there is no room for its arrival.
    #[inline(always)]
    fn send(&mut self, now: u64, stage: u64) -> Option<()> {
        let arrives = self.wire.send(now).filter(|&at| at < LONGEST)?;
        let place = self.end & (self.segments.len() - 1);
        self.segments[place] = arrives << STAGE_BITS | stage;
        self.end += 1;
        Some(())
    }

    /// When the next segment arrives, and its stage; [`NEVER`] without one.
    #[inline(always)]
    fn head(&self) -> (u64, u64) {
        if self.first == self.end {
            return (NEVER, ACK);
        }
        let segment = self.segments[self.first & (self.segments.len() - 1)];
        (segment >> STAGE_BITS, segment & ((1 << STAGE_BITS) - 1))
    }
}

/// Later instants, of more than 70 years, have no room beside a stage.
const LONGEST: u64 = u64::MAX >> (STAGE_BITS + 1);

/// The accept queue of a server that accepts one connection after the other.
struct AcceptQueue {
    service: u64,
    /// When the server can accept again; [`NEVER`] while it waits for a connection.
    next_accept: u64,
    len: u32,
    deepest: u32,
}

impl AcceptQueue {
    #[inline(always)]
    fn add(&mut self, now: u64) {
        // accept(2) comes before a segment of the same instant.
        while self.next_accept <= now {
            match self.len.checked_sub(1) {
                Some(len) => {
                    self.len = len;
                    self.next_accept = self.next_accept.saturating_add(self.service);
                }
                None => self.next_accept = NEVER,
            }
        }
        if self.next_accept == NEVER {
            self.next_accept = now.saturating_add(self.service);
        } else {
            self.len += 1;
            self.deepest = self.deepest.max(self.len);
        }
    }
}

/// Memory of earlier bursts.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Vec<u64>);

/// What a simulation of live clients has for its summary, if nothing is dropped or
/// retransmitted: `starts` ascend, the limits of `path` drop nothing, and its server accepts one
/// connection after the other. `None` if the link loses a segment, or a handshake takes a
/// second, after which timers fire.
pub(crate) fn undisturbed(
    path: &ListenPath,
    starts: &[u64],
    memory: &mut InFlight,
) -> Option<Summary> {
    let Accepts::Every { service, from_ns } = path.accepts else { return None };
    memory.0.resize(starts.len().next_power_of_two(), 0);
    let mut link = Link { wire: Wire::new(path.link), segments: &mut memory.0, first: 0, end: 0 };
    let mut queue =
        AcceptQueue { service: nanoseconds(service), next_accept: from_ns, len: 0, deepest: 0 };
    let (mut half_open, mut most_half_open, mut worst_wait) = (0_u32, 0, 0);
    let mut connects = starts.iter().copied();
    let mut next_connect = connects.next().unwrap_or(NEVER);
    let mut waiting = starts.iter().copied();
    loop {
        let (at, stage) = link.head();
        // Segments come before connect(2) calls of the same instant.
        if next_connect < at {
            link.send(next_connect, SYN)?;
            next_connect = connects.next().unwrap_or(NEVER);
            continue;
        }
        if at == NEVER {
            break;
        }
        link.first += 1;
        match stage {
            SYN => {
                half_open += 1;
                most_half_open = half_open.max(most_half_open);
                link.send(at, SYN_ACK)?;
            }
            SYN_ACK => link.send(at, ACK)?,
            _ => {
                half_open -= 1;
                worst_wait = (at - waiting.next().unwrap_or(at)).max(worst_wait);
                queue.add(at);
            }
        }
    }
    (worst_wait < SECOND).then(|| Summary {
        late: 0,
        worst_wait_ns: worst_wait,
        accept_queue: queue.deepest,
        syn_queue: most_half_open,
        link_queue: link.wire.longest_queue(),
    })
}

impl Summary {
    /// Whether the timers of this burst had no effect.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.late == 0 && self.worst_wait_ns < SECOND
    }
}
