//! A server of a run, and what distinguishes it from others.

use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use program_server::{CommandServer, ImageServer};
use run_record::{AxisNames, describe_value};
use scenario::Server;
use serde_json::Value;

/// The longest part of a name that is shown, characters.
const MAX_WORDS: usize = 60;

/// Settings of a program on which its pace does not depend.
const OTHER_SETTINGS: [&str; 7] =
    ["backlog", "backlogs", "paused", "port", "address", "ready", "stop"];

/// A server whose pace a run measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MeasuredServer {
    /// The lab's own.
    Chat { design: String, accept_delay: Duration },
    /// A program or an image.
    Program {
        /// What it starts, and its values on the axes of the run.
        name: String,
        /// Without what its pace does not depend on.
        settings: Box<Server>,
    },
}

impl MeasuredServer {
    /// The program or image of a cell with these values on the axes; `None` for the lab's own.
    pub(super) fn program(server: &Server, point: &IndexMap<String, Value>) -> Option<Self> {
        let starts = server.starts()?;
        let differs = point.iter().filter(|(path, _)| {
            let setting = path.strip_prefix("server.command.");
            let setting = setting.or_else(|| path.strip_prefix("server.image."));
            setting.is_some_and(|setting| {
                let named = ["program", "image", "command"].contains(&setting);
                let first = setting.split('.').next().unwrap_or(setting);
                !named && !OTHER_SETTINGS.contains(&first)
            })
        });
        let names = AxisNames::default();
        let values = differs
            .map(|(path, value)| format!(", {} {}", names.short(path), describe_value(value)));
        let shown = |text: String| match text.char_indices().nth(MAX_WORDS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        let name = std::iter::once(starts).chain(values).map(shown).collect::<String>();
        let name = visible::line(&name).into_owned();
        Some(Self::Program { name, settings: Box::new(comparable(server)) })
    }

    /// Whether both are one server, whose trials belong together.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Program { settings: one, .. }, Self::Program { settings: other, .. }) => {
                one == other
            }
            _ => self == other,
        }
    }

    /// Whether the server of a cell is this one.
    pub(super) fn is(&self, server: &Server) -> bool {
        match (self, server) {
            (Self::Chat { design, accept_delay }, Server::Chat(chat)) => {
                design == chat.design.as_str() && *accept_delay == chat.accept_delay
            }
            (Self::Program { settings, .. }, other) => **settings == comparable(other),
            (Self::Chat { .. }, _) => false,
        }
    }
}

/// A server without the settings on which its pace does not depend.
fn comparable(server: &Server) -> Server {
    let mut server = server.clone();
    match &mut server {
        Server::Chat(_) => {}
        Server::Command(command) => {
            let CommandServer {
                port,
                address,
                backlog,
                backlogs,
                paused,
                ready,
                stop,
                // Its pace may depend on these.
                program: _,
                env: _,
                directory: _,
                files: _,
                limits: _,
                user: _,
            } = command.as_mut();
            *port = 0;
            *address = None;
            *backlog = None;
            backlogs.clear();
            *paused = false;
            *ready = Default::default();
            *stop = Default::default();
        }
        Server::Image(image) => {
            let ImageServer {
                port,
                backlog,
                backlogs,
                paused,
                ready,
                stop,
                image: _,
                command: _,
                env: _,
                files: _,
                user: _,
                capabilities: _,
                limits: _,
            } = image.as_mut();
            *port = 0;
            *backlog = None;
            backlogs.clear();
            *paused = false;
            *ready = Default::default();
            *stop = Default::default();
        }
    }
    server
}

impl fmt::Display for MeasuredServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chat { design, .. } => design,
            Self::Program { name, .. } => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command(settings: Value) -> Server {
        serde_json::from_value(json!({ "command": settings })).unwrap()
    }

    #[test]
    fn a_program_is_itself_with_another_backlog_and_not_with_other_variables() {
        let program = ["python3", "server.py"];
        let stopped =
            command(json!({ "program": program, "port": 1, "backlog": 5, "paused": true }));
        let point: IndexMap<String, Value> = [
            ("server.command.backlog".to_owned(), json!(5)),
            ("server.command.backlogs.81".to_owned(), json!(5)),
            ("server.command.env.WORKERS".to_owned(), json!("4")),
            ("load.clients".to_owned(), json!(9)),
        ]
        .into();
        let measured = MeasuredServer::program(&stopped, &point).unwrap();
        assert_eq!(measured.to_string(), "python3 server.py, command.env.WORKERS 4");
        assert!(measured.is(&command(json!({ "program": program, "port": 2, "backlog": 64 }))));
        let other_listeners = json!({ "program": program, "backlogs": { "81": 5 } });
        assert!(measured.is(&command(other_listeners)));
        let env = json!({ "program": program, "port": 1, "env": { "WORKERS": 4 } });
        assert!(!measured.is(&command(env)));
        assert!(!measured.is(&command(json!({ "program": ["python3"] }))));
        assert!(!measured.is(&Server::default()));
        assert_eq!(MeasuredServer::program(&Server::default(), &point), None);
    }

    #[test]
    fn an_image_is_itself_with_other_backlogs_and_not_with_another_user() {
        let image = |settings: Value| -> Server {
            serde_json::from_value(json!({ "image": settings })).unwrap()
        };
        let plain = image(json!({ "image": "nginx", "port": 80 }));
        let measured = MeasuredServer::program(&plain, &IndexMap::new()).unwrap();
        let backlogs = json!({ "image": "nginx", "port": 80, "backlogs": { "81": 5 } });
        assert!(measured.is(&image(backlogs)));
        assert!(!measured.is(&image(json!({ "image": "nginx", "port": 80, "user": "www" }))));
    }

    #[test]
    fn a_long_command_is_shortened() {
        let long = command(json!({ "program": ["x".repeat(200)] }));
        let name = MeasuredServer::program(&long, &IndexMap::new()).unwrap().to_string();
        assert_eq!(name, format!("{}…", "x".repeat(60)));
    }
}
