//! The settings of a dialogue.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::byte_text::ByteText;

/// What clients and the server say to each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dialogue {
    /// Messages of the chat server: each goes to all other clients.
    #[default]
    Chat,
    /// Nothing: clients connect, stay, and close. The same as `chat` with `messages: 0`.
    None,
    /// Requests to an HTTP server.
    Http(HttpSettings),
    /// Bytes to send, and what the server must answer.
    Exchange(ExchangeSettings),
}

impl<'de> Deserialize<'de> for Dialogue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DialogueVisitor;

        /// The dialogues with settings.
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum WithSettings {
            Http(HttpSettings),
            Exchange(ExchangeSettings),
        }

        impl<'de> Visitor<'de> for DialogueVisitor {
            type Value = Dialogue;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("chat, none, {http: …} or {exchange: …}")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Dialogue, E> {
                match name {
                    "chat" => Ok(Dialogue::Chat),
                    "none" => Ok(Dialogue::None),
                    "http" => Err(E::custom("`http` has settings: write {http: {path: /}}")),
                    "exchange" => Err(E::custom(
                        "`exchange` has settings: write {exchange: {send: …, expect: …}}",
                    )),
                    other => Err(E::unknown_variant(other, &["chat", "none", "http", "exchange"])),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Dialogue, A::Error> {
                let entries = MapAccessDeserializer::new(entries);
                Ok(match WithSettings::deserialize(entries)? {
                    WithSettings::Http(settings) => Dialogue::Http(settings),
                    WithSettings::Exchange(settings) => Dialogue::Exchange(settings),
                })
            }
        }

        deserializer.deserialize_any(DialogueVisitor)
    }
}

impl Dialogue {
    /// Whether each client waits for answers of its own, and leaves when it has them.
    pub fn expects_answers(&self) -> bool {
        matches!(self, Self::Http(_) | Self::Exchange(_))
    }

    /// Requests of each connection; 0 of a dialogue without them.
    pub fn requests(&self) -> u32 {
        match self {
            Self::Chat | Self::None => 0,
            Self::Http(http) => http.requests,
            Self::Exchange(exchange) => exchange.repeat,
        }
    }

    /// Time from the intended start of a connection's first request to that of its last, at
    /// least.
    pub fn length(&self) -> Duration {
        let interval = match self {
            Self::Chat | Self::None => Duration::ZERO,
            Self::Http(http) => http.interval,
            Self::Exchange(exchange) => exchange.interval,
        };
        interval.saturating_mul(self.requests().saturating_sub(1))
    }

    /// Whether the server closes first, by its protocol.
    pub(crate) fn server_closes(&self) -> bool {
        match self {
            Self::Chat | Self::None => false,
            Self::Http(http) => !http.keep_alive,
            Self::Exchange(exchange) => exchange.expect == Expected::EndOfFile,
        }
    }
}

/// HTTP/1.1 requests of each connection: GET, one after the other. TLS is not supported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// The path to request, with its query if there is one.
    pub path: String,
    /// Requests of each connection; each begins when the answer to the one before is
    /// complete.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests: u32,
    /// Whether the connection stays open after an answer, and the client closes it. Otherwise
    /// the one request has `Connection: close`, and the server closes.
    pub keep_alive: bool,
    /// The status of the answers. An attempt with another one is `incomplete`.
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// The value of the header `Host`; the address of the server if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Time between the intended starts of two requests of a connection. With `0s`, each
    /// begins as soon as the answer before is complete.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub interval: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            requests: 1,
            keep_alive: true,
            status: 200,
            host: None,
            interval: Duration::ZERO,
        }
    }
}

/// Bytes that each connection sends, and the answer that must come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeSettings {
    /// The bytes to send, as text in which `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` (two
    /// hexadecimal digits) are escapes: `PING\r\n`. Empty for a server that speaks first.
    #[serde(default, skip_serializing_if = "ByteText::is_empty")]
    pub send: ByteText,
    /// What must come back.
    pub expect: Expected,
    /// Exchanges of each connection; each begins when the answer to the one before is
    /// complete.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub repeat: u32,
    /// Time between the intended starts of two exchanges of a connection. With `0s`, each
    /// begins as soon as the answer before is complete.
    #[serde(default, with = "humantime_serde")]
    #[schemars(with = "String")]
    pub interval: Duration,
}

fn one() -> u32 {
    1
}

/// The answer of an exchange. An attempt with another one is `incomplete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// This number of bytes, and no more.
    Length(u32),
    /// These bytes, in the same notation as `send`. What follows them is ignored until the
    /// next exchange: with `repeat`, include the end of the answer.
    Prefix(ByteText),
    /// A regular expression that matches anywhere in the first 64 KiB of the answer. What
    /// follows its match is ignored until the next exchange. Syntax: <https://docs.rs/regex>,
    /// with `(?-u)` for bytes that are not UTF-8. At most 500 bytes, and 512 KiB when compiled; a
    /// scenario has at most 8 different ones.
    Pattern(String),
    /// Anything, until the server closes the connection.
    EndOfFile,
}
