//! The CPU time that a probe may use, for samples and for scans.

/// Usable part of the share. The rest is a reserve: for a sample that costs more
/// than the remaining credit, and for interrupts charged to this process.
const USABLE_SHARE: f64 = 0.95;

/// Part of it that is reserved for scans of all connections, however expensive the
/// samples of the listeners are: scans show when a state begins and ends.
const SCAN_SHARE: f64 = 1.0 / 3.0;

/// Initial and maximum credit of samples, CPU nanoseconds.
const SAMPLES_CREDIT_NS: f64 = 3e5;

/// Maximum debt of samples, CPU nanoseconds: one expensive sample must not stop
/// sampling for long.
const SAMPLES_DEBT_NS: f64 = 2e6;

/// Maximum credit of scans, CPU nanoseconds.
const SCANS_CREDIT_NS: f64 = 2e6;

/// Maximum number of ticks from one sample to the next, on a slow machine.
const MAX_STRIDE: u64 = 8;

/// The CPU time that a probe may use, in two token buckets. Up to the maximum
/// stride, samples and scans together keep to the share over any period in which
/// the share is more than the cost of two scans.
#[derive(Debug)]
pub(crate) struct Allowance {
    samples: Bucket,
    scans: Bucket,
    /// Cost of the last scan, CPU nanoseconds.
    scan_cost_ns: u64,
    /// Ticks from one sample to the next.
    stride: u64,
    began_cpu_ns: u64,
    /// Time of the last accounting.
    at_ns: u64,
    cpu_ns: u64,
    /// Cost of the scans since then.
    scanned_ns: u64,
}

#[derive(Debug)]
struct Bucket {
    /// CPU nanoseconds per nanosecond.
    rate: f64,
    /// CPU nanoseconds; negative if in debt.
    credit_ns: f64,
}

impl Bucket {
    fn earn(&mut self, passed_ns: u64, max_ns: f64) {
        self.credit_ns = (self.credit_ns + self.rate * passed_ns as f64).min(max_ns);
    }
}

impl Allowance {
    /// Starts now.
    pub(crate) fn new(share: f64, now_ns: u64, cpu_ns: u64) -> Self {
        let usable = share * USABLE_SHARE;
        let samples_rate = usable * (1.0 - SCAN_SHARE);
        Self {
            samples: Bucket { rate: samples_rate, credit_ns: SAMPLES_CREDIT_NS },
            scans: Bucket { rate: usable * SCAN_SHARE, credit_ns: 0.0 },
            scan_cost_ns: 0,
            stride: 1,
            began_cpu_ns: cpu_ns,
            at_ns: now_ns,
            cpu_ns,
            scanned_ns: 0,
        }
    }

    /// CPU time used since the start, nanoseconds.
    pub(crate) fn used_ns(&self, cpu_ns: u64) -> u64 {
        cpu_ns.saturating_sub(self.began_cpu_ns)
    }

    /// Ticks until the next sample: doubled, up to 8, by each sample that leaves a
    /// debt.
    pub(crate) fn stride(&self) -> u64 {
        self.stride
    }

    /// Whether the credit allows a scan as expensive as the last one.
    pub(crate) fn allows_scan(&self) -> bool {
        self.scans.credit_ns >= self.scan_price_ns()
    }

    /// Charges a scan with this CPU time.
    pub(crate) fn add_scan(&mut self, cost_ns: u64) {
        self.scan_cost_ns = cost_ns;
        self.scanned_ns += cost_ns;
        self.scans.credit_ns -= cost_ns as f64;
    }

    /// Adds the credit for the time since the last accounting, and charges the CPU
    /// time used in it, except by scans, to the samples.
    pub(crate) fn account(&mut self, now_ns: u64, cpu_ns: u64) {
        let passed_ns = now_ns.saturating_sub(self.at_ns);
        let used_ns = cpu_ns.saturating_sub(self.cpu_ns + self.scanned_ns);
        (self.at_ns, self.cpu_ns, self.scanned_ns) = (now_ns, cpu_ns, 0);
        self.scans.earn(passed_ns, self.scan_price_ns());
        self.samples.earn(passed_ns, SAMPLES_CREDIT_NS);
        self.samples.credit_ns = (self.samples.credit_ns - used_ns as f64).max(-SAMPLES_DEBT_NS);
        self.stride = match self.samples.credit_ns < 0.0 {
            true => (self.stride * 2).min(MAX_STRIDE),
            false => (self.stride / 2).max(1),
        };
    }

