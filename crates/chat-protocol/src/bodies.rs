//! Decodes the bodies of a part of a stream where they are.

use crate::decoder::Decoder;
use crate::error::ProtocolError;
use crate::framing::Framing;

impl Decoder {
    /// Decodes the next bytes of the stream, any number of them: the same bodies and errors
    /// as after [`Self::feed`], but only a message that is cut is copied.
    ///
    /// ```
    /// # use chat_protocol::{Codec, Decoder, Framing};
    /// let mut decoder = Decoder::new(Codec::new(Framing::Ascii4, None)?);
    /// let mut bodies = decoder.decode(b"0002ok0005hel");
    /// assert_eq!(bodies.next_body()?, Some(&b"ok"[..]));
    /// assert_eq!(bodies.next_body()?, None);
    /// drop(bodies);
    /// assert_eq!(decoder.decode(b"lo").next_body()?, Some(&b"hello"[..]));
    /// # Ok::<(), chat_protocol::ProtocolError>(())
    /// ```
    pub fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> Bodies<'a> {
        Bodies { decoder: self, bytes }
    }
}

/// The bodies of a part of a stream: see [`Decoder::decode`]. The decoder keeps what was not
/// returned when this is dropped.
#[derive(Debug)]
pub struct Bodies<'a> {
    decoder: &'a mut Decoder,
    /// What was neither returned nor fed.
    bytes: &'a [u8],
}

impl Bodies<'_> {
    /// As [`Decoder::next_body`].
    ///
    /// # Errors
    /// As [`Decoder::next_body`].
    #[inline]
    pub fn next_body(&mut self) -> Result<Option<&[u8]>, ProtocolError> {
        if self.decoder.unread() > 0 || self.decoder.is_broken() {
            return self.next_of_decoder();
        }
        let Some((header, rest)) = self.bytes.split_first_chunk::<{ Framing::HEADER_BYTES }>()
        else {
            return Ok(None);
        };
        let length = self.decoder.body_length(*header)?;
        let Some((body, rest)) = rest.split_at_checked(length) else {
            return Ok(None);
        };
        self.bytes = rest;
        Ok(Some(body))
    }

    /// The next body if the message began in bytes that the decoder has: it gets the rest of
    /// that message, and no more.
    #[cold]
    fn next_of_decoder(&mut self) -> Result<Option<&[u8]>, ProtocolError> {
        // First what its header misses, and then what its body does.
        while !self.bytes.is_empty() {
            let missing = self.decoder.missing().min(self.bytes.len());
            if missing == 0 {
                break;
            }
            let (next, rest) = self.bytes.split_at(missing);
            self.decoder.feed(next);
            self.bytes = rest;
        }
        self.decoder.next_body()
    }
}

impl Drop for Bodies<'_> {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.decoder.feed(self.bytes);
        }
    }
}
