//! The status and the report of a load.

use worker::metrics::{Integrity, ResourceUsage};

use crate::generator::Generator;
use crate::{LoadReport, LoadStatus, standing};

impl Generator<'_> {
    /// Totals so far.
    pub(crate) fn status(&self) -> LoadStatus {
        LoadStatus {
            established: self.established,
            bytes_written: self.clients.iter().map(|client| client.bytes_written).sum(),
            messages_written: self.schedules.iter().map(|s| u64::from(s.written)).sum(),
        }
    }

    /// Everything that was measured; every attempt has ended.
    pub(crate) fn report(self) -> LoadReport {
        let attempts: Vec<_> = self
            .clients
            .iter()
            .zip(&self.schedules)
            .enumerate()
            .map(|(index, (client, schedule))| client.attempt(index, schedule.written))
            .collect();
        let mut integrity = self.ledger.integrity();
        for receiver in 0..self.clients.len() {
            for sender in self.ledger.heard(receiver) {
                let lost =
                    standing::lost_before_first(&self.ledger, &self.schedules, receiver, sender);
                integrity.lost += u64::from(lost);
            }
        }
        let figures = self.figures;
        LoadReport {
            messages_written: attempts.iter().map(|a| u64::from(a.messages_written)).sum(),
            deliveries: attempts.iter().map(|a| a.deliveries).sum(),
            undelivered: figures.undelivered,
            bytes_out: self.clients.iter().map(|client| client.bytes_written).sum(),
            bytes_in: figures.bytes_in,
            started_ns: attempts.iter().map(|a| a.start_ns).min().unwrap_or_default(),
            ended_ns: attempts.iter().map(|a| a.end_ns).max().unwrap_or_default(),
            chat_window_ns: figures.chat_window_ns,
            delivery_latency: figures.delivery_latency.summary(),
            connect_latency: figures.connect_latency.summary(),
            send_lateness: figures.send_lateness.summary(),
            integrity: Integrity {
                echoed: figures.echoed,
                foreign: figures.foreign,
                broken_streams: figures.broken_streams,
                ..integrity
            },
            errors: figures.errors,
            usage: ResourceUsage::of_this_process(),
            attempts,
        }
    }
}
