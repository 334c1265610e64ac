//! The two length headers that a message can have on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a message's length is written in front of its body.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum Framing {
    /// Four bytes, big-endian, the body's size in bytes.
    #[default]
    U32be,
    /// Four ASCII decimal digits, zero-padded (`0032`), the body's size in
    /// bytes: what programs written for the original system speak.
    Ascii4,
}
