//! The server of a scenario: the lab's chat server, a program or an image.

use std::borrow::Cow;
use std::fmt;

use chat_server::ServerSettings;
use program_server::{CommandServer, ImageServer};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The keys of a server that is not the chat server.
const COMMAND: &str = "command";
const IMAGE: &str = "image";

/// The server of a scenario.
///
/// The settings of the chat server are those of the section itself; another server is the only
/// key of the section.
#[derive(Debug, Clone, PartialEq)]
pub enum Server {
    /// The lab's chat server.
    Chat(ServerSettings),
    /// A program in the server's host.
    Command(Box<CommandServer>),
    /// A container that shares the network of the server's host.
    Image(Box<ImageServer>),
}

impl Default for Server {
    fn default() -> Self {
        Self::Chat(ServerSettings::default())
    }
}

impl Server {
    /// The chat server's settings.
    pub fn chat(&self) -> Option<&ServerSettings> {
        match self {
            Self::Chat(settings) => Some(settings),
            Self::Command(_) | Self::Image(_) => None,
        }
    }

    /// The settings of a chat server that listens as this one does, as far as that is known:
    /// its port, whether it accepts while the load runs, and its backlog. What it does with a
    /// connection that it has accepted is not known of another server.
    pub fn listening(&self) -> Cow<'_, ServerSettings> {
        let listening = |port, backlog: Option<i32>, accept_paused| {
            let default = ServerSettings::default();
            let backlog = backlog.unwrap_or(default.backlog);
            Cow::Owned(ServerSettings { port, backlog, accept_paused, ..default })
        };
        match self {
            Self::Chat(settings) => Cow::Borrowed(settings),
            Self::Command(command) => listening(command.port, command.backlog, command.paused),
            Self::Image(image) => listening(image.port, image.backlog, image.paused),
        }
    }

    /// The backlog that it passes to listen(2), if that is known.
    pub fn backlog(&self) -> Option<i32> {
        match self {
            Self::Chat(settings) => Some(settings.backlog),
            Self::Command(command) => command.backlog,
            Self::Image(image) => image.backlog,
        }
    }

    /// The same server with the backlog that it has on this port, as the one that clients connect
    /// to.
    #[must_use]
    pub fn on_port(&self, port: u16) -> Self {
        let mut server = self.clone();
        match &mut server {
            Self::Chat(settings) => settings.port = port,
            Self::Command(command) if command.port != port => {
                command.backlog = command.backlogs.get(&port).copied();
                command.port = port;
            }
            Self::Image(image) if image.port != port => {
                image.backlog = image.backlogs.get(&port).copied();
                image.port = port;
            }
            Self::Command(_) | Self::Image(_) => {}
        }
        server
    }

    /// The path of its backlog on a port in a scenario.
    pub fn backlog_path_on(&self, port: u16) -> String {
        match self.listening().port == port {
            true => self.backlog_path().to_owned(),
            false => format!("{}s.{port}", self.backlog_path()),
        }
    }

    /// The path of its backlog in a scenario.
    pub fn backlog_path(&self) -> &'static str {
        match self {
            Self::Chat(_) => "server.backlog",
            Self::Command(_) => "server.command.backlog",
            Self::Image(_) => "server.image.backlog",
        }
    }

    /// What a run of it starts, for people; `None` for the chat server, which is the lab's own.
    pub fn starts(&self) -> Option<String> {
        match self {
            Self::Chat(_) => None,
            Self::Command(command) => Some(command.program.join(" ")),
            Self::Image(image) => {
                let words = std::iter::once(&image.image).chain(&image.command);
                let words = words.cloned().collect::<Vec<_>>().join(" ");
                let with = match image.capabilities.as_slice() {
                    [] => String::new(),
                    capabilities => format!(" (with {})", capabilities.join(", ")),
                };
                Some(format!("image {words}{with}"))
            }
        }
    }
}

impl Serialize for Server {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, map) = match self {
            Self::Chat(settings) => return settings.serialize(serializer),
            Self::Command(_) => (COMMAND, serializer.serialize_map(Some(1))),
            Self::Image(_) => (IMAGE, serializer.serialize_map(Some(1))),
        };
        let mut map = map?;
        match self {
            Self::Command(command) => map.serialize_entry(key, command)?,
            Self::Image(image) => map.serialize_entry(key, image)?,
            Self::Chat(_) => {}
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Server {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ServerVisitor)
    }
}

struct ServerVisitor;

