//! `queuelab image`: the image that containers are created from.

use clap::{Args, Subcommand};
use lab::LabError;

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
    let image = lab::build_image().map_err(LabError::from)?;
    let what = if image.is_new { "built" } else { "exists" };
    let megabytes = image.bytes as f64 / 1e6;
    answer(&format!("{} {what}, {megabytes:.1} MB; tagged queuelab:latest", image.name))
}
