//! Flags of `queuelab doctor`.

use clap::Args;

use crate::backend_name;

/// Flags of `queuelab doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 if a checked backend can run scenarios, otherwise 5.")]
pub(crate) struct DoctorArguments {
    /// Check only this backend.
    #[arg(long, value_name = "BACKEND", value_parser = backend_name::parser())]
    pub(super) backend: Option<String>,
    /// Print the findings as JSON.
    #[arg(long)]
    pub(super) json: bool,
}
