//! Writing on schedule, and what follows from reading.

use linux_net::monotonic_ns;
use nix::libc::MSG_NOSIGNAL;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use worker::metrics::EndedBy;

use crate::client::State;
use crate::control::Ending;
use crate::error::LoadError;
use crate::generator::{Generator, nanoseconds};
use crate::reading_threads::ReadingThreads;
use crate::receiver_part::{StreamEnd, is_temporary};
use crate::timers::Timer;

/// Bytes of due messages that one send(2) may contain.
const WRITE_AT_ONCE: usize = 64 * 1024;

impl Generator<'_> {
    /// Starts the chat of a client: its schedule is fixed from now on.
    pub(crate) fn begin_chat(&mut self, client: usize, now_ns: u64) {
        let start_ns = now_ns.saturating_add(nanoseconds(self.config.settings.send_delay));
        self.schedules[client].start(start_ns);
        self.timers.add(start_ns, Timer::Send(client));
    }

    /// Writes what is due. What the socket does not accept now is written when it has
    /// room. Messages that become due meanwhile wait as numbers, not as bytes, so a
    /// server that stops reading costs no memory.
    pub(crate) fn write_due(&mut self, client: usize) -> Result<(), LoadError> {
        if self.clients[client].socket.is_none() {
            return Ok(()); // It ended after its timer was set.
        }
        if self.schedules[client].is_written() {
            return Ok(()); // An event from before the last write.
        }
        let now = monotonic_ns();
        let schedule = &self.schedules[client];
        let writer = &mut self.clients[client];
        let due = schedule.due(now);
        if writer.out.is_empty() {
            if writer.waits_to_write {
                writer.unblocked_ns = now;
            }
            while schedule.started() < due && writer.out.len() < WRITE_AT_ONCE {
                let number = schedule.started();
                let intended = schedule.intended_ns(number);
                if intended >= writer.unblocked_ns {
                    self.metrics.send_lateness.record(now - intended);
                }
                self.format.write(client as u32, number, &mut self.body_buffer);
                self.codec
                    .encode(&self.body_buffer, &mut writer.out)
                    .expect("the size was checked against the largest body");
                schedule.start_next();
            }
        }
        if !writer.out.is_empty() {
            match writer.socket().send_with_flags(&writer.out[writer.sent..], MSG_NOSIGNAL) {
                Ok(bytes) => {
                    writer.sent += bytes;
                    writer.bytes_written += bytes as u64;
                    self.metrics.record_activity(now);
                    if writer.sent == writer.out.len() {
                        writer.out.clear();
                        writer.sent = 0;
                        schedule.set_written(schedule.started());
                    } else {
                        let message =
                            (chat_protocol::Framing::HEADER_BYTES + self.format.size()) as u64;
                        schedule.set_written((writer.bytes_written / message) as u32);
                    }
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return self.fail(client, "write to", error),
            }
        }
        let more = !writer.out.is_empty() || schedule.started() < due;
        if !more && schedule.started() < schedule.messages {
            let next = schedule.intended_ns(schedule.started());
            self.timers.add(next, Timer::Send(client));
        }
        let all_written = !more && schedule.is_written();
        self.wait_to_write(client, more)?;
        if all_written {
            self.unwritten -= 1;
            self.leave_individually(client)?;
        }
        Ok(())
    }

    /// Adds or removes epoll's interest in room to write.
    pub(crate) fn wait_to_write(&mut self, client: usize, wait: bool) -> Result<(), LoadError> {
        let writer = &mut self.clients[client];
        if writer.waits_to_write == wait {
            return Ok(());
        }
        writer.waits_to_write = wait;
        self.watch(client)
    }

    /// Registers what a client waits for with epoll, which always reports errors and
    /// hang-ups. If a thread reads for it, that one notices them.
    pub(crate) fn watch(&mut self, client: usize) -> Result<(), LoadError> {
        let is_read_elsewhere = self.threads.is_some();
        let watched = &mut self.clients[client];
        let mut interest = EpollFlags::empty();
        interest.set(EpollFlags::EPOLLIN, watched.reads && !is_read_elsewhere);
        interest.set(EpollFlags::EPOLLOUT, watched.waits_to_write);
        let is_idle = interest.is_empty() && watched.reads && is_read_elsewhere;
        let was_watched = std::mem::replace(&mut watched.is_watched, !is_idle);
        let socket = watched.socket();
        let mut event = EpollEvent::new(interest, client as u64);
        match (was_watched, is_idle) {
            (true, false) => self.epoll.modify(socket, &mut event),
            (false, false) => self.epoll.add(socket, event),
            (true, true) => self.epoll.delete(socket),
            (false, true) => Ok(()),
        }
        .map_err(LoadError::system("watch a socket"))
    }

    /// Reads one buffer of what has arrived at a client.
    pub(crate) fn read(&mut self, client: usize) -> Result<(), LoadError> {
        let socket = self.clients[client].socket.as_ref().expect("an open client has its socket");
        let read = self.receivers.part_of(client).read(client, socket, &mut self.read_buffer);
        // Whether everything has arrived is looked at after each event.
        read.map(drop).or_else(|end| self.on_stream_end(client, end))
    }

    /// Handles the ends of streams that threads have read to.
    pub(crate) fn take_ends(&mut self) -> Result<(), LoadError> {
        if let Some(threads) = &self.threads {
            threads.clear_wake();
        }
        while let Some((client, end)) = self.threads.as_ref().and_then(ReadingThreads::next_end) {
            if self.clients[client].state == State::Open {
                self.on_stream_end(client, end)?;
            }
        }
        Ok(())
    }

    fn on_stream_end(&mut self, client: usize, end: StreamEnd) -> Result<(), LoadError> {
        match end {
            StreamEnd::EndOfFile { unframed } => self.on_end_of_file(client, &unframed),
            StreamEnd::Failed(error) => self.fail(client, "read from", error),
            StreamEnd::Broken { unframed } => {
                self.metrics.broken_streams += 1;
                if let Some(unframed) = unframed {
                    self.metrics.record_unframed(&unframed);
                }
                self.clients[client].ended_by = Some(EndedBy::BrokenStream);
                self.end(client, Ending::Unfinished, None);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::generator::testing::with_open_clients;
    use crate::settings::LoadSettings;

    #[test]
    fn a_client_that_has_written_everything_is_counted_once() {
        let settings = LoadSettings {
            clients: 2,
            messages: 1,
            send_delay: Duration::ZERO,
            ..LoadSettings::default()
        };
        with_open_clients(settings, false, |generator| {
            assert_eq!(generator.unwritten, 2);
            for _ in 0..3 {
                generator.write_due(0).expect("loopback can be written to");
                assert_eq!((generator.open, generator.unwritten), (2, 1));
            }
        });
    }
}
