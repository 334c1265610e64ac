//! The flags of `queuelab try`.

use std::path::{Path, PathBuf};

use clap::Args;
use indexmap::IndexMap;
use pattern::Patterns;
use program_server::{CommandServer, ImageServer, Text, check_image, escaped};

use super::server::{ServerKind, TriedServer};
use crate::error::{CommandError, Result};

/// The smallest and the largest burst: a connection needs a port of the client's host, which
/// has 28,232 by default.
const CLIENTS: std::ops::RangeInclusive<i64> = 1..=20_000;

/// Capabilities that images of servers usually need: to own their files, and to run as another
/// user.
const CAPABILITIES: [&str; 6] =
    ["CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE", "SETGID", "SETUID"];

/// Flags of `queuelab try`.
#[derive(Debug, Args)]
pub(crate) struct TryArguments {
    /// The server and its arguments, after `--`: `queuelab try -- nginx -g 'daemon off;'`.
    ///
    /// It is started without a shell, with your rights, in network namespaces of its own. It
    /// gets PATH, HOME, LANG and TMPDIR and the variables of --env, and no others; HOME and
    /// TMPDIR are a private empty directory. With --image, its command instead of the image's own.
    #[arg(required_unless_present = "image", last = true, value_name = "PROGRAM")]
    program: Vec<String>,
    /// Try an image that is on this machine, in a container (as `run --backend docker`).
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Give the image's container a capability; all others are dropped (repeatable) [default:
    /// CHOWN, DAC_OVERRIDE, FOWNER, NET_BIND_SERVICE, SETGID and SETUID].
    #[arg(long, value_name = "NAME", requires = "image")]
    capability: Vec<String>,
    /// Clients that connect at once.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u32).range(CLIENTS))]
    pub(super) clients: u32,
    /// TCP port on which the clients connect [default: the one on which the server listens].
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// Set an environment variable of the server (repeatable).
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,
    /// Working directory of the server [default: the current one].
    #[arg(long, value_name = "DIR", conflicts_with = "image")]
    directory: Option<PathBuf>,
    /// net.core.somaxconn of the server's host.
    #[arg(long, value_name = "N", default_value_t = 4096)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub(super) somaxconn: u32,
    /// Let each client make a GET request of this path; without it, clients only connect.
    #[arg(long, value_name = "PATH", value_parser = parse_path)]
    pub(super) http: Option<String>,
    /// Bursts of each kind.
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) repeat: u32,
    /// File for the scenario, which must not exist [default: try-<program>.yaml in the directory
    /// of --out, replaced by the next try].
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Directory for runs; a run is stored in DIR/<scenario>/<UTC time>/.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    pub(super) out: PathBuf,
    /// Print JSON; `queuelab schema try` describes it.
    #[arg(long)]
    pub(crate) json: bool,
}

fn parse_variable(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

fn parse_path(text: &str) -> std::result::Result<String, String> {
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err("expected a path such as /health".to_owned()),
    }
}

impl TryArguments {
    /// The server.
    ///
    /// # Errors
    /// If there is no working directory, or its path cannot be written; or if the image or a
    /// capability is none.
    pub(super) fn server(&self) -> Result<TriedServer> {
        let kind = match &self.image {
            Some(image) => ServerKind::Image(Box::new(self.of_image(image)?)),
            None => ServerKind::Program(Box::new(self.of_program()?)),
        };
        Ok(TriedServer { typed: self.program.clone(), kind })
    }

    fn env(&self) -> IndexMap<String, Text> {
        self.env.iter().map(|(name, value)| (name.clone(), Text(escaped(value)))).collect()
    }

    fn of_image(&self, image: &str) -> Result<ImageServer> {
        let capabilities = match self.capability.as_slice() {
            [] => CAPABILITIES.map(str::to_owned).into(),
            given => given.to_vec(),
        };
        let server = ImageServer {
            image: image.to_owned(),
            command: self.program.iter().map(|word| escaped(word)).collect(),
            port: self.port.unwrap_or_default(),
            env: self.env(),
            capabilities,
            ..ImageServer::default()
        };
        // It is started before a scenario has been checked.
        let problems = check_image(&server, &mut Patterns::default());
        match problems.iter().find(|problem| problem.field != "port") {
            Some(problem) => Err(CommandError::Usage(problem.reason.clone())),
            None => Ok(server),
        }
    }

    fn of_program(&self) -> Result<CommandServer> {
        let current = || {
            std::env::current_dir().map_err(|source| CommandError::Io {
                action: "find the current directory".to_owned(),
                source,
            })
        };
        let directory = match &self.directory {
            Some(directory) => current()?.join(directory),
            None => current()?,
        };
        if directory.to_str().is_none() {
            let message = "the path of the working directory is not text: use --directory";
            return Err(CommandError::Usage(message.to_owned()));
        }
        let mut program = self.program.clone();
        program[0] = absolute(&program[0], &directory);
        Ok(CommandServer {
            program: program.iter().map(|word| escaped(word)).collect(),
            port: self.port.unwrap_or_default(),
            directory: Some(directory),
            env: self.env(),
            ..CommandServer::default()
        })
    }
}

/// The program as its working directory's user means it: a scenario's relative path begins at
/// the private directory.
fn absolute(program: &str, directory: &Path) -> String {
    match program.contains('/') {
        true => directory.join(program).display().to_string(),
        false => program.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_program_is_that_of_its_directory() {
        let directory = Path::new("/srv/app");
        assert_eq!(absolute("./server", directory), "/srv/app/./server");
        assert_eq!(absolute("bin/server", directory), "/srv/app/bin/server");
        assert_eq!(absolute("/usr/sbin/nginx", directory), "/usr/sbin/nginx");
        assert_eq!(absolute("nginx", directory), "nginx");
    }

    #[test]
    fn variables_and_paths_are_read() {
        assert_eq!(parse_variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(parse_variable("A="), Ok(("A".to_owned(), String::new())));
        assert!(parse_variable("A").is_err() && parse_variable("=b").is_err());
        assert!(parse_path("/").is_ok() && parse_path("health").is_err());
    }
}
