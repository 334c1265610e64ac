//! `queuelab image`: the image of the Docker backend.

use clap::{Args, Subcommand};
use lab::LabError;

use super::print_output;
use crate::error::Result;

/// Flags of `queuelab image`.
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// Build the image `queuelab:<hash>` from this executable and tag it
    /// `queuelab:latest`.
    ///
    /// Nothing is downloaded; an existing image is reused.
    Build,
}

/// Builds the image.
pub(crate) fn image(arguments: &ImageArguments) -> Result {
    let ImageCommand::Build = arguments.command;
    let image = lab::build_image().map_err(LabError::from)?;
    let state = if image.is_new { "built" } else { "exists" };
    let megabytes = image.bytes as f64 / 1e6;
    print_output(&format!("{} {state}, {megabytes:.1} MB; tagged queuelab:latest", image.name))
}
