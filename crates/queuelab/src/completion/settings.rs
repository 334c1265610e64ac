//! The settings of a scenario, from the schema of its file.

use linux_net::Sysctl;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../schemas/scenario.schema.json");

/// A setting that `--set` can change.
pub(super) struct Setting {
    /// Its path, such as `server.backlog`.
    pub(super) path: String,
    /// What it means.
    pub(super) description: String,
    /// All its values, if they are few.
    pub(super) values: Vec<String>,
    /// Its default.
    pub(super) default: Option<String>,
}

impl Setting {
    /// All its values if they are few, otherwise its default.
    pub(super) fn offered_values(&self) -> impl Iterator<Item = &String> {
        let default = self.default.iter().filter(|_| self.values.is_empty());
        self.values.iter().chain(default)
    }
}

/// The settings of the server, the load and the hosts, and those of the run.
pub(super) fn settings() -> Vec<Setting> {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the committed schema is JSON");
    let mut settings = Vec::new();
    for section in ["server", "load", "after", "record"] {
        let properties = &schema["$defs"]["Scenario"]["properties"][section];
        add(&schema, section, resolve(&schema, properties), &mut settings);
    }
    for name in ["repeat", "shuffle", "side_by_side", "server_may_die"] {
        settings.push(setting(&schema, name, &schema["$defs"]["Scenario"]["properties"][name]));
    }
    for host in ["server", "client"] {
        settings.extend(Sysctl::NAMES.iter().map(|name| Setting {
            path: format!("hosts.{host}.sysctls.{name}"),
            description: Sysctl::from_name(name).map_or("", Sysctl::explanation).to_owned(),
            values: Vec::new(),
            default: None,
        }));
    }
    settings
}

/// Adds the settings of a section, those of its parts included. A section that is one of several
/// kinds has the settings of all.
fn add(schema: &Value, section: &str, of: &Value, settings: &mut Vec<Setting>) {
    for kind in of["anyOf"].as_array().into_iter().flatten() {
        add(schema, section, resolve(schema, kind), settings);
    }
    for (name, property) in of["properties"].as_object().into_iter().flatten() {
        let path = format!("{section}.{name}");
        let part = resolve(schema, property);
        match part["properties"].is_object() {
            // The long form of the settings of the section itself.
            true if path == "server.chat" => {}
            true => add(schema, &path, part, settings),
            false => settings.push(setting(schema, &path, property)),
        }
    }
}

fn setting(schema: &Value, path: &str, property: &Value) -> Setting {
    let kind = resolve(schema, property);
    let description = property["description"].as_str().or(kind["description"].as_str());
    // A sentence is enough beside a name.
    let description = description.unwrap_or_default().replace('\n', " ");
    let description = description.split_once(". ").map_or(&*description, |(first, _)| first);
    let constants = kind["oneOf"].as_array().into_iter().flatten();
    let mut values: Vec<_> =
        constants.filter_map(|one| Some(one["const"].as_str()?.to_owned())).collect();
    values.extend(kind["enum"].as_array().into_iter().flatten().map(written));
    if kind["type"] == "boolean" {
        values = ["true", "false"].map(str::to_owned).to_vec();
    }
    let default = Some(&property["default"]).filter(|default| !default.is_null());
    Setting {
        path: path.to_owned(),
        description: description.trim_end_matches('.').to_owned(),
        values,
        default: default.map(written),
    }
}

/// The schema that a property refers to; of one that may be absent, the schema without that.
fn resolve<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let choices = property["anyOf"].as_array();
    let chosen = choices.and_then(|choices| choices.iter().find(|one| one["$ref"].is_string()));
    let reference = chosen.unwrap_or(property)["$ref"].as_str();
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    name.map_or(property, |name| &schema["$defs"][name])
}

/// A value as it is written after `=`.
pub(super) fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use chat_server::DesignName;

    use super::*;

    #[test]
    fn settings_have_descriptions_and_the_values_that_are_few() {
        let settings = settings();
        let find = |path: &str| settings.iter().find(|one| one.path == path).unwrap();
        let designs: Vec<_> = DesignName::all().map(DesignName::as_str).collect();
        assert_eq!(find("server.design").values, designs);
        assert_eq!(find("server.nodelay").values, ["true", "false"]);
        assert_eq!(find("server.backlog").default.as_deref(), Some("128"));
        assert_eq!(find("server.command.stop.signal").default.as_deref(), Some("TERM"));
        assert!(find("server.image.port").description.starts_with("TCP port"));
        assert!(find("hosts.server.sysctls.net.core.somaxconn").description.len() > 10);
        for setting in &settings {
            assert!(!setting.description.is_empty(), "{}", setting.path);
        }
    }
}
