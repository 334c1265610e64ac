//! Framings of the chat protocol: `u32be` and `ascii4`; no I/O.

mod framing;

pub use framing::Framing;
