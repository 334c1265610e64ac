//! Writing on schedule, and checking what arrives.

use std::io::{self, ErrorKind, Read};

use linux_net::monotonic_ns;
use nix::libc::MSG_NOSIGNAL;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use worker::metrics::EndedBy;

use crate::control::Ending;
use crate::delivery_matrix::Arrival;
use crate::error::LoadError;
use crate::generator::{Generator, nanoseconds};
use crate::timers::Timer;

/// Bytes of due messages that one send(2) may contain.
const WRITE_AT_ONCE: usize = 64 * 1024;

/// First bytes that are kept to show what is not in the framing, or not the expected answer.
pub(crate) const SAMPLE_BYTES: usize = 64;

impl Generator<'_> {
    /// Starts the chat of a client: its schedule is fixed from now on.
    pub(crate) fn begin_chat(&mut self, client: usize, now_ns: u64) {
        let start_ns = now_ns.saturating_add(nanoseconds(self.config.settings.send_delay));
        self.schedules[client].start_ns = start_ns;
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
        let schedule = &mut self.schedules[client];
        let writer = &mut self.clients[client];
        let due = schedule.due(now);
        if writer.out.is_empty() {
            if writer.waits_to_write {
                writer.unblocked_ns = now;
            }
            while schedule.started < due && writer.out.len() < WRITE_AT_ONCE {
                let intended = schedule.intended_ns(schedule.started);
                if intended >= writer.unblocked_ns {
                    self.metrics.send_lateness.record(now - intended);
                }
                self.format.write(client as u32, schedule.started, &mut self.body_buffer);
                self.codec
                    .encode(&self.body_buffer, &mut writer.out)
                    .expect("the size was checked against the largest body");
                schedule.started += 1;
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
                        schedule.written = schedule.started;
                    } else {
                        let message =
                            (chat_protocol::Framing::HEADER_BYTES + self.format.size()) as u64;
                        schedule.written = (writer.bytes_written / message) as u32;
                    }
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return self.fail(client, "write to", error),
            }
        }
        let more = !writer.out.is_empty() || schedule.started < due;
        if !more && schedule.started < schedule.messages {
            let next = schedule.intended_ns(schedule.started);
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
    /// hang-ups.
    pub(crate) fn watch(&self, client: usize) -> Result<(), LoadError> {
        let watched = &self.clients[client];
        let mut interest = EpollFlags::empty();
        interest.set(EpollFlags::EPOLLIN, watched.reads);
        interest.set(EpollFlags::EPOLLOUT, watched.waits_to_write);
        self.epoll
            .modify(watched.socket(), &mut EpollEvent::new(interest, client as u64))
            .map_err(LoadError::system("watch a socket"))
    }

    /// Reads one buffer of what has arrived at a client. Epoll reports it again if there
    /// is more, so no client has to wait for a flood of another.
    pub(crate) fn read(&mut self, client: usize) -> Result<(), LoadError> {
        let reader = &mut self.clients[client];
        let mut socket = reader.socket.as_ref().expect("an open client has its socket");
        let bytes = match socket.read(&mut self.read_buffer) {
            Ok(0) => return self.on_end_of_file(client),
            Ok(bytes) => &self.read_buffer[..bytes],
            Err(error) if is_temporary(&error) => return Ok(()),
            Err(error) => return self.fail(client, "read from", error),
        };
        // Everything in the buffer had arrived by now.
        let now = monotonic_ns();
        let metrics = &mut self.metrics;
        reader.answered = true;
        if !reader.is_framed {
            let room = SAMPLE_BYTES.saturating_sub(reader.unframed.len());
            reader.unframed.extend(&bytes[..bytes.len().min(room)]);
        }
        metrics.bytes_in += bytes.len() as u64;
        metrics.record_activity(now);
        let mut bodies = reader.decoder.decode(bytes);
        let mut latencies = metrics.delivery_latency.batch();
        let end = loop {
            let body = match bodies.next_body() {
                Ok(Some(body)) => body,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            if !reader.is_framed {
                reader.is_framed = true;
                reader.unframed = Vec::new();
            }
            let Some((sender, number)) = self.format.read(body) else {
                metrics.foreign += 1;
                continue;
            };
            let sender = sender as usize;
            let schedule = &self.schedules[sender];
            if number >= schedule.started {
                // Not written yet, so its sender did not send it.
                metrics.foreign += 1;
            } else if sender == client {
                metrics.echoed += 1;
            } else {
                reader.deliveries += 1;
                if self.matrix.arrived(client, sender, number, now) != Arrival::Again {
                    latencies.record(now.saturating_sub(schedule.intended_ns(number)));
                }
            }
        };
        drop((bodies, latencies));
        if end.is_some() {
            metrics.broken_streams += 1;
            reader.ended_by = Some(EndedBy::BrokenStream);
            if !reader.is_framed {
                metrics.record_unframed(&reader.unframed);
            }
            self.end(client, Ending::Unfinished, None);
        }
        Ok(())
    }
}

/// Whether epoll will report when to try again.
pub(crate) fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
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
