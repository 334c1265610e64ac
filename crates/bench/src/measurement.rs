//! What one measurement of one contestant found.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::figure::Unit;

/// A quantity that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quantity {
    /// Attempts, deliveries or connections per second.
    PerSecond,
    /// CPU time of the load's process ÷ deliveries, seconds.
    CpuPerDelivery,
    /// The CPU time of the load's busiest thread while it chats ÷ that time; at most 1.
    LoadUse,
    /// 99th percentile of the delivery latency, seconds.
    LatencyP99,
    /// The same, at the rate that is the same for all designs.
    LatencyP99AtSameRate,
    /// Deliveries per second that a paced load asked for.
    PacedPerSecond,
    /// Deliveries per second of that load.
    AchievedPerSecond,
    /// The largest resident memory of the server, bytes.
    PeakMemory,
    /// Attempts or deliveries that are missing.
    Missing,
    /// What is measured takes this long, seconds.
    Seconds,
    /// Of them, what the kernel imposes.
    ImposedSeconds,
    /// Of them, what the loads and waits of trials take, those of the kernel included.
    LoadSeconds,
}

impl Quantity {
    pub(crate) const ALL: [Self; 12] = [
        Self::PerSecond,
        Self::CpuPerDelivery,
        Self::LoadUse,
        Self::LatencyP99,
        Self::LatencyP99AtSameRate,
        Self::PacedPerSecond,
        Self::AchievedPerSecond,
        Self::PeakMemory,
        Self::Missing,
        Self::Seconds,
        Self::ImposedSeconds,
        Self::LoadSeconds,
    ];

    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::PerSecond | Self::PacedPerSecond | Self::AchievedPerSecond => Unit::PerSecond,
            Self::CpuPerDelivery
            | Self::LatencyP99
            | Self::LatencyP99AtSameRate
            | Self::Seconds
            | Self::ImposedSeconds
            | Self::LoadSeconds => Unit::Seconds,
            Self::LoadUse => Unit::Share,
            Self::PeakMemory => Unit::Bytes,
            Self::Missing => Unit::Count,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "rate",
            Self::CpuPerDelivery => "CPU time of the load a delivery",
            Self::LoadUse => "CPU use of the load's busiest thread",
            Self::LatencyP99 => "latency, 99th percentile",
            Self::LatencyP99AtSameRate => "the same, at 100 k/s",
            Self::PacedPerSecond => "rate asked for",
            Self::AchievedPerSecond => "rate achieved",
            Self::PeakMemory => "server's peak memory",
            Self::Missing => "missing",
            Self::Seconds => "time",
            Self::ImposedSeconds => "imposed by the kernel",
            Self::LoadSeconds => "trials' loads and waits",
        }
    }
}

/// The values of one measurement.
pub(crate) type Values = BTreeMap<Quantity, f64>;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measurement {
    /// The part that it belongs to.
    pub(crate) part: &'static str,
    /// What was measured: a design, or a bare loop.
    pub(crate) contestant: String,
    /// From 0; what is measured in one round is compared.
    pub(crate) round: u32,
    /// How long it took with its preparation, seconds.
    pub(crate) took_seconds: f64,
    /// CPU time of other processes of the machine meanwhile ÷ that of all CPUs; none if it is not
    /// known.
    pub(crate) others_share: Option<f64>,
    pub(crate) values: Values,
}
