//! Invalid headers and bodies.

use std::fmt;

use crate::framing::Framing;

/// Bytes are not a message, or a message cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A header that is not a number; only possible with `ascii4`.
    #[error("{0} is not four decimal digits")]
    MalformedHeader(Header),
    /// A header that announces a body of no bytes.
    #[error("{0} announces an empty body: a body has at least 1 byte")]
    ZeroHeader(Header),
    /// A header that announces more than the receiver accepts.
    #[error("{header} announces more than the largest body, {largest_body} bytes")]
    OversizedHeader {
        /// The header that was read.
        header: Header,
        /// The receiver's largest body, bytes.
        largest_body: u32,
    },
    /// A body of no bytes, which no header can announce.
    #[error("an empty body cannot be sent: a body has at least 1 byte")]
    EmptyBody,
    /// A body above the largest, which the other side would refuse.
    #[error("a body of {size} bytes is above the largest body, {largest_body} bytes")]
    OversizedBody {
        /// The body's size, bytes.
        size: usize,
        /// The sender's largest body, bytes.
        largest_body: u32,
    },
    /// A largest body that the framing's header cannot announce, or 0.
    #[error("largest body {requested} does not fit {framing}: choose 1 to {}", framing.max_length())]
    LargestBody {
        /// The requested size, bytes.
        requested: u32,
        /// The framing.
        framing: Framing,
    },
}

/// The four bytes of a header as they were read. Displays as text for
/// `ascii4`, as hexadecimal and number for `u32be`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub(crate) framing: Framing,
    pub(crate) bytes: [u8; Framing::HEADER_BYTES],
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.framing {
            Framing::U32be => {
                let [a, b, c, d] = self.bytes;
                let number = u32::from_be_bytes(self.bytes);
                write!(f, "header {a:02x} {b:02x} {c:02x} {d:02x} ({number})")
            }
            Framing::Ascii4 => write!(f, "header \"{}\"", self.bytes.escape_ascii()),
        }
    }
}
