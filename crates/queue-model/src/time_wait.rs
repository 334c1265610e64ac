//! Whose TIME_WAIT it is, how long it lasts, how many there may be, and when
//! its port can be used again.

use std::time::Duration;

use crate::law::{KernelSource, Law, Unit};

const BUCKETS: KernelSource = KernelSource {
    function: "inet_twsk_alloc",
    file: "net/ipv4/inet_timewait_sock.c",
    version: "6.18",
};

/// Sockets kept in TIME_WAIT: [`Buckets::time_wait`].
pub const SOCKETS: Law = Law::exact(
    "time-wait-buckets",
    "TIME_WAIT kept = min(closes, tcp_max_tw_buckets)",
    Unit::Sockets,
    BUCKETS,
);

/// `TCPTimeWaitOverflow`: [`Buckets::tcp_time_wait_overflow`].
pub const OVERFLOW: Law =
    Law::exact("time-wait-overflow", "TCPTimeWaitOverflow", Unit::Events, BUCKETS);

/// How long TIME_WAIT lasts: [`LENGTH`].
pub const TIME_WAIT_LENGTH: Law = Law::timer(
    "time-wait-length",
    "TIME_WAIT lasts",
    KernelSource { function: "tcp_time_wait", file: "net/ipv4/tcp_minisocks.c", version: "6.18" },
);

/// How long an orphaned FIN_WAIT_2 lasts: [`duration`].
pub const FIN_WAIT_2_LENGTH: Law = Law::timer(
    "fin-wait-2-length",
    "orphaned FIN_WAIT_2 lasts",
    KernelSource {
        function: "tcp_rcv_state_process",
        file: "net/ipv4/tcp_input.c",
        version: "6.18",
    },
);

/// How long TIME_WAIT lasts, nominal: `TCP_TIMEWAIT_LEN` (include/net/tcp.h),
/// which no sysctl changes; measured on 6.18.
pub const LENGTH: Duration = Duration::from_secs(60);

/// `net.ipv4.tcp_tw_reuse_delay` by default. A kernel without that sysctl (as far
/// as known it came with 6.14) compares whole seconds instead, so that the phase
/// of the clock's second decides.
pub const DEFAULT_REUSE_DELAY: Duration = Duration::from_secs(1);

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The end that connected.
    Client,
    /// The end that accepted.
    Server,
}

/// How the end that closes first does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// With a FIN.
    Orderly,
    /// With an RST: SO_LINGER {1, 0}, or data that it had not read.
    Reset,
}

/// Which end is left in TIME_WAIT: the one that closes first, and neither after
/// an RST. Measured on 6.18.
pub fn owner(closes_first: Side, closing: Closing) -> Option<Side> {
    match closing {
        Closing::Orderly => Some(closes_first),
        Closing::Reset => None,
    }
}

/// A state in which a closed socket waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedState {
    /// Both ends have closed, this one first.
    TimeWait,
    /// This end has closed, nobody holds its socket any more, and the other end
    /// does not close.
    OrphanedFinWait2,
}

/// How long that lasts, nominal, by `net.ipv4.tcp_fin_timeout` in seconds: the
/// sysctl is about FIN_WAIT_2 alone (`tcp_rcv_state_process`,
/// net/ipv4/tcp_input.c); measured on 6.18 with 5 s.
pub fn duration(waiting: ClosedState, fin_timeout: u32) -> Duration {
    match waiting {
        ClosedState::TimeWait => LENGTH,
        ClosedState::OrphanedFinWait2 => Duration::from_secs(fin_timeout.into()),
    }
}

/// What a number of closes leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Sockets in TIME_WAIT.
    pub time_wait: u64,
    /// `TCPTimeWaitOverflow`: those closed at once instead.
    pub tcp_time_wait_overflow: u64,
}

/// What so many closes leave, each within [`LENGTH`] of the first, by
/// `net.ipv4.tcp_max_tw_buckets` of the end that owns them.
///
/// `inet_twsk_alloc` (net/ipv4/inet_timewait_sock.c); measured on 6.18. Sockets
/// in FIN_WAIT_2 that nobody holds count among them: this is of a host that has
/// none. The count is read before it is raised: of closes at the same moment on
/// several CPUs each can find the last place, and one more than the cap is kept
/// for each further CPU.
pub fn buckets(closes: u64, max_tw_buckets: u32) -> Buckets {
    let time_wait = closes.min(max_tw_buckets.into());
    Buckets { time_wait, tcp_time_wait_overflow: closes - time_wait }
}

