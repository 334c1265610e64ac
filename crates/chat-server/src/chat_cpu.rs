//! The CPU time of the server's process while its clients chat.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use linux_net::process_cpu_ns;
use worker::metrics::DeliveryCost;

/// The CPU time from the first message that was read until the first client left after it: what
/// the deliveries cost, without accepting clients before and closing them after.
#[derive(Debug, Default)]
pub(crate) struct ChatCpu {
    start_ns: OnceLock<u64>,
    end: OnceLock<DeliveryCost>,
}

impl ChatCpu {
    /// A message was read. Only the first one counts.
    pub(crate) fn begin(&self) {
        self.start_ns.get_or_init(process_cpu_ns);
    }

    /// A client leaves, or the server reports. Only the first one after a message counts.
    pub(crate) fn end(&self, deliveries: &AtomicU64) {
        if let Some(start_ns) = self.start_ns.get() {
            self.end.get_or_init(|| DeliveryCost {
                cpu_seconds: process_cpu_ns().saturating_sub(*start_ns) as f64 / 1e9,
                deliveries: deliveries.load(Relaxed),
            });
        }
    }

    /// What was measured; `None` without a message, and before the end.
    pub(crate) fn cost(&self) -> Option<DeliveryCost> {
        self.end.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_begins_and_the_next_client_that_leaves_ends() {
        let (cpu, deliveries) = (ChatCpu::default(), AtomicU64::new(3));
        cpu.end(&deliveries);
        assert_eq!(cpu.cost(), None, "no message has come");
        cpu.begin();
        let begun_ns = *cpu.start_ns.get().expect("it has begun");
        while process_cpu_ns() < begun_ns + 1_000_000 {}
        cpu.begin();
        cpu.end(&deliveries);
        let cost = cpu.cost().expect("it has ended");
        assert_eq!(cost.deliveries, 3);
        assert!(cost.cpu_seconds >= 0.001, "{cost:?}: the second message changes nothing");
        deliveries.store(5, Relaxed);
        cpu.end(&deliveries);
        assert_eq!(cpu.cost(), Some(cost), "nor does the second client");
    }
}
