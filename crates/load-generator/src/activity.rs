//! When something was written or arrived, and the CPU time that its thread used meanwhile.

use linux_net::thread_cpu_ns;

/// The time between two samples of a thread's CPU time, nanoseconds: a sample is a system call,
/// which costs less than a thousandth of that.
const SAMPLE_NS: u64 = 1_000_000;

/// The activity of one thread in a chat or in requests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Activity {
    /// The first and the last, CLOCK_MONOTONIC nanoseconds.
    window_ns: Option<(u64, u64)>,
    /// The thread's CPU time at the first and at the last sample, nanoseconds.
    cpu_ns: Option<(u64, u64)>,
    /// When the next sample is due.
    sample_due_ns: u64,
}

impl Activity {
    /// Records that the thread that calls has just written or read.
    #[inline]
    pub(crate) fn record(&mut self, now_ns: u64) {
        self.record_with(now_ns, thread_cpu_ns);
    }

    #[inline]
    fn record_with(&mut self, now_ns: u64, cpu_ns: impl FnOnce() -> u64) {
        let (first, _) = self.window_ns.unwrap_or((now_ns, now_ns));
        self.window_ns = Some((first, now_ns));
        if now_ns >= self.sample_due_ns {
            self.sample_due_ns = now_ns.saturating_add(SAMPLE_NS);
            let now = cpu_ns();
            let (first, _) = self.cpu_ns.unwrap_or((now, now));
            self.cpu_ns = Some((first, now));
        }
    }

    /// The first and the last, CLOCK_MONOTONIC nanoseconds; `None` if there was none.
    pub(crate) fn window_ns(&self) -> Option<(u64, u64)> {
        self.window_ns
    }

    /// The CPU time that the thread used from its first activity to its last sample, which is
    /// less than a millisecond before its last activity, seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.cpu_ns.map_or(0.0, |(first, last)| last.saturating_sub(first) as f64 / 1e9)
    }

    /// This activity and another of the same thread.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            window_ns: span(self.window_ns, other.window_ns),
            cpu_ns: span(self.cpu_ns, other.cpu_ns),
            sample_due_ns: self.sample_due_ns.max(other.sample_due_ns),
        }
    }
}

/// From the earlier beginning to the later end.
pub(crate) fn span(one: Option<(u64, u64)>, other: Option<(u64, u64)>) -> Option<(u64, u64)> {
    [one, other].into_iter().flatten().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The activity at these times, with the CPU time at each, and the number of samples.
    fn activity(at: &[(u64, u64)]) -> (Activity, u32) {
        let (mut activity, mut samples) = (Activity::default(), 0);
        for &(now_ns, cpu_ns) in at {
            activity.record_with(now_ns, || {
                samples += 1;
                cpu_ns
            });
        }
        (activity, samples)
    }

    #[test]
    fn cpu_time_is_counted_from_the_first_activity_on() {
        let (none, samples) = activity(&[]);
        assert_eq!((none.window_ns(), none.cpu_seconds(), samples), (None, 0.0, 0));
        let start = 7 * SAMPLE_NS;
        let (one, samples) = activity(&[(start, 5_000)]);
        assert_eq!((one.window_ns(), one.cpu_seconds(), samples), (Some((start, start)), 0.0, 1));
        let end = start + 3 * SAMPLE_NS;
        let (more, _) = activity(&[(start, 5_000), (end, 2_005_000)]);
        assert_eq!((more.window_ns(), more.cpu_seconds()), (Some((start, end)), 0.002));
    }

    #[test]
    fn at_most_one_sample_is_taken_in_a_millisecond() {
        let every_microsecond: Vec<_> = (0..10_000).map(|us| (us * 1_000, us * 900)).collect();
        let (activity, samples) = activity(&every_microsecond);
        assert_eq!(samples, 10);
        assert_eq!(activity.window_ns(), Some((0, 9_999_000)));
        assert_eq!(activity.cpu_seconds(), 0.0081, "of the 9 ms until the last sample");
    }

    #[test]
    fn what_a_thread_wrote_and_what_it_read_are_one_activity() {
        let (wrote, _) = activity(&[(2_000_000, 100), (6_000_000, 3_000_100)]);
        let (read, _) = activity(&[(3_000_000, 1_000_100), (9_000_000, 4_000_100)]);
        for both in [wrote.and(&read), read.and(&wrote)] {
            assert_eq!(both.window_ns(), Some((2_000_000, 9_000_000)));
            assert_eq!(both.cpu_seconds(), 0.004);
        }
        let with_nothing = wrote.and(&Activity::default());
        assert_eq!(with_nothing.cpu_seconds(), wrote.cpu_seconds());
    }

    #[test]
    fn the_cpu_time_is_that_of_the_thread_that_records() {
        let mut activity = Activity::default();
        activity.record(SAMPLE_NS);
        let before = thread_cpu_ns();
        while thread_cpu_ns() < before + SAMPLE_NS {
            std::hint::spin_loop();
        }
        activity.record(3 * SAMPLE_NS);
        let all = thread_cpu_ns() as f64 / 1e9;
        let used = activity.cpu_seconds();
        assert!((SAMPLE_NS as f64 / 1e9..=all).contains(&used), "{used} of {all} s");
    }
}
