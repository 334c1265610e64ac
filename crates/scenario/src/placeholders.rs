//! The values of placeholders in the files of a server.

use indexmap::IndexMap;
use program_server::{ADDRESS, DIRECTORY, PORT, Text, replaced};
use serde_json::Value;

use crate::model::CellSettings;
use crate::overrides::plain;
use crate::server::Server;

/// The longest text that is a placeholder's value: all values are passed to the worker at once.
const MAX_VALUE_BYTES: usize = 200;

/// Texts of a server, whose own placeholders are not values.
const TEXTS: [&str; 3] = ["files", "program", "command"];

impl CellSettings {
    /// The values of placeholders, by name: every setting of the cell that is a number, a text
    /// or true or false, by its path, and those of a server's section also without its name
    /// (`server.backlog` is `server.command.backlog`). Not `address` and `directory`, which
    /// only a trial has.
    pub fn placeholders(&self) -> IndexMap<String, String> {
        let mut values = IndexMap::new();
        let settings = serde_json::to_value(self).unwrap_or_default();
        add(&mut values, "", &settings);
        for section in ["server.command.", "server.image."] {
            let short: Vec<_> = values
                .iter()
                .filter_map(|(path, value)| {
                    let setting = path.strip_prefix(section)?;
                    Some((format!("server.{setting}"), value.clone()))
                })
                .collect();
            values.extend(short);
        }
        values.insert(PORT.to_owned(), self.server.listening().port.to_string());
        values
    }
}

fn add(values: &mut IndexMap<String, String>, path: &str, value: &Value) {
    match value {
        Value::Object(entries) => {
            let is_server = matches!(path, "server.command" | "server.image");
            let shown = |name: &str| !is_server || !TEXTS.contains(&name);
            for (name, value) in entries.iter().filter(|(name, _)| shown(name)) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                add(values, &path, value);
            }
        }
        Value::Array(_) | Value::Null => {}
        Value::String(text) if text.len() > MAX_VALUE_BYTES => {}
        scalar => drop(values.insert(path.to_owned(), plain(scalar))),
    }
}

/// The texts of a cell's server with a placeholder that has no value: the path of each, and the
/// reason.
pub(crate) fn unknown(settings: &CellSettings) -> Vec<(String, String)> {
    let (section, words, env, files) = match &settings.server {
        Server::Chat(_) => return Vec::new(),
        Server::Command(command) => {
            (("command", "program"), &command.program, &command.env, &command.files)
        }
        Server::Image(image) => (("image", "command"), &image.command, &image.env, &image.files),
    };
    let (section, arguments) = section;
    let mut values = settings.placeholders();
    values.insert(ADDRESS.to_owned(), String::new());
    if matches!(settings.server, Server::Command(_)) {
        values.insert(DIRECTORY.to_owned(), String::new());
    }
    let named = |field: &'static str, texts: &IndexMap<String, Text>| {
        let path = move |name: &String| format!("{field}.{name}");
        texts.iter().map(|(name, text)| (path(name), text.0.clone())).collect::<Vec<_>>()
    };
    let words = words.iter().map(|word| (arguments.to_owned(), word.clone()));
    let texts = words.chain(named("env", env)).chain(named("files", files));
    texts
        .filter_map(|(field, text)| {
            let error = replaced(&text, &values).err()?;
            Some((format!("server.{section}.{field}"), error.to_string()))
        })
        .collect()
}