impl<'de> Visitor<'de> for ServerVisitor {
    type Value = Server;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Server, A::Error> {
        let mut others = Others { entries, server: None, chat_key: None };
        let chat = ServerSettings::deserialize(MapAccessDeserializer::new(&mut others))?;
        match (others.server, others.chat_key) {
            (None, _) => Ok(Server::Chat(chat)),
            (Some(server), None) => Ok(server),
            (Some(_), Some(key)) => Err(A::Error::custom(format!(
                "`{key}` is a setting of the chat server, and another one is given: leave one \
                 of them out"
            ))),
        }
    }
}

/// The entries of a section without those of another server, which are read on the way, so that
/// an error in them keeps its place.
struct Others<A> {
    entries: A,
    server: Option<Server>,
    /// A setting of the chat server that was found.
    chat_key: Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Others<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.entries.next_key::<String>()? {
            let server = match key.as_str() {
                COMMAND => Server::Command(self.entries.next_value()?),
                IMAGE => Server::Image(self.entries.next_value()?),
                _ => {
                    let name: StrDeserializer<'_, A::Error> = key.as_str().into_deserializer();
                    let value = seed.deserialize(name)?;
                    self.chat_key = Some(key);
                    return Ok(Some(value));
                }
            };
            if self.server.replace(server).is_some() {
                let message = "a server is a command or an image, not both";
                return Err(A::Error::custom(message));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}

impl JsonSchema for Server {
    fn schema_name() -> Cow<'static, str> {
        "Server".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let chat = generator.subschema_for::<ServerSettings>();
        let command = generator.subschema_for::<CommandServer>();
        let image = generator.subschema_for::<ImageServer>();
        let only = |key: &str, schema: &Schema| {
            json_schema!({
                "type": "object",
                "properties": { key: schema },
                "required": [key],
                "additionalProperties": false,
            })
        };
        json_schema!({
            "description": "The server: settings of the chat server, a command or an image.",
            "anyOf": [
                chat.clone(),
                only("chat", &chat),
                only(COMMAND, &command),
                only(IMAGE, &image),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(section: Value) -> Result<Server, String> {
        serde_path_to_error::deserialize(section).map_err(|error| error.to_string())
    }

    #[test]
    fn the_settings_of_the_section_are_those_of_the_chat_server() {
        let server = read(json!({ "backlog": 7 })).unwrap();
        assert_eq!(server.chat().unwrap().backlog, 7);
        assert_eq!(read(json!({})).unwrap(), Server::default());
        assert_eq!(serde_json::to_value(&server).unwrap()["backlog"], 7);
    }

    #[test]
    fn another_server_is_the_only_key() {
        let section = json!({ "command": { "program": ["nginx"], "port": 80, "backlog": 511 } });
        let server = read(section).unwrap();
        assert_eq!((server.backlog(), server.chat()), (Some(511), None));
        assert_eq!(server.listening().port, 80);
        assert_eq!(server.starts().unwrap(), "nginx");
        assert_eq!(server.on_port(80), server);
        let section = json!({
            "command": { "program": ["x"], "port": 80, "backlog": 5, "backlogs": { "81": 64 } },
        });
        let several = read(section).unwrap();
        let on = |port| (several.on_port(port).backlog(), several.backlog_path_on(port));
        assert_eq!(on(80), (Some(5), "server.command.backlog".to_owned()));
        assert_eq!(on(81), (Some(64), "server.command.backlogs.81".to_owned()));
        assert_eq!(on(82).0, None);
        assert_eq!(several.on_port(81).listening().port, 81);
        let written = serde_json::to_value(&server).unwrap();
        assert_eq!(read(written).unwrap(), server);
        let image = read(json!({ "image": { "image": "a", "port": 1, "command": ["b"] } }));
        assert_eq!(image.unwrap().starts().unwrap(), "image a b");
        for (section, expected) in [
            (json!({ "command": { "program": ["x"], "port": 1 }, "backlog": 3 }), "`backlog` is a"),
            (
                json!({
                    "command": { "program": ["x"], "port": 1 },
                    "image": { "image": "x", "port": 1 },
                }),
                "not both",
            ),
        ] {
            let error = read(section).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_error_in_another_server_keeps_its_path() {
        let error = read(json!({ "command": { "program": ["x"], "port": "y" } })).unwrap_err();
        assert!(error.starts_with("command.port: invalid type"), "{error}");
        let error = read(json!({ "bcaklog": 3 })).unwrap_err();
        assert!(error.contains("unknown field `bcaklog`"), "{error}");
    }
}
