//! The two length headers that a message can have on the wire.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a message's length is written in front of its body.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum Framing {
    /// Four bytes, big-endian, the body's size in bytes.
    #[default]
    U32be,
    /// Four ASCII decimal digits, zero-padded (`0032`), the body's size in bytes: the
    /// format of programs for the original system.
    Ascii4,
}

impl Framing {
    /// Size of a header in both framings, bytes.
    pub const HEADER_BYTES: usize = 4;

    /// The default largest body, bytes: 64 KiB, or the largest number of four digits.
    pub fn default_largest_body(self) -> u32 {
        match self {
            Framing::U32be => 65_536,
            Framing::Ascii4 => 9_999,
        }
    }

    /// The largest body that the header can announce, bytes.
    pub(crate) fn max_length(self) -> u32 {
        match self {
            Framing::U32be => u32::MAX,
            Framing::Ascii4 => 9_999,
        }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Framing::U32be => "u32be",
            Framing::Ascii4 => "ascii4",
        })
    }
}

impl FromStr for Framing {
    type Err = UnknownFraming;

    fn from_str(name: &str) -> Result<Self, UnknownFraming> {
        Self::value_variants()
            .iter()
            .copied()
            .find(|framing| framing.to_string() == name)
            .ok_or_else(|| UnknownFraming(name.to_owned()))
    }
}

/// A name that no framing has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown framing {0:?}: choose u32be or ascii4")]
pub struct UnknownFraming(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framing_has_one_name_in_flags_and_text() {
        for &framing in Framing::value_variants() {
            let flag = framing.to_possible_value().expect("no variant is hidden");
            assert_eq!(flag.get_name(), framing.to_string());
            assert_eq!(framing.to_string().parse(), Ok(framing));
            let serde = serde_json::to_value(framing).expect("a unit variant is a string");
            assert_eq!(serde, framing.to_string());
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_choices() {
        let error = "U32BE".parse::<Framing>().expect_err("names are lowercase");
        assert_eq!(error.to_string(), r#"unknown framing "U32BE": choose u32be or ascii4"#);
    }
}
