//! The status and the report of a load.

use worker::metrics::{Integrity, ResourceUsage};

use crate::control::{LoadReport, LoadStatus};
use crate::expected_deliveries;
use crate::generator::Generator;

impl Generator<'_> {
    /// Totals so far.
    pub(crate) fn status(&self) -> LoadStatus {
        LoadStatus {
            established: self.established,
            bytes_written: self.clients.iter().map(|client| client.bytes_written).sum(),
            messages_written: self.schedules.iter().map(|s| u64::from(s.written)).sum(),
        }
    }

    /// The report; every attempt has ended.
    pub(crate) fn report(self) -> LoadReport {
        let attempts: Vec<_> = self
            .clients
            .iter()
            .zip(&self.schedules)
            .enumerate()
            .map(|(index, (client, schedule))| {
                let answers = self.progress.get(index).map_or(0, |progress| progress.answers);
                client.attempt(index, schedule.written, answers)
            })
            .collect();
        let mut integrity = self.matrix.integrity();
        for receiver in 0..self.clients.len() {
            for sender in self.matrix.senders_received(receiver) {
                let lost = expected_deliveries::lost_before_first(
                    &self.matrix,
                    &self.schedules,
                    receiver,
                    sender,
                );
                integrity.lost += u64::from(lost);
            }
        }
        let metrics = self.metrics;
        let responses = metrics.responses_by_destination();
        LoadReport {
            messages_written: attempts.iter().map(|a| u64::from(a.messages_written)).sum(),
            deliveries: attempts.iter().map(|a| a.deliveries).sum(),
            undelivered: metrics.undelivered,
            bytes_out: self.clients.iter().map(|client| client.bytes_written).sum(),
            bytes_in: metrics.bytes_in,
            started_ns: attempts.iter().map(|a| a.start_ns).min().unwrap_or_default(),
            ended_ns: attempts.iter().map(|a| a.end_ns).max().unwrap_or_default(),
            chat_window_ns: metrics.chat_window_ns,
            delivery_latency: metrics.delivery_latency.summary(),
            response_latency: metrics.response_latency.summary(),
            response_histogram: metrics.response_histogram,
            response_latencies: self.config.destinations().into_iter().zip(responses).collect(),
            connect_latency: metrics.connect_latency.summary(),
            send_lateness: metrics.send_lateness.summary(),
            integrity: Integrity {
                echoed: metrics.echoed,
                foreign: metrics.foreign,
                broken_streams: metrics.broken_streams,
                ..integrity
            },
            unframed: metrics.unframed,
            errors: metrics.errors,
            incomplete_causes: metrics
                .causes
                .into_iter()
                .map(|(cause, count)| (cause.to_string(), count))
                .collect(),
            usage: ResourceUsage::current(),
            run_delay_seconds: linux_net::run_delay_seconds(),
            attempts,
        }
    }
}
