//! The server that is tried: a program or an image.

use std::path::Path;

use diagnosis::{KnownServer, KnownServers, image_name};
use program_server::{CommandServer, ImageServer};
use scenario::Server;

/// The server that is tried.
#[derive(Debug, Clone)]
pub(super) struct TriedServer {
    /// What the user typed after `--`.
    pub(super) typed: Vec<String>,
    /// The same as a scenario names it.
    pub(super) kind: ServerKind,
}

/// A server as a scenario names it: what would be a placeholder is escaped. Its port is 0 if it
/// is to be found.
#[derive(Debug, Clone)]
pub(super) enum ServerKind {
    /// A program of this machine.
    Program(Box<CommandServer>),
    /// An image.
    Image(Box<ImageServer>),
}

impl TriedServer {
    /// The server of a scenario.
    pub(super) fn server(&self) -> Server {
        match &self.kind {
            ServerKind::Program(program) => Server::Command(program.clone()),
            ServerKind::Image(image) => Server::Image(image.clone()),
        }
    }

    /// The backend. That of a program has this machine's files and programs in its server host.
    pub(super) fn backend(&self) -> &'static str {
        match &self.kind {
            ServerKind::Program(_) => "netns",
            ServerKind::Image(_) => "docker",
        }
    }

    /// The image, if it is one.
    pub(super) fn image(&self) -> Option<&str> {
        match &self.kind {
            ServerKind::Program(_) => None,
            ServerKind::Image(image) => Some(&image.image),
        }
    }

    /// The name of the program's file or of the image.
    pub(super) fn name(&self) -> &str {
        let program = || self.typed.first().map_or("", String::as_str);
        match self.image() {
            Some(image) => image_name(image),
            None => Path::new(program()).file_name().and_then(|name| name.to_str()).unwrap_or(""),
        }
    }

    /// What is started, for people.
    pub(super) fn described(&self) -> String {
        let image = self.image().map(|image| format!("the image {image}"));
        image.into_iter().chain(self.typed.iter().cloned()).collect::<Vec<_>>().join(" ")
    }

    /// What is known of it.
    pub(super) fn known<'a>(&self, servers: &'a KnownServers) -> Option<&'a KnownServer> {
        let of_image = || servers.recognise_image(self.image()?);
        servers.recognise(&self.typed).or_else(of_image)
    }

    /// Its section in that of the server.
    pub(super) fn section(&self) -> &'static str {
        match &self.kind {
            ServerKind::Program(_) => "command",
            ServerKind::Image(_) => "image",
        }
    }

    /// What the command that runs its scenario has besides, after a space.
    pub(super) fn run_flags(&self) -> &'static str {
        match &self.kind {
            ServerKind::Program(_) => " --allow-commands",
            ServerKind::Image(_) => " --allow-commands --backend docker",
        }
    }
}
