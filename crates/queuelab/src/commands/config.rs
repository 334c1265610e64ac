//! The values of `--config`.

use serde::de::DeserializeOwned;

use crate::error::{CommandError, Result};

/// Parses the JSON object of a worker's `--config`.
///
/// # Errors
/// [`CommandError::Usage`] with the line and column of what is wrong.
pub(crate) fn parse_config<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| CommandError::Usage(format!("invalid --config: {error}")))
}
