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
    /// What a reload, without a restart, does to the limit of its listeners.
    #[serde(default)]
    pub reload: Option<String>,
    /// When it accepts nothing although its process runs, and what helps then.
    #[serde(default)]
    pub stops_accepting: Option<String>,
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
    /// The backlog that it passes if nothing is configured; `None` if that is not one number.
    pub fn default_backlog(&self) -> Option<u32> {
        self.backlog.parse().ok()
    }

    /// All that is known besides, in sentences; `None` if that is nothing.
    pub fn notes(&self) -> Option<String> {
        let notes = [&self.note, &self.reload, &self.stops_accepting].into_iter().flatten();
        let notes: Vec<_> = notes.map(String::as_str).collect();
        (!notes.is_empty()).then(|| notes.join(" "))
    }

    /// How to give it this backlog.
    pub fn advice(&self, backlog: &str) -> String {
        self.change.replace("{backlog}", backlog)
    }
}
