//! When a client retransmits an unanswered SYN, and when connect(2) fails.

use std::time::Duration;

use crate::law::{KernelSource, Law, Unit};
use crate::timer;

const KERNEL: KernelSource =
    KernelSource { function: "tcp_write_timeout", file: "net/ipv4/tcp_timer.c", version: "6.18" };

/// `TCPSynRetrans` of the client: [`Failure::tcp_syn_retrans`] of each attempt.
pub const RETRANSMISSIONS: Law = Law::exact(
    "syn-retry-retransmissions",
    "TCPSynRetrans of unanswered attempts",
    Unit::Events,
    KERNEL,
);

/// `TCPTimeouts` of the client: [`Failure::tcp_timeouts`] of each attempt.
pub const TIMEOUTS: Law =
    Law::exact("syn-retry-timeouts", "TCPTimeouts of unanswered attempts", Unit::Events, KERNEL);

/// `AttemptFails` of the client: [`Failure::attempt_fails`] of each attempt.
pub const ATTEMPT_FAILS: Law = Law::exact(
    "syn-retry-attempt-fails",
    "AttemptFails of unanswered attempts",
    Unit::Events,
    KERNEL,
);

/// Time of the first failing connect(2): [`SynRetry::timed_out`].
pub const FIRST_FAILURE: Law =
    Law::timer("syn-retry-first-failure", "first connect(2) fails with ETIMEDOUT after", KERNEL);

/// Time of the last failing connect(2): [`SynRetry::timed_out`].
pub const LAST_FAILURE: Law =
    Law::timer("syn-retry-last-failure", "last connect(2) fails with ETIMEDOUT after", KERNEL);

/// The retransmissions of a client's SYN until connect(2) fails: nominal times since the
/// first SYN. For their lateness see [`timer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SynRetry {
    /// When the SYN is retransmitted. A connect that lost only its first n SYNs takes as
    /// long as the nth of these, counted from one.
    pub retransmits: Vec<Duration>,
    /// When connect(2) fails with ETIMEDOUT.
    pub timed_out: Duration,
    /// The first timer at this time or later gives up, however few retransmissions there
    /// were. Timers are late: if the last retransmission may be as late as this, it may be
    /// missing.
    pub gives_up_at: Duration,
}

/// The increases of the client's counters by one failed connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// `TCPSynRetrans`.
    pub tcp_syn_retrans: u64,
    /// `TCPTimeouts`: includes the last timer, which sends nothing.
    pub tcp_timeouts: u64,
    /// `AttemptFails`.
    pub attempt_fails: u64,
}

impl SynRetry {
    /// The times for `net.ipv4.tcp_syn_retries`, 1 to 127, or the socket's `TCP_SYNCNT`;
    /// and `net.ipv4.tcp_syn_linear_timeouts`, 0 to 127, which is 0 if the kernel does not
    /// have this sysctl (probably since 6.5).
    ///
    /// `tcp_retransmit_timer` doubles the timeout only after more retransmissions than the
    /// linear ones. `tcp_write_timeout` gives up at the first timer after as many
    /// retransmissions as both settings allow together, or when `retransmits_timed_out`:
    /// after the time that `tcp_syn_retries` doubling timeouts take. All in net/ipv4/tcp_timer.c; measured on 6.18.
    pub fn new(syn_retries: u8, linear_timeouts: u8) -> Self {
        Self::with_rto_max(syn_retries, linear_timeouts, timer::RTO_MAX)
    }

    /// As [`Self::new`], for a kernel with `net.ipv4.tcp_rto_max_ms`, 1 to 120 s: it limits
    /// each timeout, and with them the time after which connect(2) fails
    /// (`tcp_model_timeout`). Measured on 6.18 with 3 retries: 1 s → 4.1, 2 s → 7.05, 4 s →
    /// 11.3 s.
    pub fn with_rto_max(syn_retries: u8, linear_timeouts: u8, rto_max: Duration) -> Self {
        let most = usize::from(syn_retries) + usize::from(linear_timeouts);
        let timeout = |doublings| timer::timeout(doublings).min(rto_max);
        let longest = (0..=u32::from(syn_retries)).map(timeout).sum();
        let mut retransmits = Vec::new();
        let mut elapsed = timeout(0);
        while retransmits.len() < most && (retransmits.is_empty() || elapsed < longest) {
            retransmits.push(elapsed);
            let doublings = retransmits.len().saturating_sub(linear_timeouts.into());
            elapsed += timeout(doublings as u32);
        }
        Self { retransmits, timed_out: elapsed, gives_up_at: longest }
    }

    /// All timers up to the failure, each started by the previous one: the input of
    /// [`timer::latest`].
    pub fn timers(&self) -> Vec<Duration> {
        self.retransmits.iter().copied().chain([self.timed_out]).collect()
    }

