//! What is known of a server.

use serde::Deserialize;

/// What is known of a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownServer {
    /// Its name, for people.
    pub name: String,
    /// Other names that find its topic.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// File names of its program.
    #[serde(default)]
    pub programs: Vec<String>,
    /// Modules that Python runs it from.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Names of its images, without registry, folder and tag.
    #[serde(default)]
    pub images: Vec<String>,
    /// The backlog that it passes if nothing is configured.
    pub backlog: String,
    /// How to change it; `{backlog}` is the new value.
    change: String,
    /// What else limits its connections.
    #[serde(default)]
    pub note: Option<String>,
    /// The version that the entry was checked on.
    pub version: String,
    /// Whether the kernel's report of a listener of that version was compared, and not only its
    /// source or documentation.
    #[serde(default)]
    pub measured: bool,
    /// Where the default and the setting are documented.
    pub source: String,
}

impl KnownServer {
    /// How to give it this backlog.
    pub fn advice(&self, backlog: &str) -> String {
        self.change.replace("{backlog}", backlog)
    }
}
