//! The settings of an image whose program is the server of a trial.

use indexmap::IndexMap;
use pattern::Patterns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use worker::SettingProblem;

use crate::check::{
    check_backlogs, check_files, check_limits, check_port, check_ready, check_stop,
};
use crate::settings::{ProgramLimits, Ready, Stop, Text};

/// An image whose program is the server of a trial, as a scenario's `server.image` section names
/// it: its container shares the network of the server's host. Only for `--backend docker`.
///
/// Every setting can be on an axis, so none is required until a cell has them all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImageServer {
    /// The image, as `docker run` takes it; it must be on the machine.
    #[schemars(length(min = 1))]
    pub image: String,
    /// The command and its arguments, instead of the image's own: what follows the image's name in
    /// `docker run`, so an entry point of the image stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// TCP port that it listens on, on which the clients connect.
    #[schemars(range(min = 1))]
    pub port: u16,
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
    /// Environment variables, in addition to the image's.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, Text>,
    /// Files to put into the container of each trial, by their absolute path: root owns them, and
    /// all can read them (mode 0444). Placeholders in them, in `command` and in `env` are replaced
    /// as in `server.command.files`, except for `{directory}`, which an image does not have.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub files: IndexMap<String, Text>,
    /// User that it runs as, instead of the image's: a name, or numbers such as `1000:1000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Capabilities that it gets, such as `NET_BIND_SERVICE`; all others are dropped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// When it is ready.
    pub ready: Ready,
    /// How it is stopped.
    pub stop: Stop,
    /// What its container may use. `processes` counts threads too, and a fork above it fails;
    /// `memory_mib` is that of all processes, with the memory of their files, and by default half
    /// of what is available on the engine's machine.
    pub limits: ProgramLimits,
}

/// The capabilities that a server may need and that give no control of the machine: those of the
/// engine's default, but without those for files of others and devices.
const CAPABILITIES: [&str; 10] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The problems of `settings`, placeholders not regarded. Empty if they are valid. `patterns` are
/// those that earlier checks have compiled.
pub fn check_image(settings: &ImageServer, patterns: &mut Patterns) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    let ImageServer { image, command, port, backlogs, env, files, ready, stop, limits, .. } =
        settings;
    if image.is_empty() || image.contains(char::is_whitespace) {
        let reason = format!("`{}` is not the name of an image", image.escape_debug());
        problems.push(SettingProblem { field: "image", reason });
    }
    problems.extend(check_port(*port));
    problems.extend(check_backlogs(*port, backlogs));
    let absolute = |name: &str| {
        name.strip_prefix('/')
            .is_some_and(|rest| !rest.split('/').any(|step| matches!(step, "" | "." | "..")))
    };
    problems.extend(check_files("command", command, env, files, absolute));
    problems.extend(check_ready(ready, patterns));
    problems.extend(check_stop(stop));
    problems.extend(check_limits(limits));
    for name in &settings.capabilities {
        if !CAPABILITIES.contains(&name.strip_prefix("CAP_").unwrap_or(name)) {
            let reason = format!(
                "`{}` is not among those that a server may have: {}",
                name.escape_debug(),
                CAPABILITIES.join(", ")
            );
            problems.push(SettingProblem { field: "capabilities", reason });
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(change: impl FnOnce(&mut ImageServer)) -> Vec<&'static str> {
        let text = "{\"image\":\"nginx:1.27\",\"port\":80}";
        let mut settings: ImageServer = serde_json::from_str(text).unwrap();
        change(&mut settings);
        check_image(&settings, &mut Patterns::default())
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    fn file(name: &str) -> Vec<&'static str> {
        fields(|s| s.files = [(name.to_owned(), Text::default())].into())
    }

    #[test]
    fn an_invalid_value_names_its_field() {
        assert_eq!(fields(|_| {}), [""; 0]);
        assert_eq!(fields(|s| s.image = "a b".to_owned()), ["image"]);
        assert_eq!(fields(|s| s.port = 0), ["port"]);
        assert_eq!(fields(|s| s.capabilities = vec!["NET_BIND_SERVICE".to_owned()]), [""; 0]);
        assert_eq!(fields(|s| s.capabilities = vec!["net admin".to_owned()]), ["capabilities"]);
        assert_eq!(fields(|s| s.capabilities = vec!["CAP_CHOWN".to_owned()]), [""; 0]);
        for name in ["ALL", "SYS_ADMIN", "CAP_SYS_ADMIN", "SYS_MODULE", "DAC_READ_SEARCH", "BPF"] {
            assert_eq!(fields(|s| s.capabilities = vec![name.to_owned()]), ["capabilities"]);
        }
        assert_eq!(file("/etc/nginx/nginx.conf"), [""; 0]);
        for name in ["nginx.conf", "/", "/a/../b", "/a/", "//a"] {
            assert_eq!(file(name), ["files"], "{name}");
        }
    }
}
