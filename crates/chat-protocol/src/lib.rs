//! The chat protocol: a message is a 4-byte header with the size of its body,
//! then the body. No I/O: bytes in, bytes out.
//!
//! - [`Framing`]: the two headers that exist.
//! - [`Codec`]: a framing with its largest body; writes messages.
//! - [`Decoder`]: takes bytes however a stream chops or merges them, and gives
//!   back bodies.
//! - [`ProtocolError`]: what a header or a body can have wrong.

mod codec;
mod decoder;
mod error;
mod framing;

pub use codec::Codec;
pub use decoder::Decoder;
pub use error::{Header, ProtocolError};
pub use framing::{Framing, UnknownFraming};
