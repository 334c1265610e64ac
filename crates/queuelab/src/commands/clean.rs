//! `queuelab clean`: what dead runs have left in the Docker engine.

use clap::Args;
use lab::{Docker, DockerError, LabError};

use super::answer;
use crate::error::Result;
use crate::exit::Exit;

/// Flags of `queuelab clean`.
#[derive(Debug, Args)]
pub(crate) struct CleanArguments {
    /// Also remove the images that queuelab built.
    #[arg(long)]
    images: bool,
    /// Only print what would be removed.
    #[arg(long)]
    dry_run: bool,
}

/// Removes it, and says what it was.
pub(crate) fn clean(arguments: &CleanArguments) -> Result {
    let CleanArguments { images, dry_run } = *arguments;
    let found = Docker::connect()
        .and_then(|docker| docker.clean(images, dry_run))
        .map_err(LabError::Docker)?;
    let verb = if dry_run { "would remove" } else { "removed" };
    let kinds =
        [("container", &found.containers), ("network", &found.networks), ("image", &found.images)];
    let mut lines: Vec<String> = kinds
        .iter()
        .flat_map(|(kind, names)| names.iter().map(move |name| format!("{verb} {kind} {name}")))
        .collect();
    if lines.is_empty() && found.held.is_empty() {
        lines.push("nothing to remove".to_owned());
    }
    if !found.alive.is_empty() {
        lines.push(format!("left alone, as they are alive: {}", found.alive.join(", ")));
    }
    if !lines.is_empty() {
        answer(&lines.join("\n"))?;
    }
    match found.held {
        held if held.is_empty() => Ok(Exit::Held),
        networks => Err(LabError::Docker(DockerError::NetworksInUse { networks }).into()),
    }
}
