//! How long segments wait at the link.

use super::nanoseconds::nanoseconds;
use super::settings::Link;

/// The link, which handles one segment after the other.
#[derive(Debug)]
pub(super) struct Wire {
    delay: u64,
    per_segment: u64,
    longest_wait: u64,
    /// When it has handled all segments that were sent.
    free: u64,
    /// The longest time that a segment waited.
    longest_wait_seen: u64,
}

impl Wire {
    pub(super) fn new(link: Link) -> Self {
        let per_segment = nanoseconds(link.per_segment);
        Self {
            delay: nanoseconds(link.delay),
            per_segment,
            longest_wait: per_segment.saturating_mul(u64::from(link.netdev_max_backlog)),
            free: 0,
            longest_wait_seen: 0,
        }
    }

    /// When a segment arrives that is sent now; `None` if it is lost because too many others
    /// wait (`enqueue_to_backlog`, net/core/dev.c).
    #[inline(always)]
    pub(super) fn send(&mut self, now: u64) -> Option<u64> {
        let arrives = now.saturating_add(self.delay);
        let wait = self.free.saturating_sub(arrives);
        if wait > self.longest_wait {
            return None;
        }
        self.longest_wait_seen = self.longest_wait_seen.max(wait);
        self.free = arrives.max(self.free).saturating_add(self.per_segment);
        Some(self.free)
    }

    /// The largest number of segments before another one, rounded up.
    pub(super) fn longest_queue(&self) -> u32 {
        let segments = self.longest_wait_seen.div_ceil(self.per_segment.max(1));
        segments.try_into().unwrap_or(u32::MAX)
    }
}
