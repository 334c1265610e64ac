//! When a client leaves, and how.

use std::net::Shutdown;

use chat_protocol::Framing;
use linux_net::monotonic_ns;
use nix::errno::Errno;
use worker::metrics::EndedBy;

use crate::client::State;
use crate::control::Ending;
use crate::error::LoadError;
use crate::expected_deliveries;
use crate::generator::Generator;
use crate::roles::Role;
use crate::settings::Leave;
use crate::timers::Timer;

/// The interval of checks for a quiet time, nanoseconds.
pub(crate) const QUIET_CHECK_NS: u64 = expected_deliveries::QUIET_NS / 4;

impl Generator<'_> {
    /// Lets a client that has nothing more to write leave, if clients leave individually
    /// and it may.
    pub(crate) fn leave_individually(&mut self, client: usize) -> Result<(), LoadError> {
        let is_slow = self.clients[client].role == Role::SlowReader;
        if is_slow || self.config.server_closes || self.stays(client) {
            return Ok(());
        }
        match self.config.settings.leave {
            Leave::Together => Ok(()),
            Leave::AfterSending => {
                // Like the original's clients: with deliveries unread, this close sends
                // an RST (tcp_close).
                self.end(client, Ending::Finished, None);
                Ok(())
            }
            Leave::HalfClose => self.half_close(client),
        }
    }

    /// Sends the FIN first and continues to read: the server's FIN then puts the
    /// connection into TIME_WAIT here (`tcp_fin`).
    fn half_close(&mut self, client: usize) -> Result<(), LoadError> {
        if self.clients[client].half_closed {
            return Ok(());
        }
        match self.clients[client].socket().shutdown(Shutdown::Write) {
            Ok(()) => {
                self.clients[client].half_closed = true;
                Ok(())
            }
            // It was reset; reading returns the error.
            Err(error) if error.raw_os_error() == Some(Errno::ENOTCONN as i32) => Ok(()),
            Err(error) => self.fail(client, "shut down sending to", error),
        }
    }

    /// Handles an end of file, after these bytes if no message was read.
    pub(crate) fn on_end_of_file(
        &mut self,
        client: usize,
        unframed: &[u8],
    ) -> Result<(), LoadError> {
        let as_planned = self.config.server_closes && self.schedules[client].is_written();
        let stays = as_planned && self.stays(client);
        let reader = &mut self.clients[client];
        reader.answered = true;
        // A message has at least a header.
        if !unframed.is_empty() && unframed.len() < Framing::HEADER_BYTES {
            self.metrics.record_unframed(unframed);
        }
        if stays {
            reader.read_to_end = true;
            reader.reads = false;
            return self.watch(client);
        }
        let finished = as_planned || reader.half_closed;
        let ending = if finished { Ending::Finished } else { Ending::ClosedByServer };
        self.end(client, ending, None);
        Ok(())
    }

    /// Handles the end of the connection of a client that does not read.
    pub(crate) fn on_hang_up(&mut self, client: usize) -> Result<(), LoadError> {
        let error = self.clients[client].socket().take_error();
        match error.map_err(LoadError::system("read SO_ERROR"))? {
            Some(error) => self.fail(client, "read from", error)?,
            None => self.end(client, Ending::ClosedByServer, None),
        }
        Ok(())
    }

    /// Ends the clients that have nothing more to wait for. The load is released, and
    /// at least one client is open.
    pub(crate) fn leave_when_done(&mut self) -> Result<(), LoadError> {
        if self.unwritten == 0 {
            if !self.leaves_together() {
                self.notify_readers()?;
            } else if self.matrix.is_complete() {
                // What threads have read after the last message.
                self.stop_reading();
                self.take_ends()?;
                self.end_all(Ending::Finished);
            }
        }
        if self.open == self.open_slow_readers {
            self.end_all(Ending::Finished);
        }
        Ok(())
    }

    /// Everything is written: clients that only read leave too.
    fn notify_readers(&mut self) -> Result<(), LoadError> {
        if !std::mem::replace(&mut self.readers_notified, true) {
            for client in self.open_clients() {
                if self.clients[client].role == Role::Reader {
                    self.leave_individually(client)?;
                }
            }
        }
        Ok(())
    }

    /// Ends every open client.
    pub(crate) fn end_all(&mut self, ending: Ending) {
        self.stop_reading();
        for client in self.open_clients() {
            let ending = self.ending_for(client, ending);
            self.end(client, ending, None);
        }
    }

    /// Ends the threads that read, if there are any, so that what has arrived is final.
    fn stop_reading(&mut self) {
        if let Some(threads) = &mut self.threads {
            threads.stop();
        }
    }

    /// The ending of a client: `ending`, except for a slow reader. When that one leaves,
    /// its unread data is lost, unless no client wrote anything.
    fn ending_for(&mut self, client: usize, ending: Ending) -> Ending {
        let nothing_sent = self.chat_window_ns().is_none();
        match self.clients[client].role {
            Role::SlowReader if nothing_sent => Ending::Finished,
            Role::SlowReader => {
                self.clients[client].ended_by = Some(EndedBy::SlowReader);
                Ending::Unfinished
            }
            _ => ending,
        }
    }

    pub(crate) fn on_quiet_check(&mut self) {
        let now = monotonic_ns();
        let last_ns = self.chat_window_ns().map_or(0, |(_, last)| last);
        let last_ns = last_ns.max(self.metrics.last_connect_ns);
        let quiet = now.saturating_sub(last_ns) >= expected_deliveries::QUIET_NS;
        let over = quiet
            && self.unwritten == 0
            && expected_deliveries::nothing_outstanding(&self.matrix, &self.schedules);
        if over {
            self.end_all(Ending::Finished);
        } else {
            self.timers.add(now + QUIET_CHECK_NS, Timer::Quiet);
        }
    }

    /// Ends a client of a closed loop at its finish deadline.
    pub(crate) fn on_own_finish_deadline(&mut self, client: usize) {
        if self.clients[client].state == State::Open {
            self.clients[client].ended_by = Some(self.finish_deadline_end(client, monotonic_ns()));
            self.end(client, Ending::Unfinished, None);
        }
    }

    /// What a finish deadline that has passed says about a client that is not done: whether
    /// the load itself had not written what was due.
    fn finish_deadline_end(&self, client: usize, now_ns: u64) -> EndedBy {
        let schedule = &self.schedules[client];
        if schedule.is_written() || self.clients[client].waits_to_write {
            EndedBy::FinishDeadline
        } else if schedule.due(now_ns) > schedule.started() {
            EndedBy::LateLoad
        } else {
            EndedBy::ShortDeadline
        }
    }

    /// Records for each open client what the finish deadline says about it. One that has
    /// written everything waits for the others' messages, and so for the reason for which
    /// these are not written.
    fn judge_finish_deadline(&mut self) {
        let now_ns = monotonic_ns();
        let open = self.open_clients();
        let ends: Vec<_> =
            open.iter().map(|&client| self.finish_deadline_end(client, now_ns)).collect();
        let others = [EndedBy::LateLoad, EndedBy::ShortDeadline]
            .into_iter()
            .find(|end| self.leaves_together() && ends.contains(end));
        for (client, end) in open.into_iter().zip(ends) {
            let waits = end == EndedBy::FinishDeadline && self.schedules[client].is_written();
            self.clients[client].ended_by = Some(others.filter(|_| waits).unwrap_or(end));
        }
    }

    pub(crate) fn on_finish_deadline(&mut self) -> Result<(), LoadError> {
        self.stop_reading();
        self.take_ends()?;
        self.judge_finish_deadline();
        if !self.leaves_together() || self.config.settings.messages == 0 {
            self.end_all(Ending::Unfinished);
            return Ok(());
        }
        // All are judged before the first one leaves.
        let judged: Vec<_> = self
            .open_clients()
            .into_iter()
            .map(|client| {
                let outstanding = expected_deliveries::outstanding_in_total(
                    &self.matrix,
                    &self.schedules,
                    client,
                );
                self.metrics.undelivered += outstanding;
                let finished = outstanding == 0
                    && self.schedules[client].is_written()
                    && expected_deliveries::is_registered(&self.matrix, client);
                (client, if finished { Ending::Finished } else { Ending::Unfinished })
            })
            .collect();
        for (client, ending) in judged {
            if ending == Ending::Finished {
                self.clients[client].ended_by = None;
            }
            let ending = self.ending_for(client, ending);
            self.end(client, ending, None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use linux_net::monotonic_ns;
    use worker::metrics::EndedBy;

    use crate::generator::testing::with_open_clients;
    use crate::settings::{ChatPhase, LoadSettings};

    /// What the finish deadline says about two clients that have written nothing, whose
    /// messages are due after this delay.
    fn ended_by(send_delay: Duration) -> Vec<Option<EndedBy>> {
        let settings = LoadSettings {
            clients: 2,
            messages: 1,
            chat: ChatPhase::AfterConnect,
            ..LoadSettings::default()
        };
        let mut ends = Vec::new();
        with_open_clients(settings, false, |generator| {
            let due_ns = monotonic_ns().saturating_add(send_delay.as_nanos() as u64);
            generator.schedules.iter().for_each(|schedule| schedule.start(due_ns));
            generator.on_finish_deadline().expect("the clients end");
            ends = generator.clients.iter().map(|client| Some(client.end?.ended_by)).collect();
        });
        ends
    }

    #[test]
    fn a_load_that_has_not_written_what_was_due_is_late() {
        assert_eq!(ended_by(Duration::ZERO), [Some(EndedBy::LateLoad); 2]);
    }

    #[test]
    fn a_deadline_before_the_last_message_is_short() {
        assert_eq!(ended_by(Duration::from_secs(3600)), [Some(EndedBy::ShortDeadline); 2]);
    }
}
