//! Short names of a run's axes, which stay distinct within the run.

use indexmap::IndexMap;
use serde_json::Value;

/// Names the axes of one run or plan: as short as they can be while no two are alike.
///
/// It is the only way from an axis path to a heading or to a place in the matrix, so that
/// both hosts' sysctls of the same name never look the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AxisNames {
    /// Path and short name of each axis.
    names: Vec<(String, String)>,
}

impl AxisNames {
    /// The names of the axes with these paths, each given once.
    ///
    /// `server.backlog` becomes `backlog`, and a host's sysctl its own name. Where
    /// two axes would get the same name, both keep the word that distinguishes them,
    /// as in `client net.ipv4.tcp_syncookies`; if that is not enough, the path.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<(String, String)> =
            paths.into_iter().map(|path| (path.to_owned(), shortest(path).to_owned())).collect();
        for longer in [with_owner, str::to_owned] {
            let ambiguous: Vec<bool> = names
                .iter()
                .map(|(_, name)| names.iter().filter(|(_, other)| other == name).count() > 1)
                .collect();
            for ((path, name), ambiguous) in names.iter_mut().zip(ambiguous) {
                if ambiguous {
                    *name = longer(path);
                }
            }
        }
        Self { names }
    }

    /// The short name of the axis with that path. A path that is not an axis of the run
    /// has the name that it would have as the only axis.
    pub fn short<'a>(&'a self, path: &'a str) -> &'a str {
        let found = self.names.iter().find(|(other, _)| other == path);
        found.map_or_else(|| shortest(path), |(_, name)| name)
    }

    /// A point as a line of text: `design global-lock, backlog 10`; empty without
    /// any axis.
    pub fn describe<'a>(&self, point: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
        let parts: Vec<_> = point
            .into_iter()
            .map(|(path, value)| format!("{} {}", self.short(path), describe_value(value)))
            .collect();
        parts.join(", ")
    }

    /// The place of a trial or a cell on all axes of its run, as
    /// [`AxisNames::describe_place`].
    pub fn place(&self, point: &IndexMap<String, Value>) -> String {
        self.describe_place(point.iter().map(|(path, value)| (path.as_str(), value)))
    }

    /// A place in the matrix as a line of text; `the only cell` without any axis.
    pub fn describe_place<'a>(
        &self,
        point: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> String {
        match self.describe(point) {
            empty if empty.is_empty() => "the only cell".to_owned(),
            place => place,
        }
    }
}

/// The path without the section that it is in.
fn shortest(path: &str) -> &str {
    path.strip_prefix("server.")
        .or_else(|| path.strip_prefix("load."))
        .or_else(|| path.rsplit_once(".sysctls.").map(|(_, name)| name))
        .unwrap_or(path)
}

/// The shortest name after the host or section that it belongs to.
fn with_owner(path: &str) -> String {
    let name = shortest(path);
    let owner = path.strip_suffix(name).unwrap_or_default();
    let owner = owner.trim_end_matches('.').trim_end_matches(".sysctls");
    let owner = owner.strip_prefix("hosts.").unwrap_or(owner);
    if owner.is_empty() { path.to_owned() } else { format!("{owner} {name}") }
}

/// A setting's value as a person writes it: strings without quotes.
pub fn describe_value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        let names = AxisNames::new(paths.iter().copied());
        paths.iter().map(|path| names.short(path).to_owned()).collect()
    }

    #[test]
    fn distinct_names_lose_their_section() {
        assert_eq!(
            names(&["server.backlog", "load.clients", "hosts.server.sysctls.net.core.somaxconn"]),
            ["backlog", "clients", "net.core.somaxconn"]
        );
    }

    #[test]
    fn the_same_sysctl_of_both_hosts_is_named_with_its_host() {
        assert_eq!(
            names(&[
                "hosts.server.sysctls.net.ipv4.tcp_syncookies",
                "hosts.client.sysctls.net.ipv4.tcp_syncookies",
                "server.backlog",
            ]),
            ["server net.ipv4.tcp_syncookies", "client net.ipv4.tcp_syncookies", "backlog"]
        );
    }

    #[test]
    fn the_same_setting_of_server_and_load_is_named_with_its_section() {
        assert_eq!(
            names(&["server.receive_buffer", "load.receive_buffer"]),
            ["server receive_buffer", "load receive_buffer"]
        );
        assert_eq!(
            names(&["server.x", "load.x", "x"]),
            ["server x", "load x", "x"],
            "a path without a section stays"
        );
    }

    #[test]
    fn a_point_is_described_with_distinct_names() {
        let names = AxisNames::new(["server.x", "load.x"]);
        assert_eq!(
            names.describe([("server.x", &json!("a")), ("load.x", &json!(2))]),
            "server x a, load x 2"
        );
        assert_eq!(names.describe_place([]), "the only cell");
    }
}