/// `net.ipv4.tcp_tw_reuse`: which connects may take a port in TIME_WAIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwReuse {
    /// 0: none.
    Never = 0,
    /// 1: all.
    Always = 1,
    /// 2, the default: those to a loopback address.
    Loopback = 2,
}

impl TwReuse {
    /// What the sysctl's value means; `None` for one that the kernel refuses,
    /// which is any above 2.
    pub fn from_sysctl(value: u32) -> Option<Self> {
        match value {
            0 => Some(Self::Never),
            1 => Some(Self::Always),
            2 => Some(Self::Loopback),
            _ => None,
        }
    }
}

/// A connect that finds all its ports in TIME_WAIT. Of a client: a listener has
/// nothing from `tcp_tw_reuse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnect {
    /// `net.ipv4.tcp_tw_reuse` of the client.
    pub tw_reuse: TwReuse,
    /// Whether the destination is in 127.0.0.0/8.
    pub to_loopback: bool,
    /// Whether the connection in TIME_WAIT had timestamps:
    /// `net.ipv4.tcp_timestamps` of both ends.
    pub timestamps: bool,
}

impl Reconnect {
    /// Whether it may take a port whose TIME_WAIT has not ended.
    ///
    /// `tcp_twsk_unique` (net/ipv4/tcp_ipv4.c); measured on 6.18.
    pub fn can_reuse(self) -> bool {
        let permitted = match self.tw_reuse {
            TwReuse::Never => false,
            TwReuse::Always => true,
            TwReuse::Loopback => self.to_loopback,
        };
        permitted && self.timestamps
    }

    /// How long after the port entered TIME_WAIT the connect succeeds at the
    /// earliest, nominal, by `net.ipv4.tcp_tw_reuse_delay`; each success that
    /// did not wait for the end adds one to `TWRecycled`.
    pub fn succeeds_after(self, reuse_delay: Duration) -> Duration {
        if self.can_reuse() { reuse_delay.min(LENGTH) } else { LENGTH }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timer::on_time;

    #[test]
    fn fin_timeout_shortens_an_orphaned_fin_wait_2_and_no_time_wait() {
        let time_wait = duration(ClosedState::TimeWait, 5);
        assert!(on_time(time_wait, Duration::from_secs_f64(60.8)));
        assert_eq!(duration(ClosedState::OrphanedFinWait2, 5), Duration::from_secs(5));
    }

    #[test]
    fn reproduces_the_overflow_that_was_measured() {
        assert_eq!(buckets(30, 10), Buckets { time_wait: 10, tcp_time_wait_overflow: 20 });
    }

    #[test]
    fn who_closes_first_owns_it_unless_it_resets() {
        for side in [Side::Client, Side::Server] {
            assert_eq!(owner(side, Closing::Orderly), Some(side));
            assert_eq!(owner(side, Closing::Reset), None);
        }
    }

    /// tcp_tw_reuse, across a veth pair, on 127.x.
    #[test]
    fn reproduces_what_was_measured_of_reuse() {
        for (value, across_veth, on_loopback) in
            [(0, false, false), (1, true, true), (2, false, true)]
        {
            let tw_reuse = TwReuse::from_sysctl(value).expect("one of the sysctl's values");
            for (to_loopback, reuses) in [(false, across_veth), (true, on_loopback)] {
                let reconnect = Reconnect { tw_reuse, to_loopback, timestamps: true };
                assert_eq!(reconnect.can_reuse(), reuses, "{reconnect:?}");
                let after = if reuses { Duration::from_secs(1) } else { LENGTH };
                assert_eq!(reconnect.succeeds_after(DEFAULT_REUSE_DELAY), after);
                let without = Reconnect { timestamps: false, ..reconnect };
                assert!(!without.can_reuse(), "timestamps are required: {without:?}");
            }
        }
        assert_eq!(TwReuse::from_sysctl(3), None);
    }

    proptest! {
        #[test]
        fn each_close_waits_or_overflows(closes: u64, cap: u32) {
            let left = buckets(closes, cap);
            prop_assert_eq!(left.time_wait + left.tcp_time_wait_overflow, closes);
            prop_assert!(left.time_wait <= u64::from(cap));
            prop_assert!(left.tcp_time_wait_overflow == 0 || left.time_wait == u64::from(cap));
        }
    }
}
