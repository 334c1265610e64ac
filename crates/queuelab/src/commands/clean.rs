//! `queuelab clean`: removes the leftovers of killed runs.

use std::path::PathBuf;

use clap::Args;
use lab::{LabError, Leftovers};

use super::print_output;
use crate::error::Result;
use crate::exit::Exit;

/// Flags of `queuelab clean`.
#[derive(Debug, Args)]
pub(crate) struct CleanArguments {
    /// Also remove the images that queuelab built.
    #[arg(long)]
    images: bool,
    /// Directory of the runs: those that were killed before their first file was complete left a
    /// hidden directory in it.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    out: PathBuf,
    /// Print what would be removed, without removing it.
    #[arg(long)]
    dry_run: bool,
}

/// Removes the leftovers of every backend and those below the directory of the runs, and prints
/// them. An unavailable backend is an error, because its leftovers cannot be removed.
pub(crate) fn clean(arguments: &CleanArguments) -> Result {
    let CleanArguments { images, ref out, dry_run } = *arguments;
    let mut all = Leftovers::default();
    let mut problem = None;
    for backend in lab::backends() {
        match backend.clean(images, dry_run) {
            Ok(leftovers) => {
                all.removed.extend(leftovers.removed);
                all.alive.extend(leftovers.alive);
                problem = problem.or(leftovers.problem);
            }
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    let unfinished = run_record::remove_unfinished(out, dry_run);
    let directories = unfinished.iter().flatten();
    all.removed.extend(directories.map(|path| ("directory", path.display().to_string())));
    let verb = if dry_run { "would remove" } else { "removed" };
    let mut lines: Vec<String> =
        all.removed.iter().map(|(kind, name)| format!("{verb} {kind} {name}")).collect();
    if lines.is_empty() && problem.is_none() && unfinished.is_ok() {
        lines.push("nothing to remove".to_owned());
    }
    if !all.alive.is_empty() {
        lines.push(format!("not removed, still running: {}", all.alive.join(", ")));
    }
    if !lines.is_empty() {
        print_output(&lines.join("\n"))?;
    }
    if let Some(error) = problem {
        return Err(LabError::from(error).into());
    }
    unfinished?;
    Ok(Exit::Held)
}
