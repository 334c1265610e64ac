//! Bytes as text.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that are written as text with the escapes of a Rust byte string: `\r`, `\n`, `\t`,
/// `\0`, `\\`, `\'`, `\"` and `\xNN`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByteText(Vec<u8>);

/// A backslash that begins no escape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no escape: use \\r, \\n, \\t, \\0, \\xNN with two hexadecimal digits, or \\\\ for a \
     backslash"
)]
pub struct ByteTextError(String);

impl ByteText {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for ByteText {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl FromStr for ByteText {
    type Err = ByteTextError;

    fn from_str(text: &str) -> Result<Self, ByteTextError> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\\') {
            bytes.extend_from_slice(before.as_bytes());
            let unknown = || {
                let shown: String = after.chars().take(3).collect();
                ByteTextError(format!("\\{shown}"))
            };
            let (byte, length) = match after.bytes().next().ok_or_else(unknown)? {
                b'r' => (b'\r', 1),
                b'n' => (b'\n', 1),
                b't' => (b'\t', 1),
                b'0' => (0, 1),
                quoted @ (b'\\' | b'\'' | b'"') => (quoted, 1),
                b'x' => {
                    let digits = after.get(1..3).filter(|digits| !digits.starts_with('+'));
                    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                    (byte.ok_or_else(unknown)?, 3)
                }
                _ => return Err(unknown()),
            };
            bytes.push(byte);
            rest = &after[length..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(Self(bytes))
    }
}

impl fmt::Display for ByteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl Serialize for ByteText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ByteText {
    fn schema_name() -> Cow<'static, str> {
        "ByteText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes as text, with the escapes \\r, \\n, \\t, \\0, \\\\ and \\xNN.",
            "type": "string",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_written_and_read_back() {
        let all = ByteText((0..=255).collect());
        assert_eq!(all.to_string().parse(), Ok(all));
        let json = serde_json::to_string(&ByteText::from(&b"PING\r\n"[..])).unwrap();
        assert_eq!(json, r#""PING\\r\\n""#);
        assert_eq!(serde_json::from_str::<ByteText>(&json).unwrap().bytes(), b"PING\r\n");
    }

    #[test]
    fn text_is_its_utf_8_and_line_ends_of_the_file_are_themselves() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("é", "é".as_bytes()),
            ("a\r\n", b"a\r\n"),
            (r"a\r\n", b"a\r\n"),
            (r"\x00\xfF\\x", b"\x00\xff\\x"),
        ] {
            assert_eq!(text.parse::<ByteText>().unwrap().bytes(), bytes, "{text}");
        }
    }

    #[test]
    fn an_unknown_escape_is_an_error_that_shows_it() {
        for (text, shown) in
            [(r"a\q", r"`\q`"), ("a\\", "`\\`"), (r"\x1", r"`\x1`"), (r"\x+1", r"`\x+1`")]
        {
            let error = text.parse::<ByteText>().unwrap_err().to_string();
            assert!(error.starts_with(shown), "{error}");
        }
        assert!("\\xé".parse::<ByteText>().is_err());
    }
}
