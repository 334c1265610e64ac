//! The configuration of a probe.

use std::net::IpAddr;
use std::time::Duration;

use linux_net::AddressFamily;
use serde::{Deserialize, Serialize};

use crate::error::ProbeError;

/// The shortest interval: a sample takes a large part of it.
const MIN_INTERVAL: Duration = Duration::from_micros(100);

/// The longest interval: rarer samples need no probe.
const MAX_INTERVAL: Duration = Duration::from_secs(3600);

/// The longest interval of probes that run at the same time.
const MAX_SHARED_INTERVAL: Duration = Duration::from_millis(20);

/// The address families of a probe's sockets. A listener on `::` and its connections, also
/// those over IPv4, are sockets of IPv6; the other end of such a connection is of IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Families {
    /// Sockets of IPv4.
    V4,
    /// Sockets of IPv6.
    V6,
    /// Both, which takes two requests to the kernel for each sample.
    #[default]
    Both,
}

impl Families {
    /// The family of sockets bound to this address.
    pub fn of_address(address: IpAddr) -> Self {
        match AddressFamily::from_address(address) {
            AddressFamily::V4 => Self::V4,
            AddressFamily::V6 => Self::V6,
        }
    }

    pub(crate) fn each(self) -> impl Iterator<Item = AddressFamily> {
        [AddressFamily::V4, AddressFamily::V6].into_iter().filter(move |family| {
            matches!(
                (self, family),
                (Self::Both, _) | (Self::V4, AddressFamily::V4) | (Self::V6, AddressFamily::V6)
            )
        })
    }
}

/// The configuration of a probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeConfig {
    /// Port whose listeners are sampled and whose SYN_RECV sockets are counted.
    pub port: u16,
    /// More such ports. A probe of an earlier build refuses them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_ports: Vec<u16>,
    /// The families of the listeners' addresses, and of the sockets counted.
    pub family: Families,
    /// Interval between samples; 100 µs to an hour.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Maximum share of one CPU, above 0 and at most 1. To keep to it, the probe
    /// counts sockets by state less often than it samples the listeners and, if that
    /// is not enough, skips up to seven of eight ticks, which it reports as missed.
    pub cpu_share: f64,
    /// Record a row for each change, in addition to the summary.
    pub timeline: bool,
    /// Each scan of the sockets also records the connections of the port, as a ledger of
    /// accepts, and the accept pace of a single port is measured. A probe of an earlier build refuses it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ledger: bool,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self {
            port: 8080,
            more_ports: Vec::new(),
            family: Families::default(),
            interval: Duration::from_millis(1),
            cpu_share: 0.03,
            timeline: false,
            ledger: false,
        }
    }
}

impl ProbeConfig {
    /// The configuration of one of `at_once` probes that run at the same time and
    /// together keep to the share. Each samples less often, but often enough to show a
    /// queue.
    pub fn shared_by(self, at_once: usize) -> Self {
        let at_once = u32::try_from(at_once.max(1)).unwrap_or(u32::MAX);
        let stretched = self.interval.saturating_mul(at_once).min(MAX_SHARED_INTERVAL);
        Self {
            interval: self.interval.max(stretched),
            cpu_share: self.cpu_share / f64::from(at_once),
            ..self
        }
    }

    /// The ports that are sampled, each once.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let mut ports = vec![self.port];
        for port in &self.more_ports {
            if !ports.contains(port) {
                ports.push(*port);
            }
        }
        ports
    }

    /// # Errors
    /// [`ProbeError::IntervalTooShort`], [`ProbeError::IntervalTooLong`] and
    /// [`ProbeError::CpuShare`].
    pub(crate) fn check(&self) -> Result<(), ProbeError> {
        let configured = self.interval;
        if configured < MIN_INTERVAL {
            return Err(ProbeError::IntervalTooShort { configured, shortest: MIN_INTERVAL });
        }
        if configured > MAX_INTERVAL {
            return Err(ProbeError::IntervalTooLong { configured, longest: MAX_INTERVAL });
        }
        // NaN fails both comparisons.
        match self.cpu_share > 0.0 && self.cpu_share <= 1.0 {
            true => Ok(()),
            false => Err(ProbeError::CpuShare { configured: self.cpu_share }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_side_by_side_share_the_cpu_share() {
        let shared = |at_once| {
            let config = ProbeConfig::default().shared_by(at_once);
            config.check().unwrap();
            (config.interval.as_millis(), config.cpu_share * at_once as f64)
        };
        assert_eq!([shared(1), shared(4), shared(16)], [(1, 0.03), (4, 0.03), (16, 0.03)]);
        assert_eq!(shared(64).0, 20);
        let slow = ProbeConfig { interval: Duration::from_secs(1), ..ProbeConfig::default() };
        assert_eq!(slow.shared_by(2).interval, Duration::from_secs(1));
    }

    #[test]
    fn an_invalid_configuration_is_refused() {
        let with = |cpu_share, interval| {
            ProbeConfig { cpu_share, interval, ..ProbeConfig::default() }.check()
        };
        let ms = Duration::from_millis(1);
        for share in [0.0, -0.1, 1.01, f64::NAN, f64::INFINITY] {
            assert!(matches!(with(share, ms), Err(ProbeError::CpuShare { .. })), "{share}");
        }
        assert!(with(1.0, MIN_INTERVAL).is_ok() && with(0.001, MAX_INTERVAL).is_ok());
        assert!(matches!(with(0.03, MIN_INTERVAL / 2), Err(ProbeError::IntervalTooShort { .. })));
        assert!(matches!(with(0.03, MAX_INTERVAL + ms), Err(ProbeError::IntervalTooLong { .. })));
    }
}