    /// The counter increases of each connect that fails in this way.
    pub fn failure(&self) -> Failure {
        let retransmits = self.retransmits.len() as u64;
        Failure { tcp_syn_retrans: retransmits, tcp_timeouts: retransmits + 1, attempt_fails: 1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timer::tests::seconds;

    /// tcp_syn_retries, linear timeouts, and ETIMEDOUT as measured on kernel 6.18.
    #[test]
    fn the_latest_failure_is_after_the_measured_one_and_before_the_next_timer() {
        for (syn_retries, linear, measured) in [(1, 4, 3.06), (2, 0, 7.306), (5, 0, 65.654)] {
            let ladder = SynRetry::new(syn_retries, linear);
            let latest = timer::latest_at_any_hz(&ladder.timers()).as_secs_f64();
            assert!(latest >= measured, "{latest} for {measured}");
            let next = SynRetry::new(syn_retries + 1, linear).timed_out.as_secs_f64();
            assert!(latest < next, "{latest} and {next}");
        }
    }

    /// tcp_syn_retries, the number of retransmissions, and ETIMEDOUT nominal and as
    /// measured on kernel 6.18.
    #[test]
    fn reproduces_the_measured_table() {
        let retransmits = seconds(&[1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
        for (retries, count, nominal, measured) in [
            (1, 2, 3, 3.06),
            (2, 5, 7, 7.12),
            (3, 7, 19, 19.41),
            (4, 8, 35, 35.54),
            (5, 9, 67, 68.8),
            (6, 10, 131, 134.35),
        ] {
            let retry = SynRetry::new(retries, 4);
            assert_eq!(retry.retransmits, retransmits[..count], "{retries}");
            assert_eq!(retry.timed_out, Duration::from_secs(nominal), "{retries}");
            let measured = Duration::from_secs_f64(measured);
            assert!(timer::on_time(retry.timed_out, measured), "{retries}");
        }
    }

    #[test]
    fn without_linear_timeouts_each_gap_doubles() {
        for (retries, timed_out) in (1..).zip(seconds(&[3, 7, 15, 31, 63, 127])) {
            let retry = SynRetry::new(retries, 0);
            assert_eq!(retry.timed_out, timed_out);
            assert_eq!(retry.retransmits.len(), usize::from(retries));
        }
        assert_eq!(SynRetry::new(3, 0).retransmits, seconds(&[1, 3, 7]));
    }

    /// tcp_rto_max_ms, ETIMEDOUT nominal and as measured on kernel 6.18, for 3 retries.
    #[test]
    fn reproduces_the_measured_limit_of_timeouts() {
        for (rto_max, nominal, measured) in [(1, 4, 4.1), (2, 7, 7.05), (4, 11, 11.3)] {
            let retry = SynRetry::with_rto_max(3, 0, Duration::from_secs(rto_max));
            assert_eq!(retry.timed_out, Duration::from_secs(nominal), "{rto_max}");
            let latest = timer::latest(&retry.timers(), 250).as_secs_f64();
            assert!(measured >= nominal as f64 && measured <= latest.max(nominal as f64 * 1.04));
        }
        assert_eq!(SynRetry::with_rto_max(3, 4, timer::RTO_MAX), SynRetry::new(3, 4));
    }

    /// `retransmits_timed_out` compares the time that has passed, with each timer's lateness.
    #[test]
    fn the_time_to_give_up_is_that_of_the_doubling_timeouts() {
        for (retries, linear, seconds) in [(1, 4, 3), (3, 4, 15), (6, 0, 127), (7, 4, 247)] {
            let retry = SynRetry::new(retries, linear);
            assert_eq!(retry.gives_up_at, Duration::from_secs(seconds), "{retries}, {linear}");
            assert!(retry.retransmits.last().is_some_and(|last| *last < retry.gives_up_at));
        }
        let short = SynRetry::with_rto_max(3, 0, Duration::from_secs(2));
        assert_eq!(short.gives_up_at, Duration::from_secs(7));
    }

    #[test]
    fn a_failure_counts_one_more_timeout_than_retransmissions() {
        let failure = SynRetry::new(3, 4).failure();
        let expected = Failure { tcp_syn_retrans: 7, tcp_timeouts: 8, attempt_fails: 1 };
        assert_eq!(failure, expected);
    }

    proptest! {
        #[test]
        fn connect_fails_after_the_last_retransmission(retries in 1..=127u8, linear in 0..=127u8) {
            let retry = SynRetry::new(retries, linear);
            let count = retry.retransmits.len();
            prop_assert!(count >= 1 && count <= usize::from(retries) + usize::from(linear));
            let mut times = retry.retransmits.clone();
            times.push(retry.timed_out);
            let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            prop_assert!(gaps.is_sorted());
            prop_assert!(gaps[0] >= Duration::from_secs(1));
        }

        #[test]
        fn one_more_retry_never_fails_sooner(retries in 1..127u8, linear in 0..=127u8) {
            let fewer = SynRetry::new(retries, linear);
            let more = SynRetry::new(retries + 1, linear);
            prop_assert!(more.timed_out >= fewer.timed_out);
            prop_assert!(more.retransmits.starts_with(&fewer.retransmits));
        }
    }
}
