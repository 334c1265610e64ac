//! Metrics of a running load.

use std::collections::BTreeMap;

use worker::metrics::{LatencyHistogram, LatencySummary, UnframedAnswer};

use crate::activity::Activity;
use crate::dialogue::Cause;
use crate::latency::Latencies;

/// Counts and distributions over all clients.
#[derive(Debug)]
pub(crate) struct LoadMetrics {
    /// Bytes of answers; [`Tally`](crate::receiver_part::Tally) has those of a chat.
    pub(crate) bytes_in: u64,
    pub(crate) undelivered: u64,
    pub(crate) broken_streams: u64,
    pub(crate) unframed: Option<UnframedAnswer>,
    pub(crate) errors: BTreeMap<String, u64>,
    /// Why attempts did not get their answers.
    pub(crate) causes: BTreeMap<Cause, u64>,
    /// Writes, and reads of answers.
    pub(crate) activity: Activity,
    /// The last connect.
    pub(crate) last_connect_ns: u64,
    pub(crate) response_latency: Latencies,
    pub(crate) response_histogram: LatencyHistogram,
    pub(crate) connect_latency: Latencies,
    pub(crate) send_lateness: Latencies,
    /// Response times by destination, if there are several.
    of_destinations: Vec<Latencies>,
}

impl LoadMetrics {
    /// Nothing measured yet, of a load with so many destinations.
    pub(crate) fn new(destinations: usize) -> Self {
        let several = if destinations > 1 { destinations } else { 0 };
        Self {
            bytes_in: 0,
            undelivered: 0,
            broken_streams: 0,
            unframed: None,
            errors: BTreeMap::new(),
            causes: BTreeMap::new(),
            activity: Activity::default(),
            last_connect_ns: 0,
            response_latency: Latencies::new(),
            response_histogram: LatencyHistogram::default(),
            connect_latency: Latencies::new(),
            send_lateness: Latencies::new(),
            of_destinations: (0..several).map(|_| Latencies::new()).collect(),
        }
    }

    /// Records an expected answer from the destination with this number that is complete now.
    pub(crate) fn record_response(&mut self, destination: usize, intended_ns: u64, now_ns: u64) {
        let latency_ns = now_ns.saturating_sub(intended_ns);
        self.response_latency.record(latency_ns);
        self.response_histogram.record(latency_ns);
        if let Some(latency) = self.of_destinations.get_mut(destination) {
            latency.record(latency_ns);
        }
    }

    /// The response times of each destination; empty if there is only one.
    pub(crate) fn responses_by_destination(&self) -> Vec<LatencySummary> {
        self.of_destinations.iter().map(Latencies::summary).collect()
    }

    /// Records an attempt that did not get its answers.
    pub(crate) fn record_cause(&mut self, cause: Cause) {
        *self.causes.entry(cause).or_default() += 1;
    }

    /// Records a connection whose first data, or an answer of which, starts with these bytes
    /// and is not what the dialogue has.
    pub(crate) fn record_unframed(&mut self, start: &[u8]) {
        let unframed = self.unframed.get_or_insert_with(|| UnframedAnswer {
            connections: 0,
            start: start.escape_ascii().to_string(),
        });
        unframed.connections += 1;
    }

    /// Records that bytes were written, or that a part of an answer arrived.
    pub(crate) fn record_activity(&mut self, now_ns: u64) {
        self.activity.record(now_ns);
    }
}
