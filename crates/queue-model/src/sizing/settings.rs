//! The burst, and how many random ones show what was asked.

use std::time::Duration;

use crate::simulator::{
    Accepts, Link, ListenPath, Listener, SynCookies, SynQueueRule, Timers, USUAL_HZ,
    VETH_PER_SEGMENT,
};
use crate::syn_queue::SynQueueFull;

/// Expected number of late attempts in all bursts together, for a meaningful share.
const MIN_LATE_ATTEMPTS: f64 = 50.0;

/// The number of bursts is at least the first, if they have no more attempts than this
/// together, and at most the last, whose results take 64 MB.
const USUAL_BURSTS: f64 = 20.0;
const MAX_ATTEMPTS: f64 = 2e6;
const MAX_BURSTS: f64 = 2e6;

/// Backlogs with which most bursts have late connections are simulated with so many attempts
/// at most, as they show any share that a table prints.
const MAX_COMPARED_ATTEMPTS: f64 = 5e6;

/// A burst, and what the server should make of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurstSettings {
    /// Arrivals per second; their intervals are random.
    pub arrival_rate: f64,
    /// Number of connections.
    pub connections: u32,
    /// Connections per second that the server accepts while connections wait.
    pub accept_rate: f64,
    /// The time from a SYN-ACK to the client's ACK.
    pub round_trip: Duration,
    /// Share of connections that may be late: that may need to retransmit their SYN, or find
    /// the accept queue full with their ACK.
    pub max_late_share: f64,
    /// When the kernel considers its SYN queue full.
    pub syn_queue_full: SynQueueFull,
    /// The kernel's ticks per second, if known.
    pub hz: Option<u32>,
    /// Seed of the random arrivals.
    pub seed: u64,
}

/// `tcp_syncookies`, as far as it matters for a burst of clients that all answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cookies {
    /// 1, the kernel's default: a full SYN queue drops nothing.
    WhenFull,
    /// 0.
    Never,
}

impl BurstSettings {
    /// The smallest share of late connections that so many bursts of this length as are
    /// simulated at most can show.
    pub fn smallest_share(&self) -> f64 {
        MIN_LATE_ATTEMPTS / MAX_BURSTS / f64::from(self.connections)
    }

    /// The number of bursts: as many as a meaningful share of late attempts needs.
    pub(super) fn bursts(&self) -> usize {
        let connections = f64::from(self.connections);
        let required = MIN_LATE_ATTEMPTS / self.max_late_share / connections;
        let usual = (MAX_ATTEMPTS / connections).clamp(1.0, USUAL_BURSTS);
        required.max(usual).ceil().min(MAX_BURSTS) as usize
    }

    /// The number of bursts, at least one, that are simulated with a backlog that is only
    /// compared with the answer.
    pub(super) fn compared_bursts(&self) -> usize {
        let most = MAX_COMPARED_ATTEMPTS / f64::from(self.connections);
        self.bursts().min((most as usize).max(1))
    }

    pub(super) fn timers(&self) -> Timers {
        Timers::Wheel { hz: self.hz.unwrap_or(USUAL_HZ) }
    }

    /// 1 if the kernel considers a SYN queue full that has reached its limit.
    pub(super) fn older_rule(&self) -> u32 {
        u32::from(self.syn_queue_full == SynQueueFull::AtOrAbove)
    }

    /// The most connections that a SYN queue with this limit holds.
    pub(super) fn held_half_open(&self, limit: u32) -> u32 {
        limit.saturating_add(1) - self.older_rule()
    }

    pub(super) fn path(&self, backlog: u32, cookies: Cookies) -> ListenPath {
        ListenPath {
            listener: Listener {
                limit: backlog,
                max_syn_backlog: i32::MAX,
                syncookies: match cookies {
                    Cookies::WhenFull => SynCookies::WhenFull,
                    Cookies::Never => SynCookies::Off,
                },
                syn_queue_rule: match self.syn_queue_full {
                    SynQueueFull::Above => SynQueueRule::MoreThanLimit,
                    SynQueueFull::AtOrAbove => SynQueueRule::AtLimit,
                },
                ..Listener::default()
            },
            link: Link {
                delay: self.round_trip / 2,
                per_segment: VETH_PER_SEGMENT,
                ..Link::default()
            },
            accepts: Accepts::Every {
                service: Duration::from_secs_f64(1.0 / self.accept_rate),
                from_ns: 0,
            },
            timers: self.timers(),
            ..ListenPath::default()
        }
    }
}
