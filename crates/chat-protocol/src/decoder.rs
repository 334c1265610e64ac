//! Decodes the bodies of a stream.

use std::collections::TryReserveError;

use crate::codec::Codec;
use crate::error::ProtocolError;
use crate::framing::Framing;

/// An incremental decoder of bodies. Its memory grows with the bytes that were fed and
/// not yet returned, never with the size that a header announces.
///
/// ```
/// # use chat_protocol::{Codec, Decoder, Framing};
/// let mut decoder = Decoder::new(Codec::new(Framing::Ascii4, None)?);
/// decoder.feed(b"0005hel");
/// assert_eq!(decoder.next_body()?, None);
/// decoder.feed(b"lo0001!");
/// assert_eq!(decoder.next_body()?, Some(&b"hello"[..]));
/// assert_eq!(decoder.next_body()?, Some(&b"!"[..]));
/// assert!(!decoder.is_mid_message());
/// # Ok::<(), chat_protocol::ProtocolError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    codec: Codec,
    buffer: Vec<u8>,
    /// Where the first message not yet returned starts in `buffer`.
    start: usize,
    error: Option<ProtocolError>,
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    pub fn new(codec: Codec) -> Self {
        Self { codec, buffer: Vec::new(), start: 0, error: None }
    }

    /// Feeds the next bytes of the stream, any number of them.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.forget_returned();
        self.buffer.extend_from_slice(bytes);
    }

    /// As [`Self::feed`]. The buffer's capacity is at most twice the bytes fed and not
    /// returned, and ends with the message that a header announces if that is less.
    ///
    /// # Errors
    /// If there is no memory; the bytes are then not fed.
    pub fn try_feed(&mut self, bytes: &[u8]) -> Result<(), TryReserveError> {
        self.forget_returned();
        let (filled, capacity) = (self.buffer.len(), self.buffer.capacity());
        let needed = filled + bytes.len();
        if needed > capacity {
            let announced = self.announced_end().unwrap_or(needed);
            let target = needed.max(announced.min(2 * capacity));
            self.buffer.try_reserve_exact(target - filled)?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Bytes that were fed and not returned.
    #[inline]
    pub fn unread(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Bytes that are missing in the first message not returned, as far as is known: those of
    /// its header, and then those of its body. 0 if it is complete or invalid.
    pub(crate) fn missing(&self) -> usize {
        match self.announced_end() {
            Some(end) => end.saturating_sub(self.buffer.len()),
            None => Framing::HEADER_BYTES.saturating_sub(self.unread()),
        }
    }

    /// Whether an invalid header was found.
    #[inline]
    pub(crate) fn is_broken(&self) -> bool {
        self.error.is_some()
    }

    /// The size of the body that a header announces, bytes; an error ends the stream.
    #[inline]
    pub(crate) fn body_length(
        &mut self,
        header: [u8; Framing::HEADER_BYTES],
    ) -> Result<usize, ProtocolError> {
        let length = self.codec.body_length(header);
        if let Err(error) = length {
            self.error = Some(error);
        }
        length
    }

    /// Where the message ends that a complete header announces.
    fn announced_end(&self) -> Option<usize> {
        let header = self.buffer[self.start..].first_chunk::<{ Framing::HEADER_BYTES }>()?;
        let length = self.codec.body_length(*header).ok()?;
        Some(self.start + Framing::HEADER_BYTES + length)
    }

    fn forget_returned(&mut self) {
        // The rest is moved only when it is the smaller half, so each byte is moved at
        // most once on average, however the stream is split.
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }

    /// The next complete body, or `None` until more bytes are fed.
    ///
    /// # Errors
    /// A malformed, zero or oversized header. The stream has no next message
    /// after it: every later call returns the same error.
    pub fn next_body(&mut self) -> Result<Option<&[u8]>, ProtocolError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let pending = &self.buffer[self.start..];
        let Some((header, rest)) = pending.split_first_chunk::<{ Framing::HEADER_BYTES }>() else {
            return Ok(None);
        };
        let length = match self.codec.body_length(*header) {
            Ok(length) => length,
            Err(error) => {
                self.error = Some(error);
                return Err(error);
            }
        };
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        self.start += Framing::HEADER_BYTES + length;
        Ok(Some(body))
    }

    /// Whether bytes remain after [`Self::next_body`] returned `None`: an end of file
    /// here is a truncated message.
    pub fn is_mid_message(&self) -> bool {
        self.start < self.buffer.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(framing: Framing, bytes: &[u8]) -> String {
        let codec = Codec::new(framing, Some(300)).expect("300 fits both");
        let mut decoder = Decoder::new(codec);
        decoder.feed(bytes);
        let error = decoder.next_body().expect_err("a bad header");
        decoder.feed(b"0001x\0\0\0\x01x");
        assert_eq!(decoder.next_body(), Err(error), "an error is the end of the stream");
        error.to_string()
    }

    #[test]
    fn an_error_names_the_header_that_was_read() {
        for (framing, bytes, text) in [
            (Framing::Ascii4, &b"12a4"[..], r#"header "12a4" is not four decimal digits"#),
            (
                Framing::Ascii4,
                b"\0\0\0\x05",
                r#"header "\x00\x00\x00\x05" is not four decimal digits"#,
            ),
            (Framing::Ascii4, b"  32", r#"header "  32" is not four decimal digits"#),
            (Framing::Ascii4, b"+032", r#"header "+032" is not four decimal digits"#),
            (
                Framing::Ascii4,
                b"0000",
                r#"header "0000" announces an empty body: a body has at least 1 byte"#,
            ),
            (
                Framing::Ascii4,
                b"0301",
                r#"header "0301" announces more than the largest body, 300 bytes"#,
            ),
            (
                Framing::U32be,
                b"\0\0\0\0",
                "header 00 00 00 00 (0) announces an empty body: a body has at least 1 byte",
            ),
            (
                Framing::U32be,
                b"\0\0\x01\x2d",
                "header 00 00 01 2d (301) announces more than the largest body, 300 bytes",
            ),
            (
                Framing::U32be,
                b"0005",
                "header 30 30 30 35 (808464437) announces more than the largest body, 300 bytes",
            ),
        ] {
            assert_eq!(error_of(framing, bytes), text);
        }
    }

    #[test]
    fn messages_before_a_bad_header_are_decoded() {
        let mut decoder = Decoder::new(Codec::new(Framing::Ascii4, None).expect("fits"));
        decoder.feed(b"0002ok0000");
        assert_eq!(decoder.next_body(), Ok(Some(&b"ok"[..])));
        assert!(decoder.next_body().is_err());
    }

    #[test]
    fn a_truncated_message_is_noticed() {
        let mut decoder = Decoder::new(Codec::new(Framing::U32be, None).expect("fits"));
        assert!(!decoder.is_mid_message());
        decoder.feed(b"\0\0");
        assert_eq!(decoder.next_body(), Ok(None));
        assert!(decoder.is_mid_message());
        decoder.feed(b"\0\x02a");
        assert_eq!(decoder.next_body(), Ok(None));
        assert!(decoder.is_mid_message());
        decoder.feed(b"b");
        assert_eq!(decoder.next_body(), Ok(Some(&b"ab"[..])));
        assert!(!decoder.is_mid_message());
    }

    #[test]
    fn a_buffer_grows_with_what_is_fed_and_not_beyond_what_is_announced() {
        let codec = Codec::new(Framing::U32be, Some(1 << 30)).expect("fits");
        for (body, most) in [(65_536, 65_540), (1 << 30, 2 * 65_540)] {
            let mut decoder = Decoder::new(codec);
            let header = u32::to_be_bytes(body);
            decoder.try_feed(&header).expect("memory for 4 bytes");
            for fed in 1..=16 {
                decoder.try_feed(&[7; 4096]).expect("memory for a few pages");
                assert_eq!(decoder.unread(), 4 + fed * 4096);
            }
            assert!(decoder.buffer.capacity() <= most, "{}", decoder.buffer.capacity());
            assert_eq!(decoder.next_body().expect("a good header").is_some(), body == 65_536);
        }
    }

    #[test]
    fn a_long_stream_does_not_grow_the_buffer() {
        let codec = Codec::new(Framing::U32be, None).expect("fits");
        let mut message = Vec::new();
        codec.encode(&[1; 1000], &mut message).expect("fits");
        let mut decoder = Decoder::new(codec);
        // Chunks that do not divide a message evenly, so that there is always a rest.
        for chunk in message.repeat(1000).chunks(700) {
            decoder.feed(chunk);
            while decoder.next_body().expect("well formed").is_some() {}
        }
        assert!(decoder.buffer.capacity() < 16 * message.len(), "{}", decoder.buffer.capacity());
    }
}
