//! The status and the report of a load.

use worker::metrics::{Integrity, ResourceUsage};

use crate::activity::{Activity, span};
use crate::client::AttemptProgress;
use crate::control::{LoadReport, LoadStatus};
use crate::expected_deliveries;
use crate::generator::Generator;
use crate::thread_use::ThreadUse;

impl Generator<'_> {
    /// Totals so far.
    pub(crate) fn status(&self) -> LoadStatus {
        LoadStatus {
            established: self.established,
            bytes_written: self.clients.iter().map(|client| client.bytes_written).sum(),
            messages_written: self.schedules.iter().map(|s| u64::from(s.written())).sum(),
        }
    }

    /// CLOCK_MONOTONIC of the first write, read of a message or start of a request, and of the
    /// last write or read, nanoseconds.
    pub(crate) fn chat_window_ns(&self) -> Option<(u64, u64)> {
        span(self.metrics.activity.window_ns(), self.receivers.window_ns())
    }

    /// Ends the threads that read. What each thread used, that of the event loop first.
    fn end_threads(&mut self) -> Vec<ThreadUse> {
        let own = self.metrics.activity;
        let use_of = |activity: Activity, run_delay_seconds| ThreadUse {
            cpu_seconds: activity.cpu_seconds(),
            run_delay_seconds,
        };
        let own_delay = linux_net::run_delay_seconds();
        let Some(mut reading) = self.threads.take() else {
            let all = self.receivers.activities().fold(own, |all, reads| all.and(&reads));
            return vec![use_of(all, own_delay)];
        };
        reading.stop();
        let reads = self.receivers.activities().zip(reading.run_delays());
        let reads = reads.map(|(activity, run_delay)| use_of(activity, run_delay));
        [use_of(own, own_delay)].into_iter().chain(reads).collect()
    }

    /// The report; every attempt has ended.
    pub(crate) fn report(mut self) -> LoadReport {
        let threads = self.end_threads();
        let attempts: Vec<_> = self
            .clients
            .iter()
            .zip(&*self.schedules)
            .enumerate()
            .map(|(index, (client, schedule))| {
                let mut part = self.receivers.part_of(index);
                let receiver = part.receiver(index);
                let progress = AttemptProgress {
                    messages_written: schedule.written(),
                    deliveries: receiver.deliveries,
                    answers: self.progress.get(index).map_or(0, |progress| progress.answers),
                    has_received: receiver.answered,
                };
                client.attempt(index, progress)
            })
            .collect();
        let mut integrity = self.matrix.integrity();
        for receiver in 0..self.clients.len() {
            integrity.lost +=
                expected_deliveries::lost_before_first(&self.matrix, &self.schedules, receiver);
        }
        let received = self.receivers.tally();
        let chat_window_ns = self.chat_window_ns();
        let metrics = self.metrics;
        let responses = metrics.responses_by_destination();
        LoadReport {
            messages_written: attempts.iter().map(|a| u64::from(a.messages_written)).sum(),
            deliveries: attempts.iter().map(|a| a.deliveries).sum(),
            undelivered: metrics.undelivered,
            bytes_out: self.clients.iter().map(|client| client.bytes_written).sum(),
            bytes_in: metrics.bytes_in + received.bytes_in,
            started_ns: attempts.iter().map(|a| a.start_ns).min().unwrap_or_default(),
            ended_ns: attempts.iter().map(|a| a.end_ns).max().unwrap_or_default(),
            chat_window_ns,
            delivery_latency: received.delivery_latency.summary(),
            response_latency: metrics.response_latency.summary(),
            response_histogram: metrics.response_histogram,
            response_latencies: self.config.destinations().into_iter().zip(responses).collect(),
            connect_latency: metrics.connect_latency.summary(),
            send_lateness: metrics.send_lateness.summary(),
            integrity: Integrity {
                echoed: received.echoed,
                foreign: received.foreign,
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
            run_delay_seconds: threads
                .iter()
                .filter_map(|thread| thread.run_delay_seconds)
                .reduce(f64::max),
            threads,
            attempts,
        }
    }
}
