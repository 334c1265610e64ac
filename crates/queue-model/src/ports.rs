//! How many connections a client's local ports allow.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::law::{KernelSource, Law, Unit};
use crate::time_wait::Side;

const KERNEL: KernelSource = KernelSource {
    function: "__inet_hash_connect",
    file: "net/ipv4/inet_hashtables.c",
    version: "6.18",
};

/// Connections that a client's ports allow at the same time: [`per_destination`].
pub const CONCURRENT: Law =
    Law::exact("local-ports", "ports = (range - reserved) x addresses", Unit::Connections, KERNEL);

/// Connects that find a port, each closed before the next: [`sequential_connects`].
pub const SEQUENTIAL: Law =
    Law::exact("local-ports-in-turn", "connects that find a port", Unit::Connections, KERNEL);

/// `TWRecycled` of the client: connects that reuse a port in TIME_WAIT, [`sequential_connects_with_reuse`].
pub const RECYCLED: Law = Law::exact(
    "local-ports-recycled",
    "TWRecycled",
    Unit::Events,
    KernelSource { function: "tcp_twsk_unique", file: "net/ipv4/tcp_ipv4.c", version: "6.18" },
);

/// `net.ipv4.ip_local_port_range`: the ports from which the kernel chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// `net.ipv4.ip_local_reserved_ports`: ports that the kernel never chooses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReservedPorts(Vec<RangeInclusive<u16>>);

/// Why a text is not a port, a range or a list of ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortsError {
    /// Not a port, 0 to 65535.
    NotAPort(String),
    /// Not two ports separated by white space.
    NotARange(String),
    /// A range that ends before it starts.
    Backwards {
        /// Where it starts.
        first: u16,
        /// Where it ends.
        last: u16,
    },
}

impl fmt::Display for PortsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPort(text) => write!(formatter, "{text:?} is not a port (0 to 65535)"),
            Self::NotARange(text) => {
                write!(formatter, "{text:?} is not a range of ports such as \"32768 60999\"")
            }
            Self::Backwards { first, last } => {
                write!(formatter, "the range of ports {first} to {last} ends before it starts")
            }
        }
    }
}

impl Error for PortsError {}

impl PortRange {
    /// The range from `first` to `last`, including both.
    pub fn new(first: u16, last: u16) -> Result<Self, PortsError> {
        if last < first {
            return Err(PortsError::Backwards { first, last });
        }
        Ok(Self { first, last })
    }

    /// The number of its ports, including reserved ones.
    pub fn size(self) -> u64 {
        u64::from(self.last) - u64::from(self.first) + 1
    }
}

/// Parses the format of the sysctl: two ports separated by white space.
impl FromStr for PortRange {
    type Err = PortsError;

    fn from_str(text: &str) -> Result<Self, PortsError> {
        let ports: Vec<_> = text.split_whitespace().collect();
        let [first, last] = ports[..] else {
            return Err(PortsError::NotARange(text.to_owned()));
        };
        Self::new(port(first)?, port(last)?)
    }
}

/// Parses the format of the sysctl: "8080,9000-9002", in any order; may be empty.
impl FromStr for ReservedPorts {
    type Err = PortsError;

    fn from_str(text: &str) -> Result<Self, PortsError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let ranges = text.strip_suffix(',').unwrap_or(text).split(',').map(|item| {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let PortRange { first, last } = PortRange::new(port(first)?, port(last)?)?;
            Ok(first..=last)
        });
        ranges.collect::<Result<_, _>>().map(Self)
    }
}

fn port(text: &str) -> Result<u16, PortsError> {
    text.parse().map_err(|_| PortsError::NotAPort(text.to_owned()))
}

impl ReservedPorts {
    /// Whether this port is reserved.
    pub fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|range| range.contains(&port))
    }
}

/// The connections that one source address can hold at the same time to one destination
/// address and port: minimum and maximum.
///
/// The two are equal if the range's size is even, or 1: the number of ports that are not
/// reserved. With any other odd size, `__inet_hash_connect` (net/ipv4/inet_hashtables.c)
/// tries all ports except one in a search, so the last connection may fail: scenarios
/// should use even sizes. Measured on 6.18.
pub fn per_destination(range: PortRange, reserved: &ReservedPorts) -> RangeInclusive<u64> {
    let ports = (range.first..=range.last).filter(|port| !reserved.contains(*port)).count() as u64;
    let tried_in_full = range.size() == 1 || range.size().is_multiple_of(2);
    let fewest = if tried_in_full { ports } else { ports.saturating_sub(1) };
    fewest..=ports
}

