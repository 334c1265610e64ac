//! `queuelab image`: the image that containers are made from.

use lab::{Docker, LabError};

use super::answer;
use crate::cli::{ImageArguments, ImageCommand};
use crate::error::Result;

/// Makes the image.
pub(crate) fn image(arguments: &ImageArguments) -> Result {
    let ImageCommand::Build = arguments.command;
    let image =
        Docker::connect().and_then(|docker| docker.build_image()).map_err(LabError::Docker)?;
    let what = if image.is_new { "made" } else { "exists" };
    let megabytes = image.bytes as f64 / 1e6;
    answer(&format!("{} {what}, {megabytes:.1} MB; it is queuelab:latest", image.name))
}
