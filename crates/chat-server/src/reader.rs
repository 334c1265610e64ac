//! Reads from a client, for as long as it may be silent.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use worker::metrics::ClosedBecause;

use crate::client::{Client, SHORTEST_WAIT};
use crate::settings::ServerSettings;

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// The client has closed or reset the connection, or the server stops.
    ByClient,
    /// The client was silent for too long.
    TimedOut(ClosedBecause),
}

/// Reads from one client.
pub(crate) struct Reader<'a> {
    client: &'a Client,
    /// 0 is endless.
    idle_timeout: Duration,
    /// 0 is endless.
    frame_timeout: Duration,
    /// When the message began that is not complete.
    frame_since: Option<Instant>,
    /// SO_RCVTIMEO, as it is set; 0 is endless.
    timeout: Duration,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(client: &'a Client, settings: &ServerSettings) -> Self {
        Self {
            client,
            idle_timeout: settings.idle_timeout,
            frame_timeout: settings.frame_timeout,
            frame_since: None,
            timeout: Duration::ZERO,
        }
    }

    /// Notes what the bytes of the last read were: whether some are the beginning of a message,
    /// and whether others were the end of one. The time of a message begins when the messages
    /// before it have been delivered: until then nobody read the rest of it.
    pub(crate) fn note(&mut self, is_mid_message: bool, has_completed: bool) {
        let since = self.frame_since.filter(|_| !has_completed);
        self.frame_since = is_mid_message.then(|| since.unwrap_or_else(Instant::now));
    }

    /// Reads what there is, at least a byte.
    ///
    /// # Errors
    /// If there never is a byte.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadEnd> {
        // Of which the client was silent, with no message.
        let mut waited = Duration::ZERO;
        loop {
            let allowed = match self.frame_left() {
                Some(left) => left.ok_or(ReadEnd::TimedOut(ClosedBecause::FrameTimeout))?,
                None if self.idle_timeout.is_zero() => Duration::ZERO,
                None => {
                    let silent = waited.min(self.client.since_last_write());
                    let left = self.idle_timeout.saturating_sub(silent);
                    if left.is_zero() {
                        return Err(ReadEnd::TimedOut(ClosedBecause::IdleTimeout));
                    }
                    left.max(SHORTEST_WAIT)
                }
            };
            self.set_timeout(allowed);
            match self.client.socket().read(buffer) {
                Ok(0) => return Err(ReadEnd::ByClient),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => waited += allowed,
                Err(_) => return Err(ReadEnd::ByClient),
            }
        }
    }

    /// The time that the message which has begun may still take; `None` if there is none or
    /// it may take forever, and `Some(None)` if there is no time left.
    fn frame_left(&self) -> Option<Option<Duration>> {
        let since = self.frame_since.filter(|_| !self.frame_timeout.is_zero())?;
        let left = self.frame_timeout.saturating_sub(since.elapsed());
        Some((!left.is_zero()).then(|| left.max(SHORTEST_WAIT)))
    }

    fn set_timeout(&mut self, timeout: Duration) {
        if timeout != self.timeout {
            // It fails only on a connection that has ended.
            let _ = self.client.socket().set_read_timeout(Some(timeout));
            self.timeout = timeout;
        }
    }
}