/// When a client's local port is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortChoice {
    /// By connect(2), for a socket that was not bound.
    AtConnect,
    /// By bind(2) to port 0, before connect(2).
    AtBind,
    /// By connect(2), for a socket that was bound to port 0 with
    /// `IP_BIND_ADDRESS_NO_PORT`.
    AtConnectAfterBind,
}

impl PortChoice {
    /// The name of the error when no port is free: of connect(2) or of bind(2).
    pub fn exhaustion_error(self) -> &'static str {
        match self {
            Self::AtConnect | Self::AtConnectAfterBind => "EADDRNOTAVAIL",
            Self::AtBind => "EADDRINUSE",
        }
    }
}

/// The connections that one source address can hold at the same time to all of
/// `destinations` together: minimum and maximum.
///
/// A port that bind(2) chooses must be free for all destinations, because the destination
/// is not known yet (`inet_csk_find_open_port`, net/ipv4/inet_connection_sock.c).
/// Measured on 6.18, with sockets that have neither `SO_REUSEADDR` nor
/// `SO_REUSEPORT`.
pub fn total(
    range: PortRange,
    reserved: &ReservedPorts,
    destinations: u32,
    choice: PortChoice,
) -> RangeInclusive<u64> {
    let (fewest, most) = per_destination(range, reserved).into_inner();
    let times = u64::from(match choice {
        PortChoice::AtConnect | PortChoice::AtConnectAfterBind => destinations,
        PortChoice::AtBind => destinations.min(1),
    });
    fewest * times..=most * times
}

/// How many of `attempts` connects to one destination succeed if each is closed before
/// the next, all within the length of TIME_WAIT and without reuse.
///
/// A port in TIME_WAIT at the client cannot be chosen again for the same destination;
/// one in TIME_WAIT at the server can, because a new SYN ends it. Measured on 6.18.
pub fn sequential_connects(attempts: u64, per_destination: u64, time_wait: Option<Side>) -> u64 {
    match time_wait {
        Some(Side::Client) => attempts.min(per_destination),
        Some(Side::Server) | None => attempts,
    }
}

