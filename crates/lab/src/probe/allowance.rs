//! How often the table of connections may be walked.

use std::time::Duration;

/// The part of the share that walks get, however dear the looks are: without it
/// nobody would know when a state began and ended.
const OF_WALKS: f64 = 1.0 / 3.0;

/// However dear a walk is, there is one now and then.
const LONGEST_WITHOUT: Duration = Duration::from_millis(500);

/// CPU nanoseconds that looks may be ahead of their share: those of the first
/// moments, in which a trial's burst comes, are never spared.
const AHEAD_NS: f64 = 2e6;

/// CPU time that a probe may use: a share of the time since it began. What the
/// looks at the listeners leave of it, walks of the table of connections get.
#[derive(Debug)]
pub(super) struct Allowance {
    share: f64,
    began_ns: u64,
    began_cpu_ns: u64,
    /// What the last walk cost, CPU nanoseconds.
    cost_ns: u64,
    walked_ns: u64,
    /// Before this the next cannot be affordable.
    not_before_ns: u64,
}

impl Allowance {
    /// Begins now, with a walk about to be made.
    pub(super) fn beginning(share: f64, now_ns: u64, cpu_ns: u64) -> Self {
        Self {
            share,
            began_ns: now_ns,
            began_cpu_ns: cpu_ns,
            cost_ns: 0,
            walked_ns: now_ns,
            not_before_ns: now_ns,
        }
    }

    /// CPU time used since the beginning, nanoseconds.
    pub(super) fn used_ns(&self, cpu_ns: u64) -> u64 {
        cpu_ns.saturating_sub(self.began_cpu_ns)
    }

    /// Whether a walk as dear as the last keeps within the share. `cpu_ns` is
    /// only asked where the answer is open: that is a system call of its own.
    pub(super) fn allows(&mut self, now_ns: u64, cpu_ns: impl FnOnce() -> u64) -> bool {
        let without_ns = now_ns.saturating_sub(self.walked_ns);
        let earned_ns = self.cost_ns as f64 / (self.share * OF_WALKS);
        if without_ns as f64 >= earned_ns.min(LONGEST_WITHOUT.as_nanos() as f64) {
            return true;
        }
        if now_ns >= self.not_before_ns {
            let needed_ns = (self.used_ns(cpu_ns()) + self.cost_ns) as f64;
            self.not_before_ns = self.began_ns + (needed_ns / self.share) as u64;
        }
        now_ns >= self.not_before_ns
    }

    /// Whether looks alone have used more than the share: on a busy machine each
    /// can cost three times as much as on a quiet one.
    pub(super) fn is_overdrawn(&self, now_ns: u64, cpu_ns: u64) -> bool {
        let affordable = self.share * now_ns.saturating_sub(self.began_ns) as f64;
        self.used_ns(cpu_ns) as f64 > affordable + AHEAD_NS
    }

    /// A walk was made, and cost so much CPU time.
    pub(super) fn walked(&mut self, now_ns: u64, cost_ns: u64) {
        self.walked_ns = now_ns;
        self.cost_ns = cost_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn dear_walks_are_rare_and_the_share_is_kept() {
        let mut allowance = Allowance::beginning(0.03, 0, 5 * MS);
        let (mut cpu, mut walks) = (5 * MS, 0);
        for now in (0..2_000).map(|tick| tick * MS) {
            // A look takes 1 % of the time, a walk 1 ms.
            cpu += MS / 100;
            if allowance.allows(now, || cpu) {
                (cpu, walks) = (cpu + MS, walks + 1);
                allowance.walked(now, MS);
            }
        }
        // 60 ms in all, of which the looks took 20.
        assert!(allowance.used_ns(cpu) <= 62 * MS, "{cpu}");
        assert!((38..=42).contains(&walks), "{walks}");
    }

    #[test]
    fn dear_looks_overdraw_after_a_while() {
        let allowance = Allowance::beginning(0.03, 0, 0);
        // 4 % of the time: 1 % too much comes to 2 ms in 200.
        let is_overdrawn = |now: u64| allowance.is_overdrawn(now * MS, now * MS / 25);
        assert!(!is_overdrawn(1) && !is_overdrawn(199) && is_overdrawn(201));
    }

    #[test]
    fn where_looks_alone_take_all_walks_get_a_third_of_the_share() {
        let mut allowance = Allowance::beginning(0.03, 0, 0);
        let mut walks = Vec::new();
        for now in (1..=1_199).map(|tick| tick * MS) {
            if allowance.allows(now, || now) {
                allowance.walked(now, MS);
                walks.push(now / MS);
            }
        }
        let gaps: Vec<_> = walks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(walks.len() >= 11 && gaps.iter().all(|gap| (100..=101).contains(gap)), "{walks:?}");
    }
}
