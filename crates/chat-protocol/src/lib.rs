//! The chat protocol: a message is a 4-byte header with the size of its body,
//! then the body. No I/O: bytes in, bytes out.
//!
//! - [`Framing`]: the two header formats.
//! - [`Codec`]: a framing with its largest body; writes messages.
//! - [`Decoder`]: takes bytes however a stream splits or merges them, and returns
//!   bodies; [`Bodies`] are those of a part of a stream, where they are.
//! - [`ProtocolError`]: invalid headers and bodies.

mod bodies;
mod codec;
mod decoder;
mod error;
mod framing;

pub use bodies::Bodies;
pub use codec::Codec;
pub use decoder::Decoder;
pub use error::{Header, ProtocolError};
pub use framing::{Framing, UnknownFraming};
