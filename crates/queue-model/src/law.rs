//! A law as a value: its identity, what it predicts and how exactly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule of the kernel that determines a value from the settings. The formula is a
/// function of its module; this identifies and describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Law {
    /// Identifies it in records and comparisons; in kebab-case; never changes.
    pub id: &'static str,
    /// Its name in reports, without the unit.
    pub title: &'static str,
    /// The unit of what it predicts.
    pub unit: Unit,
    /// How far a measurement may deviate.
    pub tolerance: Tolerance,
    /// Where the kernel implements it.
    pub kernel: KernelSource,
}

impl Law {
    /// A law whose prediction a measurement must equal.
    pub const fn exact(
        id: &'static str,
        title: &'static str,
        unit: Unit,
        kernel: KernelSource,
    ) -> Self {
        Self { id, title, unit, tolerance: Tolerance::Exact, kernel }
    }

    /// A law about when a timer fires, seconds.
    pub const fn timer(id: &'static str, title: &'static str, kernel: KernelSource) -> Self {
        Self { id, title, unit: Unit::Seconds, tolerance: Tolerance::Timer, kernel }
    }
}

/// Where the kernel implements a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelSource {
    /// The function, such as `sk_acceptq_is_full`.
    pub function: &'static str,
    /// Its file, such as `include/net/sock.h`.
    pub file: &'static str,
    /// The version that the rule was measured on, such as `6.18`.
    pub version: &'static str,
}

/// The unit of a law's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Connections, or attempts to connect.
    Connections,
    /// Sockets in a state.
    Sockets,
    /// The increase of a kernel counter.
    Events,
    /// 1 if it happens, 0 if it does not.
    Occurrence,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// Its name in tables and titles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Sockets => "sockets",
            Self::Events => "events",
            Self::Occurrence => "0 or 1",
            Self::Seconds => "s",
        }
    }
}

/// How far a measurement may deviate from a law's prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerance {
    /// No deviation.
    Exact,
    /// A timer: never early, and at most 4 % late, or as late as the steps of
    /// the kernel's timer wheel allow ([`timer`](crate::timer)).
    Timer,
}

impl Tolerance {
    /// The tolerance as text.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Timer => "never early, at most 4 % or a step of the timer wheel late",
        }
    }
}
