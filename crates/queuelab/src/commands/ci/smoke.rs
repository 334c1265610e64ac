//! The summaries of the smoke runs of `.ci/run`, also of unfinished ones.

use std::fs;
use std::path::Path;

use super::runs;
use crate::backend_name::user_backends;
use crate::commands::print_output;
use crate::error::Result;

/// Prints the summary of each run below a directory, or why there is none.
pub(super) fn smoke(directory: &Path) -> Result {
    let summaries: String =
        user_backends().map(|backend| summaries(directory, backend.name())).collect();
    print_output(&summaries)
}

fn summaries(directory: &Path, backend: &str) -> String {
    let runs = runs::in_order(&directory.join(backend).join("smoke"));
    if runs.is_empty() {
        return format!(
            "❌ The smoke run under {backend} did not start: see the log of the check.\n\n"
        );
    }
    let summary = |run: &std::path::PathBuf| match fs::read_to_string(run.join("summary.md")) {
        Ok(summary) if !summary.is_empty() => format!("{summary}\n"),
        _ => format!(
            "❌ The smoke run under {backend} started but did not finish: see the log of the \
             check.\n\n"
        ),
    };
    runs.iter().map(summary).collect()
}
