//! Leaving together, and the report when all have left.

use linux_net::{ResourceUsage, monotonic_ns};

use crate::generator::Generator;
use crate::timers::Timer;
use crate::{Ending, Integrity, LoadReport, standing};

/// How often to see whether everything has gone quiet, nanoseconds.
pub(crate) const QUIET_CHECK_NS: u64 = standing::QUIET_NS / 4;

impl Generator<'_> {
    pub(crate) fn on_quiet_check(&mut self) {
        let now = monotonic_ns();
        let quiet = now.saturating_sub(self.figures.last_activity_ns) >= standing::QUIET_NS;
        let over = quiet
            && self.unwritten == 0
            && standing::nothing_expected(&self.ledger, &self.schedules);
        if over {
            self.end_all(Ending::Finished);
        } else {
            self.timers.add(now + QUIET_CHECK_NS, Timer::Quiet);
        }
    }

    pub(crate) fn on_finish_deadline(&mut self) {
        if !self.leaves_together() || self.config.settings.messages == 0 {
            return self.end_all(Ending::Unfinished);
        }
        // All are judged before the first one leaves.
        let judged: Vec<_> = self
            .open_clients()
            .into_iter()
            .map(|client| {
                let owed = standing::owed_by_all(&self.ledger, &self.schedules, client);
                self.figures.undelivered += owed;
                let finished = owed == 0
                    && self.schedules[client].is_written()
                    && standing::is_registered(&self.ledger, client);
                (client, if finished { Ending::Finished } else { Ending::Unfinished })
            })
            .collect();
        for (client, ending) in judged {
            self.end(client, ending, None);
        }
    }

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
            for sender in 0..self.clients.len() {
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
            delivery_latency: figures.delivery_latency.percentiles(),
            connect_latency: figures.connect_latency.percentiles(),
            send_lateness: figures.send_lateness.percentiles(),
            integrity: Integrity {
                echoed: figures.echoed,
                foreign: figures.foreign,
                broken_streams: figures.broken_streams,
                ..integrity
            },
            errors: figures.errors,
            resources: ResourceUsage::of_this_process(),
            attempts,
        }
    }
}
