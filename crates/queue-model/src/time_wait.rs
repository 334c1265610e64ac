//! Which side has TIME_WAIT, how long it lasts, how many there may be, and when its port
//! can be reused.

use std::time::Duration;

use crate::law::{KernelSource, Law, Unit};

const BUCKETS: KernelSource = KernelSource {
    function: "inet_twsk_alloc",
    file: "net/ipv4/inet_timewait_sock.c",
    version: "6.18",
};

/// Sockets in TIME_WAIT: [`Buckets::time_wait`].
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

/// How long an orphaned FIN_WAIT_2 lasts: [`orphaned_fin_wait_2`].
pub const FIN_WAIT_2_LENGTH: Law = Law::timer(
    "fin-wait-2-length",
    "orphaned FIN_WAIT_2 lasts",
    KernelSource {
        function: "tcp_rcv_state_process",
        file: "net/ipv4/tcp_input.c",
        version: "6.18",
    },
);

/// The nominal duration of TIME_WAIT: `TCP_TIMEWAIT_LEN` (include/net/tcp.h), which no
/// sysctl changes; measured on 6.18.
pub const LENGTH: Duration = Duration::from_secs(60);

/// The default of `net.ipv4.tcp_tw_reuse_delay`. A kernel without that sysctl (it was
/// probably added in 6.14) compares whole seconds instead, so the delay depends on the
/// phase of the clock's second.
pub const DEFAULT_REUSE_DELAY: Duration = Duration::from_secs(1);

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The side that connected.
    Client,
    /// The side that accepted.
    Server,
}

/// How the side that closes first closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// With a FIN.
    Orderly,
    /// With an RST: SO_LINGER {1, 0}, or unread data.
    Reset,
}

/// Which side gets TIME_WAIT: the one that closes first, and neither after an RST.
/// Measured on 6.18.
pub fn owner(closes_first: Side, closing: Closing) -> Option<Side> {
    match closing {
        Closing::Orderly => Some(closes_first),
        Closing::Reset => None,
    }
}

/// The timers of an orphaned FIN_WAIT_2, each started when the previous one fires: nominal
/// times since the socket entered the state, by `net.ipv4.tcp_fin_timeout` in seconds. The
/// sysctl does not affect TIME_WAIT. Valid if each lasts at least 3.5 retransmission timeouts,
/// which are the minimum (`tcp_fin_time`, include/net/tcp.h, and `tcp_time_wait`,
/// net/ipv4/tcp_minisocks.c).
///
/// Up to [`LENGTH`], the socket becomes a TIME_WAIT socket in FIN_WAIT_2 for that time
/// (`tcp_rcv_state_process`, net/ipv4/tcp_input.c). Above, it first stays as it is for the
/// time beyond [`LENGTH`] and then becomes one for the same time
/// (`tcp_keepalive_timer`, net/ipv4/tcp_timer.c). Measured on 6.18: 5 → 5.1 s, 61 → 2.0,
/// 62 → 4.3, 65 → 10.4, 70 → 20.5.
pub fn orphaned_fin_wait_2(fin_timeout: u32) -> Vec<Duration> {
    let timeout = Duration::from_secs(fin_timeout.into());
    match timeout.checked_sub(LENGTH) {
        Some(beyond) if !beyond.is_zero() => vec![beyond, 2 * beyond],
        _ => vec![timeout],
    }
}

/// The effects of a number of closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Sockets in TIME_WAIT.
    pub time_wait: u64,
    /// `TCPTimeWaitOverflow`: sockets that were closed at once instead.
    pub tcp_time_wait_overflow: u64,
}

/// The effects of `closes`, all within [`LENGTH`] of the first, by
/// `net.ipv4.tcp_max_tw_buckets` of the side that has the TIME_WAIT sockets.
///
/// `inet_twsk_alloc` (net/ipv4/inet_timewait_sock.c); measured on 6.18. Orphans in
/// FIN_WAIT_2 count too; this is for a host without any. The kernel reads the count before
/// it increases it: with simultaneous closes on several CPUs each can get the last place,
/// so each further CPU can exceed the limit by one.
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
    /// The meaning of the sysctl's value; `None` for a value that the kernel refuses:
    /// any above 2.
    pub fn from_sysctl(value: u32) -> Option<Self> {
        match value {
            0 => Some(Self::Never),
            1 => Some(Self::Always),
            2 => Some(Self::Loopback),
            _ => None,
        }
    }
}

/// A connect of a client that finds all its ports in TIME_WAIT; `tcp_tw_reuse` does not
/// affect a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnect {
    /// `net.ipv4.tcp_tw_reuse` of the client.
    pub tw_reuse: TwReuse,
    /// Whether the destination is in 127.0.0.0/8.
    pub to_loopback: bool,
    /// Whether the connection in TIME_WAIT had timestamps:
    /// `net.ipv4.tcp_timestamps` of both sides.
    pub timestamps: bool,
}

impl Reconnect {
    /// Whether it may reuse a port whose TIME_WAIT has not ended.
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

    /// The nominal time after which the connect succeeds at the earliest, since the port
    /// entered TIME_WAIT, by `net.ipv4.tcp_tw_reuse_delay`; each success before the end of
    /// TIME_WAIT adds one to `TWRecycled`.
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
    fn fin_timeout_shortens_orphaned_fin_wait_2_but_not_time_wait() {
        assert!(on_time(LENGTH, Duration::from_secs_f64(60.8)));
        for (fin_timeout, seconds) in
            [(3, 3), (5, 5), (60, 60), (61, 2), (62, 4), (65, 10), (70, 20)]
        {
            let last = orphaned_fin_wait_2(fin_timeout).last().copied();
            assert_eq!(last, Some(Duration::from_secs(seconds)), "{fin_timeout}");
        }
    }

    #[test]
    fn reproduces_the_measured_overflow() {
        assert_eq!(buckets(30, 10), Buckets { time_wait: 10, tcp_time_wait_overflow: 20 });
    }

    #[test]
    fn the_side_that_closes_first_has_time_wait_unless_it_resets() {
        for side in [Side::Client, Side::Server] {
            assert_eq!(owner(side, Closing::Orderly), Some(side));
            assert_eq!(owner(side, Closing::Reset), None);
        }
    }

    /// tcp_tw_reuse, across a veth pair, on 127.x.
    #[test]
    fn reproduces_the_measured_reuse() {
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
        fn each_close_is_in_time_wait_or_overflows(closes: u64, cap: u32) {
            let left = buckets(closes, cap);
            prop_assert_eq!(left.time_wait + left.tcp_time_wait_overflow, closes);
            prop_assert!(left.time_wait <= u64::from(cap));
            prop_assert!(left.tcp_time_wait_overflow == 0 || left.time_wait == u64::from(cap));
        }
    }
}
