//! The outputs of a step, which later steps of a workflow on GitHub read.

use super::settings::Settings;
use super::steps::append_to;
use crate::error::{CommandError, Result};

/// Writes outputs, if a workflow asks for them.
///
/// # Errors
/// If a value has a line break: what follows it would be another output.
pub(super) fn write(settings: &Settings, outputs: &[(&str, &str)]) -> Result<()> {
    let Some(path) = &settings.output else { return Ok(()) };
    let mut text = String::new();
    for (name, value) in outputs {
        if value.contains(['\n', '\r']) {
            let reason = format!("the output {name} of the step has a line break: {value:?}");
            return Err(CommandError::Usage(reason));
        }
        text += &format!("{name}={value}\n");
    }
    append_to(path, &text)
}
