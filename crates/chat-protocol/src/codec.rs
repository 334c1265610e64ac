//! A framing together with its largest body.

use crate::error::{Header, ProtocolError};
use crate::framing::Framing;

/// A framing with the largest body that it may carry: what both ends must agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec {
    framing: Framing,
    largest_body: u32,
}

impl Codec {
    /// A codec for bodies of up to `largest_body` bytes
    /// ([`Framing::default_largest_body`] if absent).
    ///
    /// # Errors
    /// [`ProtocolError::LargestBody`] for 0, and for more than the framing's
    /// header can announce (9999 for `ascii4`).
    pub fn new(framing: Framing, largest_body: Option<u32>) -> Result<Self, ProtocolError> {
        let largest_body = largest_body.unwrap_or(framing.default_largest_body());
        if largest_body == 0 || largest_body > framing.max_length() {
            return Err(ProtocolError::LargestBody { requested: largest_body, framing });
        }
        Ok(Self { framing, largest_body })
    }

    /// The framing.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The largest body, bytes.
    pub fn largest_body(&self) -> u32 {
        self.largest_body
    }

    /// Appends `body`'s header and `body` to `out`, which does not change on an error.
    ///
    /// # Errors
    /// [`ProtocolError::EmptyBody`] or [`ProtocolError::OversizedBody`].
    pub fn encode(&self, body: &[u8], out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let length = match u32::try_from(body.len()) {
            Ok(0) => return Err(ProtocolError::EmptyBody),
            Ok(length) if length <= self.largest_body => length,
            _ => {
                return Err(ProtocolError::OversizedBody {
                    size: body.len(),
                    largest_body: self.largest_body,
                });
            }
        };
        let header = match self.framing {
            Framing::U32be => length.to_be_bytes(),
            Framing::Ascii4 => [1000, 100, 10, 1].map(|unit| b'0' + (length / unit % 10) as u8),
        };
        out.reserve(header.len() + body.len());
        out.extend_from_slice(&header);
        out.extend_from_slice(body);
        Ok(())
    }

    /// The size of the frame, header and body, at the beginning of `bytes`: what its header
    /// announces, in bytes. `None` without a complete header.
    ///
    /// # Errors
    /// A malformed, zero or oversized header.
    pub fn frame_length(&self, bytes: &[u8]) -> Result<Option<usize>, ProtocolError> {
        let header = bytes.first_chunk::<{ Framing::HEADER_BYTES }>();
        header.map(|header| Ok(Framing::HEADER_BYTES + self.body_length(*header)?)).transpose()
    }

    /// The size of the body that a header announces, bytes.
    #[inline]
    pub(crate) fn body_length(
        &self,
        bytes: [u8; Framing::HEADER_BYTES],
    ) -> Result<usize, ProtocolError> {
        let header = Header { framing: self.framing, bytes };
        let length = match self.framing {
            Framing::U32be => u32::from_be_bytes(bytes),
            Framing::Ascii4 if bytes.iter().all(u8::is_ascii_digit) => {
                bytes.iter().fold(0, |length, digit| length * 10 + u32::from(digit - b'0'))
            }
            Framing::Ascii4 => return Err(ProtocolError::MalformedHeader(header)),
        };
        if length == 0 {
            return Err(ProtocolError::ZeroHeader(header));
        }
        if length > self.largest_body {
            let largest_body = self.largest_body;
            return Err(ProtocolError::OversizedHeader { header, largest_body });
        }
        Ok(length as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(framing: Framing, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let codec = Codec::new(framing, None).expect("the default fits");
        codec.encode(body, &mut out).expect("the body fits");
        out
    }

    #[test]
    fn headers_are_encoded_as_specified() {
        assert_eq!(encoded(Framing::U32be, b"hello"), b"\0\0\0\x05hello");
        assert_eq!(encoded(Framing::Ascii4, b"hello"), b"0005hello");
        assert_eq!(encoded(Framing::U32be, &[7; 65_536])[..4], [0, 1, 0, 0]);
        assert_eq!(encoded(Framing::Ascii4, &[7; 9_999])[..4], *b"9999");
        assert_eq!(encoded(Framing::Ascii4, &[7; 1_234])[..4], *b"1234");
    }

    #[test]
    fn encoding_appends() {
        let codec = Codec::new(Framing::Ascii4, None).expect("the default fits");
        let mut out = b"before".to_vec();
        codec.encode(b"x", &mut out).expect("the body fits");
        assert_eq!(out, b"before0001x");
    }

    #[test]
    fn a_body_that_does_not_fit_is_an_error_and_writes_nothing() {
        let codec = Codec::new(Framing::U32be, Some(8)).expect("8 fits");
        let mut out = b"before".to_vec();
        let empty = codec.encode(b"", &mut out).expect_err("an empty body");
        let long = codec.encode(&[0; 9], &mut out).expect_err("a long body");
        assert_eq!(empty.to_string(), "an empty body cannot be sent: a body has at least 1 byte");
        assert_eq!(long.to_string(), "a body of 9 bytes is above the largest body, 8 bytes");
        assert_eq!(out, b"before");
    }

    #[test]
    fn a_frame_is_as_long_as_its_header_announces() {
        let codec = Codec::new(Framing::Ascii4, Some(300)).expect("300 fits");
        for (bytes, length) in [(&b""[..], None), (b"000", None), (b"0005", Some(9))] {
            assert_eq!(codec.frame_length(bytes), Ok(length));
        }
        assert_eq!(codec.frame_length(b"0300and more"), Ok(Some(304)));
        for wrong in [b"0000", b"0301", b"x001"] {
            codec.frame_length(wrong).expect_err("a bad header");
        }
    }

    #[test]
    fn a_largest_body_must_fit_its_header() {
        let error = |framing, largest| {
            Codec::new(framing, Some(largest)).expect_err("does not fit").to_string()
        };
        assert_eq!(
            error(Framing::Ascii4, 10_000),
            "largest body 10000 does not fit ascii4: choose 1 to 9999"
        );
        assert_eq!(
            error(Framing::U32be, 0),
            "largest body 0 does not fit u32be: choose 1 to 4294967295"
        );
        assert!(Codec::new(Framing::Ascii4, Some(9_999)).is_ok());
        assert!(Codec::new(Framing::U32be, Some(u32::MAX)).is_ok());
    }
}
