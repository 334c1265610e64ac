//! The settings of a program that is the server of a trial.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A program that is the server of a trial, as a scenario's `server.command` section names it.
/// It is started without a shell in the server's host, in a PID namespace of its own: it and
/// everything that it starts end with the trial.
///
/// Every setting can be on an axis, so none is required until a cell has them all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommandServer {
    /// The program and its arguments: a name that is looked up in PATH, or a path.
    #[schemars(length(min = 1))]
    pub program: Vec<String>,
    /// TCP port that it listens on, on which the clients connect.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// Address that it listens on, if it listens on several with this port; by default any that
    /// clients can reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Backlog that it passes to listen(2), if that is known: laws about its queues need it. A
    /// negative value means somaxconn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<i32>,
    /// Backlogs of its listeners on other ports, by port, if they are known: for laws about a load
    /// with several destinations.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub backlogs: IndexMap<u16, i32>,
    /// Stop all its processes (SIGSTOP) once it listens, so that it accepts nothing, until all
    /// attempts are decided and `load.linger` is over; then continue them (SIGCONT).
    pub paused: bool,
    /// Environment variables. The program gets these, PATH, HOME, LANG and TMPDIR, and no
    /// others.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, Text>,
    /// Working directory; by default the private directory of `files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// Files to write before it starts, by name, into a private directory, which ends with the
    /// trial. Placeholders in them, in `program` and in `env` are replaced: `{directory}` by
    /// the private directory, `{address}` and `{port}` by the server's, and any setting of the
    /// cell by its value, such as `{server.command.backlog}`, short `{server.backlog}`, or
    /// `{hosts.server.sysctls.net.core.somaxconn}`. `{'{'}` is a brace where one of these would
    /// begin.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub files: IndexMap<String, Text>,
    /// When it is ready.
    pub ready: Ready,
    /// How it is stopped.
    pub stop: Stop,
    /// What it may use.
    pub limits: ProgramLimits,
    /// User that it runs as, by name; only root may choose one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// When a server is ready: as soon as its port listens and, if a line is given, it has printed
/// one that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ready {
    /// Regular expression that a line of its output must match: compared once the line, or the
    /// output, has ended. At most 500 bytes, and 512 KiB when compiled; a scenario has at most 8
    /// different ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The longest time that it may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub within: Duration,
}

impl Default for Ready {
    fn default() -> Self {
        Self { line: None, within: Duration::from_secs(20) }
    }
}

/// How a program is stopped: by a signal and, if it has not ended after a time, by SIGKILL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// The signal, with or without SIG.
    pub signal: String,
    /// Time that it has to end.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub grace: Duration,
}

impl Default for Stop {
    fn default() -> Self {
        Self { signal: "TERM".to_owned(), grace: Duration::from_secs(2) }
    }
}

/// What a program, with everything that it starts, may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramLimits {
    /// Open files of each process (RLIMIT_NOFILE); by default the lab's own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16))]
    pub open_files: Option<u64>,
    /// Processes at the same time, whatever their threads; if it has more, it is killed.
    #[schemars(range(min = 1))]
    pub processes: u64,
    /// Memory in MiB: that of each process that it may write (RLIMIT_DATA), and the resident
    /// memory of all together, at which it is killed. By default half of what is available when
    /// it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub memory_mib: Option<u64>,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        Self { open_files: None, processes: 512, memory_mib: None }
    }
}

/// A text, which YAML may write as a number, true or false.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl serde::de::Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// A program to run in the calling worker's host, with the values of its placeholders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramConfig {
    /// The scenario's settings.
    pub settings: CommandServer,
    /// The values of placeholders, by name, except for `directory`.
    pub values: IndexMap<String, String>,
    /// More ports that it must listen on before it is ready, and whose connections count: those
    /// of the load's destinations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_ports: Vec<u16>,
    /// Be ready on any port that clients can reach, whatever the port of the settings: to find
    /// out what the program listens on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_port: bool,
}