/// How many of `attempts` connects to one destination succeed that start `interval`
/// apart, each closed at once by its client, if a port may be reused `delay` after it
/// entered TIME_WAIT (`tcp_tw_reuse`, `tcp_twsk_unique` in net/ipv4/tcp_ipv4.c).
///
/// A connect at exactly the moment at which a port becomes free may get it or not; the
/// next one does. The result is therefore exact unless the last connect is such a one.
pub fn sequential_connects_with_reuse(
    attempts: u64,
    interval: Duration,
    per_destination: u64,
    delay: Duration,
) -> u64 {
    let mut waiting: VecDeque<Duration> = VecDeque::new();
    let mut connected = 0;
    for attempt in 0..attempts {
        let now = interval.mul_f64(attempt as f64);
        while waiting.front().is_some_and(|since| *since + delay < now) {
            waiting.pop_front();
        }
        if (waiting.len() as u64) < per_destination {
            waiting.push_back(now);
            connected += 1;
        }
    }
    connected
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_port_is_reusable_after_its_delay() {
        let connects = |attempts, interval_ms, ports| {
            let interval = Duration::from_millis(interval_ms);
            sequential_connects_with_reuse(attempts, interval, ports, Duration::from_secs(1))
        };
        assert_eq!(connects(100, 10, 12), 12, "all within the delay");
        assert_eq!(connects(150, 10, 12), 24, "and all ports once more");
        assert_eq!(connects(150, 10, 40), 80);
        assert_eq!(connects(150, 10, 101), 150, "each port is free when it is needed");
        assert_eq!(connects(5, 2000, 1), 5);
    }

    fn range(first: u16, size: u16) -> PortRange {
        PortRange::new(first, first + size - 1).expect("a valid range")
    }

    fn per(size: u16, reserved: &str) -> RangeInclusive<u64> {
        let reserved = reserved.parse().expect("a list of ports");
        per_destination(range(41_300, size), &reserved)
    }

    #[test]
    fn an_even_range_allows_all_ports_except_the_reserved_ones() {
        assert_eq!(per(20, ""), 20..=20);
        assert_eq!(per(20, "41302,41304-41306"), 16..=16);
        assert_eq!(per(20, "8080,9000-9002"), 20..=20, "none is in the range");
        assert_eq!(per(20, "41302,41300-41310,41302"), 9..=9, "each counts once");
    }

    #[test]
    fn an_odd_range_may_allow_one_connection_less() {
        assert!(per(11, "").contains(&10) && per(11, "").contains(&11));
        assert!(per(3, "").contains(&2));
        assert_eq!(per(1, ""), 1..=1);
    }

    #[test]
    fn all_destinations_share_the_ports_that_bind_chooses() {
        let connections = |choice| total(range(41_300, 20), &ReservedPorts::default(), 3, choice);
        assert_eq!(connections(PortChoice::AtConnect), 60..=60);
        assert_eq!(connections(PortChoice::AtBind), 20..=20);
        assert_eq!(connections(PortChoice::AtConnectAfterBind), 60..=60);
        assert_eq!(PortChoice::AtConnect.exhaustion_error(), "EADDRNOTAVAIL");
        assert_eq!(PortChoice::AtBind.exhaustion_error(), "EADDRINUSE");
    }

    #[test]
    fn only_a_client_that_closes_first_runs_out_of_ports() {
        assert_eq!(sequential_connects(50, 20, Some(Side::Client)), 20);
        assert_eq!(sequential_connects(50, 20, Some(Side::Server)), 50);
        assert_eq!(sequential_connects(50, 20, None), 50);
    }

    #[test]
    fn the_formats_of_the_sysctls_are_parsed() {
        assert_eq!("32768\t60999\n".parse(), Ok(range(32_768, 28_232)));
        let reserved: ReservedPorts = "8080,9000-9002\n".parse().expect("a list of ports");
        let taken: Vec<_> = (1..=u16::MAX).filter(|port| reserved.contains(*port)).collect();
        assert_eq!(taken, [8080, 9000, 9001, 9002]);
        assert_eq!("\n".parse(), Ok(ReservedPorts::default()));
        assert_eq!("8080,".parse(), Ok(ReservedPorts(vec![8080..=8080])));
    }

    #[test]
    fn invalid_texts_are_refused_with_a_reason() {
        for (text, reason) in [
            ("65535-65536", "\"65536\" is not a port (0 to 65535)"),
            ("8080, 9000", "\" 9000\" is not a port (0 to 65535)"),
            ("8080,,9000", "\"\" is not a port (0 to 65535)"),
            ("9002-9000", "the range of ports 9002 to 9000 ends before it starts"),
        ] {
            let error = text.parse::<ReservedPorts>().expect_err(text);
            assert_eq!(error.to_string(), reason);
        }
        let error = "32768".parse::<PortRange>().expect_err("one port");
        assert_eq!(error.to_string(), "\"32768\" is not a range of ports such as \"32768 60999\"");
    }

    proptest! {
        #[test]
        fn a_list_contains_exactly_its_ports(
            ports in vec((any::<u16>(), 0..50u16), 0..10),
            probe: u16,
        ) {
            let ranges: Vec<_> =
                ports.iter().map(|(first, more)| (*first, first.saturating_add(*more))).collect();
            let items: Vec<_> =
                ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
            let reserved: ReservedPorts = items.join(",").parse()?;
            let named = ranges.iter().any(|(first, last)| (*first..=*last).contains(&probe));
            prop_assert_eq!(reserved.contains(probe), named);
        }

        #[test]
        fn there_are_never_more_connections_than_ports(first in 1..60_000u16, size in 1..500u16, reserved: u16) {
            let list = ReservedPorts(vec![reserved..=reserved]);
            let (fewest, most) = per_destination(range(first, size), &list).into_inner();
            prop_assert!(fewest <= most && most <= u64::from(size));
            prop_assert!(fewest + 2 >= u64::from(size), "one reserved, and one for an odd size");
        }
    }
}
