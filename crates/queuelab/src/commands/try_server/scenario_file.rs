//! The scenario of a try, and its file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use program_server::{CommandServer, ImageServer, Text};
use serde_json::json;

use super::arguments::TryArguments;
use super::listener::{Found, LARGE_SOMAXCONN};
use super::server::{ServerKind, TriedServer};
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
    /// The file of `--save`, or that of the server's name in the directory of runs.
    ///
    /// # Errors
    /// If there is such a file, and it is not the default one of an earlier try; or its name
    /// cannot be that of a scenario.
    pub(super) fn choose(arguments: &TryArguments, server: &str) -> Result<Self> {
        let default = || arguments.out.join(format!("try-{}.yaml", name_of(server)));
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

/// A server's name as a part of a scenario's.
fn name_of(name: &str) -> String {
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
    server: &TriedServer,
    found: &Found,
) -> String {
    let clients_at = format!("a burst of {} clients meet at {}", arguments.clients, server.name());
    let question = format!("What does {clients_at}?");
    let (section, flags) = (server.section(), server.run_flags());
    let mut settings = match &server.kind {
        ServerKind::Program(program) => program_lines(program),
        ServerKind::Image(image) => image_lines(image),
    };
    settings.push(format!("port: {}", found.port));
    settings.push(match found.backlog {
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
# its accept queue fills, and once while it accepts. Run it again with{flags}.
name: {name}
question: {question}

server:
  {section}:
    {settings}

load:
{one}  dialogue: {dialogue}
  connect_deadline: {deadline}        # long enough for the SYN retransmission after 1 s
  linger: 200ms                   # all stay connected until the last one is decided
  finish_deadline: {finish}

matrix:
{axis}  hosts.server.sysctls.net.core.somaxconn: [{somaxconn}, {LARGE_SOMAXCONN}]
  server.{section}.paused: [true, false]

repeat: {repeat}
record: {{ attempts: true, timelines: true }}

quick:
  repeat: 1
",
        question = text(&question),
        settings = settings.join("\n    "),
        deadline = format_args!("{}ms", CONNECT_DEADLINE.as_millis()),
        finish = if arguments.http.is_some() { "10s" } else { "5s" },
        somaxconn = arguments.somaxconn,
        repeat = arguments.repeat,
    )
}

/// A text as YAML, of which JSON is a part.
fn text(value: &str) -> String {
    json!(value).to_string()
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", "))
}

fn program_lines(program: &CommandServer) -> Vec<String> {
    let directory = program.directory.as_ref().map(|directory| directory.display().to_string());
    let mut lines = vec![format!("program: {}", list(&program.program))];
    lines.extend(directory.map(|directory| format!("directory: {}", text(&directory))));
    lines.extend(env_lines(&program.env));
    lines
}

fn image_lines(image: &ImageServer) -> Vec<String> {
    let mut lines = vec![format!("image: {}", text(&image.image))];
    if !image.command.is_empty() {
        lines.push(format!("command: {}", list(&image.command)));
    }
    lines.push(format!("capabilities: {}", list(&image.capabilities)));
    lines.extend(env_lines(&image.env));
    lines
}

fn env_lines(env: &IndexMap<String, Text>) -> Vec<String> {
    let head = (!env.is_empty()).then(|| "env:".to_owned());
    let variable =
        |(name, Text(value)): (&String, &Text)| format!("  {}: {}", text(name), text(value));
    head.into_iter().chain(env.iter().map(variable)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use program_server::replaced;
    use scenario::{AnyKernel, CellSettings, Overrides, Server, Source};

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
        let program = ["x", "daemon off;", "{port} {server.backlog}", "awk {", "'\\"];
        let typed = ["--env", "A=b: \"c\" {port}", "--http", "/a?b", "--"];
        let arguments = arguments(&[&typed[..], &program].concat());
        let server = arguments.server().unwrap();
        let ServerKind::Program(tried) = &server.kind else { panic!("a program") };
        for cell in cells(&arguments, &server) {
            let Server::Command(command) = &cell.server else { panic!("a command") };
            let (port, backlog) = (80, Some(511));
            let expected =
                CommandServer { port, backlog, paused: command.paused, ..*tried.clone() };
            assert_eq!(**command, expected);
            // Nothing of it is a placeholder.
            let values = cell.placeholders();
            let started = command.program.iter().map(|word| replaced(word, &values).unwrap());
            assert_eq!(started.collect::<Vec<_>>(), program);
            assert_eq!(replaced(&command.env["A"].0, &values).unwrap(), "b: \"c\" {port}");
        }
    }

    #[test]
    fn the_scenario_has_the_image_and_its_command() {
        let typed = ["--image", "a/nginx:1", "--env", "A=b", "--", "nginx", "-g", "daemon off;"];
        let with_command = arguments(&typed);
        let server = with_command.server().unwrap();
        assert_eq!(
            (server.name(), server.described()),
            ("nginx", "the image a/nginx:1 nginx -g daemon off;".to_owned())
        );
        let ServerKind::Image(tried) = &server.kind else { panic!("an image") };
        assert_eq!(tried.capabilities.len(), 6);
        for cell in cells(&with_command, &server) {
            let Server::Image(image) = &cell.server else { panic!("an image") };
            let (port, backlog) = (80, Some(511));
            let expected = ImageServer { port, backlog, paused: image.paused, ..*tried.clone() };
            assert_eq!(**image, expected);
        }
        let without = arguments(&["--image", "nginx", "--capability", "CHOWN"]);
        let server = without.server().unwrap();
        let [first, ..] = &cells(&without, &server)[..] else { panic!("cells") };
        let Server::Image(image) = &first.server else { panic!("an image") };
        assert_eq!((image.command.len(), &image.capabilities[..]), (0, &["CHOWN".to_owned()][..]));
        let error = arguments(&["--image", "nginx", "--capability", "SYS_ADMIN"]).server();
        assert!(error.unwrap_err().to_string().contains("`SYS_ADMIN` is not among"));
    }

    /// The settings of the cells of the scenario, which has four.
    fn cells(arguments: &TryArguments, server: &TriedServer) -> Vec<CellSettings> {
        let text = scenario("a", arguments, server, &found(511));
        let source = Source { name: "a".to_owned(), path: "a.yaml".to_owned(), text: text.clone() };
        let file = scenario::ScenarioFile::from_source(source);
        let plan = file.plan(&Overrides::default(), &AnyKernel).unwrap();
        assert_eq!(plan.cells.len(), 4, "{text}");
        plan.cells.into_iter().map(|cell| cell.settings).collect()
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
        let file = ScenarioFile::choose(&default, "nginx").unwrap();
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
    fn a_server_gives_its_scenario_a_name() {
        for (server, name) in
            [("nginx", "nginx"), ("My Server_2", "my-server-2"), ("", "server"), ("é", "server")]
        {
            assert_eq!(name_of(server), name, "{server}");
        }
        for (program, name) in [("/usr/sbin/nginx", "nginx"), ("..", "")] {
            assert_eq!(arguments(&["--", program]).server().unwrap().name(), name);
        }
    }
}
