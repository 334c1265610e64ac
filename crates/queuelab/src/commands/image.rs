//! `queuelab image`: the image that containers are made from.

use clap::{Args, Subcommand};
use lab::{Docker, LabError};

use super::answer;
use crate::error::Result;

/// Flags of `queuelab image`.
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// Build `queuelab:<hash>` and `queuelab:latest` from this executable, which is
    /// linked statically. Nothing is downloaded; an existing image is kept.
    Build,
}

/// Builds the image.
pub(crate) fn image(arguments: &ImageArguments) -> Result {
    let ImageCommand::Build = arguments.command;
    let image =
        Docker::connect().and_then(|docker| docker.build_image()).map_err(LabError::Docker)?;
    let what = if image.is_new { "made" } else { "exists" };
    let megabytes = image.bytes as f64 / 1e6;
    answer(&format!("{} {what}, {megabytes:.1} MB; it is queuelab:latest", image.name))
}
