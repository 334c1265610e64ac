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
    /// before it have been delivered: until then the rest of it was not read.
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
        let mut has_waited = false;
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
            if has_waited || !is_near(self.timeout, allowed) {
                self.set_timeout(allowed);
            }
            match self.client.socket().read(buffer) {
                Ok(0) => return Err(ReadEnd::ByClient),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    waited += self.timeout;
                    has_waited = true;
                }
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

/// Whether a read with this timeout may wait for as long as is allowed: it may end before, and
/// is then repeated, and at most an eighth later. The time left for a message differs before each
/// read, and setting it each time would cost a tenth of a read.
fn is_near(timeout: Duration, allowed: Duration) -> bool {
    if timeout.is_zero() || allowed.is_zero() {
        return timeout == allowed;
    }
    timeout <= allowed + allowed / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_set_again_only_if_it_would_be_much_too_long() {
        let is_near = |timeout, allowed| {
            is_near(Duration::from_millis(timeout), Duration::from_millis(allowed))
        };
        for (timeout, allowed) in [(10_000, 10_000), (10_000, 9_000), (10_000, 600_000), (0, 0)] {
            assert!(is_near(timeout, allowed), "{timeout} {allowed}");
        }
        for (timeout, allowed) in [(10_000, 8_000), (10_000, 1), (0, 10_000), (10_000, 0)] {
            assert!(!is_near(timeout, allowed), "{timeout} {allowed}");
        }
    }
}
