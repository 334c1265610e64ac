//! The disposition of SIGPIPE.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens when the server writes to a closed connection.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Sigpipe {
    /// The write fails with EPIPE and the server continues.
    #[default]
    Ignore,
    /// The signal's default disposition: the process dies, as the original
    /// server did.
    Default,
}
