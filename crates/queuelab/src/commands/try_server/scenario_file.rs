//! The scenario of a try, and its file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use program_server::{CommandServer, Text};
use serde_json::json;

use super::arguments::TryArguments;
use super::listener::{Found, LARGE_SOMAXCONN};
use crate::error::{CommandError, Result};

/// The beginning of a file that a try wrote, and that the next one replaces.
const WRITTEN: &str = "# Written by `queuelab try`";

/// How long a client tries to connect: long enough for the SYN retransmission after 1 s.
pub(super) const CONNECT_DEADLINE: Duration = Duration::from_millis(2500);

/// More clients than this do not fill a queue: their host has too few ports.
const MOST_CLIENTS: u32 = 25_000;

/// The file of a scenario.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScenarioFile {
    pub(super) path: PathBuf,
    /// The scenario's name.
    pub(super) name: String,
    /// Whether it replaces that of an earlier try.
    pub(super) replaces: bool,
}

impl ScenarioFile {
    /// The file of `--save`, or that of the program's name in the directory of runs.
    ///
    /// # Errors
    /// If there is such a file, and it is not the default one of an earlier try; or its name
    /// cannot be that of a scenario.
    pub(super) fn choose(arguments: &TryArguments, program: &str) -> Result<Self> {
        let default = || arguments.out.join(format!("try-{}.yaml", name_of(program)));
        let path = arguments.save.clone().unwrap_or_else(default);
        let name = match (path.file_stem().and_then(|stem| stem.to_str()), path.extension()) {
            (Some(name), Some(extension)) if extension == "yaml" => name.to_owned(),
            _ => {
                let path = path.display();
                let message = format!("--save {path}: the name of a scenario ends in .yaml");
                return Err(CommandError::Usage(message));
            }
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(is_plain) {
            let path = path.display();
            let message =
                format!("--save {path}: the name of a scenario is letters, digits and hyphens");
            return Err(CommandError::Usage(message));
        }
        let replaces = path.exists();
        if replaces && (arguments.save.is_some() || !is_written_by_try(&path)) {
            let message = format!(
                "{} exists, and is not replaced: choose another file with --save",
                path.display()
            );
            return Err(CommandError::Usage(message));
        }
        Ok(Self { path, name, replaces })
    }

    /// Writes the scenario.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        let write = || {
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            match self.replaces {
                true => options.write(true).truncate(true),
                // Not one that was created in the meantime.
                false => options.write(true).create_new(true),
            };
            options.open(&self.path)?.write_all(text.as_bytes())
        };
        write().map_err(|source| CommandError::Io {
            action: format!("write {}", self.path.display()),
            source,
        })
    }
}

fn is_written_by_try(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.starts_with(WRITTEN))
}

/// The program's name as a part of a scenario's.
fn name_of(program: &str) -> String {
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().take(40).map(plain).collect();
    match name.trim_matches('-') {
        "" => "server".to_owned(),
        name => name.to_owned(),
    }
}

/// The clients of the bursts: those of the flag, and as many as fill the queue.
fn clients(arguments: &TryArguments, found: &Found) -> Vec<u32> {
    let limit = found.limit_with(arguments.somaxconn);
    let fill = limit + 1 + (limit / 10).max(20);
    match arguments.clients {
        clients if clients > limit + 1 || fill > MOST_CLIENTS => vec![clients],
        clients => vec![clients, fill],
    }
}