    /// Price of the next scan and of the last one, which cannot be skipped; maximum
    /// credit of scans.
    fn scan_price_ns(&self) -> f64 {
        (2.0 * self.scan_cost_ns as f64).min(SCANS_CREDIT_NS)
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
        /// Milliseconds in which there was a scan.
        scans: Vec<u64>,
        samples: usize,
    }

    /// A probe that ticks each millisecond; its first and last samples are full.
    fn simulate(
        ms: u64,
        mut sample_ns: impl FnMut(u64) -> u64,
        scan_ns: impl Fn(u64) -> u64,
    ) -> Used {
        let mut allowance = Allowance::new(SHARE, 0, 5 * MS);
        let mut used = Used { until: Vec::new(), scans: Vec::new(), samples: 0 };
        let (mut cpu, mut due) = (5 * MS, 0);
        for tick in 0..=ms {
            if tick >= due || tick == ms {
                if tick == 0 || tick == ms || allowance.allows_scan() {
                    cpu += scan_ns(tick);
                    allowance.add_scan(scan_ns(tick));
                    used.scans.push(tick);
                }
                cpu += sample_ns(tick);
                used.samples += 1;
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
    fn the_share_is_never_exceeded_at_any_cost_of_samples_and_scans() {
        for case in 0..200 {
            let ms = 300 + scattered(case, 2_700);
            let (sample_us, scan_us) = (3 + scattered(case + 1_000, 60), 10 + scattered(case, 400));
            // Some periods are quiet, and others expensive.
            let sample = |tick: u64| match tick / 500 % 2 {
                0 => (sample_us + scattered(tick, sample_us)) * US,
                _ => sample_us * US / 4,
            };
            let used = simulate(ms, sample, |tick| (scan_us + scattered(tick, 30)) * US);
            let check = |from: usize, to: usize| {
                let before = if from == 0 { 0 } else { used.until[from] };
                let (cpu, time) = (used.until[to] - before, (to - from) as f64 * MS as f64);
                assert!(
                    cpu as f64 <= SHARE * time,
                    "{cpu} ns in {from} to {to} ms; samples {sample_us} us, scans {scan_us} us"
                );
            };
            let end = used.until.len() - 1;
            check(0, end);
            (1..end).filter(|from| from + 1_000 <= end).for_each(|from| check(from, from + 1_000));
        }
    }

    #[test]
    fn a_scan_runs_when_its_credit_is_saved_however_expensive_samples_are() {
        for sample_us in [1, 200] {
            let used = simulate(2_000, |_| sample_us * US, |_| MS);
            // A hundredth of the time, minus the reserve; and at most 8 ticks more.
            let gaps: Vec<_> = used.scans.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let [first, between @ .., _] = &gaps[..] else { panic!("{gaps:?}") };
            assert!(
                (300..=330).contains(first),
                "credit for itself, the next and the last: {gaps:?}"
            );
            assert!(between.iter().all(|gap| (98..=114).contains(gap)), "{gaps:?}");
        }
        // A very expensive scan is paid before the next, but its price is limited.
        let used = simulate(4_000, |_| US, |tick| if tick == 0 { 20 * MS } else { MS });
        assert!((2_000..2_400).contains(&used.scans[1]), "{:?}", used.scans);
    }

    #[test]
    fn a_quiet_period_does_not_save_credit() {
        let used = simulate(2_000, |_| US, |tick| if tick < 1_000 { 100 * US } else { 20 * US });
        let gaps: Vec<_> = used.scans.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let early = gaps.iter().filter(|gap| **gap < 3).count();
        assert!(early <= 2, "one when they become cheaper, and the last: {gaps:?}");
    }

    #[test]
    fn expensive_samples_are_skipped_and_resume() {
        assert_eq!(simulate(1_000, |_| 10 * US, |_| US).samples, 1_001, "all");
        let halved = simulate(1_000, |_| 40 * US, |_| US).samples;
        assert!((450..550).contains(&halved), "{halved}");
        assert_eq!(
            simulate(800, |_| 900 * US, |_| US).samples,
            103,
            "each eighth: 1, 2 and 4 first"
        );
        let sample = |tick| if tick < 100 { 900 * US } else { 5 * US };
        let recovered = simulate(1_000, sample, |_| US).samples;
        assert!(recovered > 700, "{recovered}: 2 ms are paid in 100");
    }
}
