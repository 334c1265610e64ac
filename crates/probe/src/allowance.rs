//! What CPU time a probe may use, and for what.

/// What is given out of the share. The rest is for what nobody plans: a look
/// that costs more than the credit left, interrupts charged to whoever runs.
const GIVEN_OUT: f64 = 0.95;

/// The part of it that walks of the table of connections get, however dear the
/// looks at the listeners are: without it nobody would know when a state began
/// and ended.
const OF_WALKS: f64 = 1.0 / 3.0;

/// CPU nanoseconds that looks have at the beginning, and the most that they save
/// up.
const LOOKS_CREDIT_NS: f64 = 3e5;

/// CPU nanoseconds that looks can owe: one bad moment is paid for, but not for
/// ever.
const LOOKS_DEBT_NS: f64 = 2e6;

/// The most CPU nanoseconds that walks save up.
const WALKS_CREDIT_NS: f64 = 2e6;

/// At most so many ticks from one look to the next, on a machine too slow for
/// more.
const MOST_STRIDE: u64 = 8;

/// CPU time that a probe may use: a share of the time, in two token buckets. Up
/// to the stride's limit, looks and walks together keep within the share over
/// any stretch in which it is worth more than a walk or two.
#[derive(Debug)]
pub(crate) struct Allowance {
    looks: Bucket,
    walks: Bucket,
    /// What the last walk cost, CPU nanoseconds.
    walk_cost_ns: u64,
    /// Ticks from one look to the next.
    stride: u64,
    began_cpu_ns: u64,
    /// As of the last account.
    at_ns: u64,
    cpu_ns: u64,
    /// What walks cost since.
    walked_ns: u64,
}

#[derive(Debug)]
struct Bucket {
    /// CPU nanoseconds a nanosecond.
    rate: f64,
    /// CPU nanoseconds; below 0 what is owed.
    credit_ns: f64,
}

impl Bucket {
    fn earn(&mut self, passed_ns: u64, most_ns: f64) {
        self.credit_ns = (self.credit_ns + self.rate * passed_ns as f64).min(most_ns);
    }
}

impl Allowance {
    /// Begins now.
    pub(crate) fn beginning(share: f64, now_ns: u64, cpu_ns: u64) -> Self {
        let given_out = share * GIVEN_OUT;
        let looks_rate = given_out * (1.0 - OF_WALKS);
        Self {
            looks: Bucket { rate: looks_rate, credit_ns: LOOKS_CREDIT_NS },
            walks: Bucket { rate: given_out * OF_WALKS, credit_ns: 0.0 },
            walk_cost_ns: 0,
            stride: 1,
            began_cpu_ns: cpu_ns,
            at_ns: now_ns,
            cpu_ns,
            walked_ns: 0,
        }
    }

    /// CPU time used since the beginning, nanoseconds.
    pub(crate) fn used_ns(&self, cpu_ns: u64) -> u64 {
        cpu_ns.saturating_sub(self.began_cpu_ns)
    }

    /// Ticks until the next look: twice as many, up to 8, after each that left
    /// looks in debt.
    pub(crate) fn stride(&self) -> u64 {
        self.stride
    }

    /// Whether a walk as dear as the last can be paid.
    pub(crate) fn allows_walk(&self) -> bool {
        self.walks.credit_ns >= self.walk_price_ns()
    }

    /// A walk cost so much CPU time.
    pub(crate) fn walked(&mut self, cost_ns: u64) {
        self.walk_cost_ns = cost_ns;
        self.walked_ns += cost_ns;
        self.walks.credit_ns -= cost_ns as f64;
    }

    /// The time that has passed since the last account is earned, and what was
    /// used meanwhile, walks aside, charged to the looks.
    pub(crate) fn account(&mut self, now_ns: u64, cpu_ns: u64) {
        let passed_ns = now_ns.saturating_sub(self.at_ns);
        let used_ns = cpu_ns.saturating_sub(self.cpu_ns + self.walked_ns);
        (self.at_ns, self.cpu_ns, self.walked_ns) = (now_ns, cpu_ns, 0);
        self.walks.earn(passed_ns, self.walk_price_ns());
        self.looks.earn(passed_ns, LOOKS_CREDIT_NS);
        self.looks.credit_ns = (self.looks.credit_ns - used_ns as f64).max(-LOOKS_DEBT_NS);
        self.stride = match self.looks.credit_ns < 0.0 {
            true => (self.stride * 2).min(MOST_STRIDE),
            false => (self.stride / 2).max(1),
        };
    }

