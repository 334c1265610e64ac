//! What a probe is told.

use std::time::Duration;

use linux_net::AddressFamily;
use serde::{Deserialize, Serialize};

use super::ProbeError;

/// The shortest interval: a look takes some 10 µs.
const SHORTEST: Duration = Duration::from_micros(100);

/// What a probe is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeConfig {
    /// The port whose listeners are looked at, and whose SYN_RECV are counted.
    pub port: u16,
    /// The family of the listeners' addresses, and of the sockets counted.
    pub family: AddressFamily,
    /// From one look to the next; at least 100 µs.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The share of one CPU that the probe keeps to: by counting sockets by
    /// state less often than it looks at the listeners and, where that is not
    /// enough, by leaving out every other look, which is told as missed.
    pub cpu_share: f64,
    /// Keep a row for each change, not the summary alone.
    pub timeline: bool,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self {
            port: 8080,
            family: AddressFamily::V4,
            interval: Duration::from_millis(1),
            cpu_share: 0.03,
            timeline: false,
        }
    }
}

impl ProbeConfig {
    /// # Errors
    /// [`ProbeError::Interval`].
    pub(super) fn check(&self) -> Result<(), ProbeError> {
        match self.interval < SHORTEST {
            true => Err(ProbeError::Interval { asked: self.interval, shortest: SHORTEST }),
            false => Ok(()),
        }
    }
}
