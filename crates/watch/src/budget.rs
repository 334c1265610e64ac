//! The CPU time that a task may use.

/// How many of its own costs a task may have saved.
const MAX_SAVED: f64 = 2.0;

/// A share of one CPU for one kind of task, as a token bucket: over a long time the task uses no
/// more than that, however expensive one turn is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// 1 for one CPU.
    share: f64,
    /// CPU nanoseconds; negative after a turn that cost more than was saved.
    credit_ns: f64,
    /// Cost of the last turn.
    last_cost_ns: u64,
    earned_at_ns: u64,
}

impl Budget {
    /// Starts now, with nothing saved.
    pub(crate) fn new(share: f64, now_ns: u64) -> Self {
        Self { share, credit_ns: 0.0, last_cost_ns: 0, earned_at_ns: now_ns }
    }

    /// Whether a turn may begin: what was used before is paid.
    pub(crate) fn allows(&mut self, now_ns: u64) -> bool {
        let passed_ns = now_ns.saturating_sub(self.earned_at_ns) as f64;
        self.earned_at_ns = now_ns;
        let max = MAX_SAVED * self.last_cost_ns as f64;
        self.credit_ns = (self.credit_ns + passed_ns * self.share).min(max);
        self.credit_ns >= 0.0
    }

    /// Changes the share, from now on.
    pub(crate) fn set_share(&mut self, share: f64) {
        self.share = share;
    }

    /// Charges a turn.
    pub(crate) fn charge(&mut self, cost_ns: u64) {
        self.last_cost_ns = cost_ns;
        self.credit_ns -= cost_ns as f64;
    }

    /// Time until a turn may begin, nanoseconds from the last [`Budget::allows`].
    pub(crate) fn wait_ns(&self) -> u64 {
        if self.credit_ns >= 0.0 { 0 } else { (-self.credit_ns / self.share).ceil() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_uses_its_share_over_a_long_time() {
        for cost_ns in [1_000, 300_000, 40_000_000, 2_000_000_000] {
            let mut budget = Budget::new(0.01, 0);
            let (mut now_ns, mut used_ns) = (0, 0);
            while now_ns < 1_000_000_000_000 {
                if budget.allows(now_ns) {
                    budget.charge(cost_ns);
                    used_ns += cost_ns;
                    now_ns += cost_ns;
                }
                now_ns += budget.wait_ns().max(1_000_000);
            }
            let share = used_ns as f64 / now_ns as f64;
            assert!(share <= 0.01 + 3.0 * cost_ns as f64 / now_ns as f64, "{cost_ns}: {share}");
            // Not less either, if the interval of 1 ms does not limit it.
            let most = (cost_ns as f64 / 1e6).min(0.01);
            assert!(share >= 0.9 * most, "{cost_ns}: {share}");
        }
    }

    #[test]
    fn the_first_turn_is_free_and_an_expensive_one_is_waited_for() {
        let mut budget = Budget::new(0.5, 7);
        assert!(budget.allows(7));
        budget.charge(100);
        assert_eq!(budget.wait_ns(), 200);
        assert!(!budget.allows(206) && budget.allows(207));
    }
}