/// The scenario: bursts at the server, stopped and not, with two values of somaxconn.
pub(super) fn scenario(
    name: &str,
    arguments: &TryArguments,
    server: &CommandServer,
    found: &Found,
) -> String {
    // JSON is YAML.
    let text = |value: &str| json!(value).to_string();
    let program: Vec<_> = server.program.iter().map(|word| text(word)).collect();
    let shown = Path::new(&server.program[0]).file_name().unwrap_or_default().to_string_lossy();
    let question = format!("What does a burst of {} clients meet at {shown}?", arguments.clients);
    let mut command = vec![format!("program: [{}]", program.join(", "))];
    command.extend(
        server
            .directory
            .as_ref()
            .map(|directory| format!("directory: {}", text(&directory.display().to_string()))),
    );
    if !server.env.is_empty() {
        command.push("env:".to_owned());
    }
    let variable =
        |(name, Text(value)): (&String, &Text)| format!("  {}: {}", text(name), text(value));
    command.extend(server.env.iter().map(variable));
    command.push(format!("port: {}", found.port));
    command.push(match found.backlog {
        Some(backlog) => {
            format!("backlog: {}                  # as found; -1 is somaxconn", backlog.setting())
        }
        None => "# several sockets listen on the port: their backlogs are not stated".to_owned(),
    });
    let dialogue = match &arguments.http {
        None => "none".to_owned(),
        Some(path) => format!("{{http: {{path: {}}}}}", text(path)),
    };
    let all_clients = clients(arguments, found);
    let (one, axis) = match all_clients.as_slice() {
        [clients] => (format!("  clients: {clients}\n"), String::new()),
        several => {
            let several: Vec<_> = several.iter().map(ToString::to_string).collect();
            (String::new(), format!("  load.clients: [{}]\n", several.join(", ")))
        }
    };
    format!(
        "{WRITTEN}: bursts at a server, once while it is stopped (SIGSTOP), so that
# its accept queue fills, and once while it accepts.
name: {name}
question: {question}

server:
  command:
    {command}

load:
{one}  dialogue: {dialogue}
  connect_deadline: {deadline}        # long enough for the SYN retransmission after 1 s
  linger: 200ms                   # all stay connected until the last one is decided
  finish_deadline: {finish}

matrix:
{axis}  hosts.server.sysctls.net.core.somaxconn: [{somaxconn}, {LARGE_SOMAXCONN}]
  server.command.paused: [true, false]

repeat: {repeat}
record: {{ attempts: true, timelines: true }}

quick:
  repeat: 1
",
        question = text(&question),
        command = command.join("\n    "),
        deadline = format_args!("{}ms", CONNECT_DEADLINE.as_millis()),
        finish = if arguments.http.is_some() { "10s" } else { "5s" },
        somaxconn = arguments.somaxconn,
        repeat = arguments.repeat,
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use scenario::{AnyKernel, Overrides, Server, Source};

    use super::super::listener::Backlog;
    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: TryArguments,
    }

    fn arguments(of: &[&str]) -> TryArguments {
        Command::parse_from([&["try"], of].concat()).arguments
    }

    fn found(limit: u32) -> Found {
        Found { port: 80, backlog: Some(Backlog::Of(limit)), limit }
    }

    #[test]
    fn the_scenario_has_the_server_as_it_was_typed() {
        let typed = ["--env", "A=b: \"c\"", "--http", "/a?b", "--", "x", "daemon off;", "{", "'\\"];
        let arguments = arguments(&typed);
        let server = arguments.server().unwrap();
        let text = scenario("a", &arguments, &server, &found(511));
        let source = Source { name: "a".to_owned(), path: "a.yaml".to_owned(), text: text.clone() };
        let file = scenario::ScenarioFile::from_source(source);
        let plan = file.plan(&Overrides::default(), &AnyKernel).unwrap();
        assert_eq!(plan.cells.len(), 4, "{text}");
        for cell in &plan.cells {
            let Server::Command(command) = &cell.settings.server else { panic!("a command") };
            let tried = CommandServer {
                port: 80,
                backlog: Some(511),
                paused: command.paused,
                ..server.clone()
            };
            assert_eq!(**command, tried);
        }
    }

    #[test]
    fn a_queue_that_holds_more_than_the_burst_is_filled_by_a_larger_one() {
        let usual = arguments(&["--", "x"]);
        assert_eq!(clients(&usual, &found(511)), [1000]);
        assert_eq!(clients(&usual, &found(999)), [1000, 1099]);
        assert_eq!(clients(&usual, &found(100_000)), [1000, 4096 + 1 + 409]);
        let large = arguments(&["--somaxconn", "60000", "--", "x"]);
        assert_eq!(clients(&large, &found(100_000)), [1000], "too many ports");
    }

    #[test]
    fn a_file_of_the_user_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().to_str().unwrap();
        let default = arguments(&["--out", out, "--", "/usr/sbin/nginx"]);
        let file = ScenarioFile::choose(&default, "/usr/sbin/nginx").unwrap();
        assert_eq!((file.name.as_str(), file.replaces), ("try-nginx", false));
        file.write(&format!("{WRITTEN}\n")).unwrap();
        assert!(ScenarioFile::choose(&default, "nginx").unwrap().replaces);
        std::fs::write(&file.path, "name: mine").unwrap();
        let error = ScenarioFile::choose(&default, "nginx").unwrap_err().to_string();
        assert!(error.contains("exists, and is not replaced"), "{error}");
        let path = file.path.to_str().unwrap();
        let saved = arguments(&["--save", path, "--", "nginx"]);
        assert!(ScenarioFile::choose(&saved, "nginx").is_err());
        for invalid in ["x.txt", ".yaml", "-a.yaml", "a b.yaml", "x/"] {
            let saved = arguments(&[&format!("--save={invalid}"), "--", "nginx"]);
            assert!(ScenarioFile::choose(&saved, "nginx").is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_program_gives_its_scenario_a_name() {
        for (program, name) in [
            ("nginx", "nginx"),
            ("/a/My Server_2", "my-server-2"),
            ("..", "server"),
            ("é", "server"),
        ] {
            assert_eq!(name_of(program), name, "{program}");
        }
    }
}
