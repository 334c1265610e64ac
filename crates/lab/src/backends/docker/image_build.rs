//! Builds the image that a user requests.

use super::engine::Engine;
use super::image::{Executable, Image, Purpose};
use crate::backend::BackendError;

/// Builds the image of this executable, `queuelab:<hash>`, unless it exists, and also
/// tags it `queuelab:latest`.
///
/// # Errors
/// If this executable is linked dynamically, or the engine fails.
pub fn build_image() -> Result<Image, BackendError> {
    Ok(Engine::connect()?.image(&Executable::running()?, Purpose::Requested)?)
}