    /// That of the next walk and, for it cannot be left out, that of the last.
    /// Walks save no more than this.
    fn walk_price_ns(&self) -> f64 {
        (2.0 * self.walk_cost_ns as f64).min(WALKS_CREDIT_NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: u64 = 1_000;
    const MS: u64 = 1_000_000;
    const SHARE: f64 = 0.03;

    /// What a simulated probe did.
    struct Used {
        /// CPU nanoseconds used until the end of each millisecond.
        until: Vec<u64>,
        /// Milliseconds in which there was a walk.
        walks: Vec<u64>,
        looks: usize,
    }

    /// A probe that ticks each millisecond, first and last sample as it has them.
    fn simulate(
        ms: u64,
        mut look_ns: impl FnMut(u64) -> u64,
        walk_ns: impl Fn(u64) -> u64,
    ) -> Used {
        let mut allowance = Allowance::beginning(SHARE, 0, 5 * MS);
        let mut used = Used { until: Vec::new(), walks: Vec::new(), looks: 0 };
        let (mut cpu, mut due) = (5 * MS, 0);
        for tick in 0..=ms {
            if tick >= due || tick == ms {
                if tick == 0 || tick == ms || allowance.allows_walk() {
                    cpu += walk_ns(tick);
                    allowance.walked(walk_ns(tick));
                    used.walks.push(tick);
                }
                cpu += look_ns(tick);
                used.looks += 1;
                allowance.account(tick * MS, cpu);
                due = tick + allowance.stride();
            }
            used.until.push(allowance.used_ns(cpu));
        }
        used
    }

    /// A different number for each, below `below`.
    fn scattered(number: u64, below: u64) -> u64 {
        let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 33) % below
    }

    #[test]
    fn whatever_looks_and_walks_cost_the_share_is_kept() {
        for case in 0..200 {
            let ms = 300 + scattered(case, 2_700);
            let (look_us, walk_us) = (3 + scattered(case + 1_000, 60), 10 + scattered(case, 400));
            // Some stretches are quiet, and others dear.
            let look = |tick: u64| match tick / 500 % 2 {
                0 => (look_us + scattered(tick, look_us)) * US,
                _ => look_us * US / 4,
            };
            let used = simulate(ms, look, |tick| (walk_us + scattered(tick, 30)) * US);
            let kept = |from: usize, to: usize| {
                let before = if from == 0 { 0 } else { used.until[from] };
                let (cpu, time) = (used.until[to] - before, (to - from) as f64 * MS as f64);
                assert!(
                    cpu as f64 <= SHARE * time,
                    "{cpu} ns in {from} to {to} ms; looks {look_us} us, walks {walk_us} us"
                );
            };
            let end = used.until.len() - 1;
            kept(0, end);
            (1..end).filter(|from| from + 1_000 <= end).for_each(|from| kept(from, from + 1_000));
        }
    }

    #[test]
    fn a_walk_comes_when_it_is_paid_however_dear_looks_are() {
        for look_us in [1, 200] {
            let used = simulate(2_000, |_| look_us * US, |_| MS);
            // A hundredth of the time, less what is kept back; and 8 ticks at most.
            let gaps: Vec<_> = used.walks.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let [first, between @ .., _] = &gaps[..] else { panic!("{gaps:?}") };
            assert!((300..=330).contains(first), "its own, the next and the last: {gaps:?}");
            assert!(between.iter().all(|gap| (98..=114).contains(gap)), "{gaps:?}");
        }
        // One that is very dear is paid before the next, but not saved for twice.
        let used = simulate(4_000, |_| US, |tick| if tick == 0 { 20 * MS } else { MS });
        assert!((2_000..2_400).contains(&used.walks[1]), "{:?}", used.walks);
    }

    #[test]
    fn a_quiet_time_is_not_saved_up() {
        let used = simulate(2_000, |_| US, |tick| if tick < 1_000 { 100 * US } else { 20 * US });
        let gaps: Vec<_> = used.walks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let early = gaps.iter().filter(|gap| **gap < 3).count();
        assert!(early <= 2, "one where they become cheaper, and the last: {gaps:?}");
    }

    #[test]
    fn looks_that_are_too_dear_are_left_out_and_come_back() {
        assert_eq!(simulate(1_000, |_| 10 * US, |_| US).looks, 1_001, "all");
        let halved = simulate(1_000, |_| 40 * US, |_| US).looks;
        assert!((450..550).contains(&halved), "{halved}");
        assert_eq!(simulate(800, |_| 900 * US, |_| US).looks, 103, "each eighth: 1, 2 and 4 first");
        let look = |tick| if tick < 100 { 900 * US } else { 5 * US };
        let recovered = simulate(1_000, look, |_| US).looks;
        assert!(recovered > 700, "{recovered}: 2 ms are paid in 100");
    }
}
