//! `queuelab report`: what a run found, from its directory.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use report::{Files, Run, Suite};
use run_record::{RunDirectory, SuiteDirectory};

use super::answer;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Arguments of `queuelab report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Directory of the run or suite.
    run: PathBuf,
    /// Print only one annotation for a CI system, as a GitHub workflow command: an
    /// error if a check failed, a warning if trials held only on a retry, nothing if
    /// everything held.
    #[arg(long)]
    annotate: bool,
}

/// Prints the summary, which needs no right to write, and makes the files for
/// people and for CI again.
pub(crate) fn report(arguments: &ReportArguments) -> Result {
    let path = &arguments.run;
    if SuiteDirectory::is_one(path) {
        let suite = Suite::read(path)?;
        if arguments.annotate {
            return annotate(suite.annotation());
        }
        answer(&suite.summary())?;
        write_suite(&suite, path)?;
        return Ok(Exit::Held);
    }
    let (record, trials) = RunDirectory::read(path)?;
    let run = Run::new(record, trials);
    if arguments.annotate {
        return annotate(report::run_annotation(&run));
    }
    answer(&report::summary(&run))?;
    write(&run, path)?;
    answer(&format!("\nReport: {}", path.join("report.html").display()))
}

fn annotate(annotation: Option<String>) -> Result {
    annotation.map_or(Ok(Exit::Held), |line| answer(&line))
}

/// Writes `summary.md` and `junit.xml` into a suite's directory.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write_suite(
    suite: &Suite,
    directory: &Path,
) -> std::result::Result<(), CommandError> {
    write_files(&suite.files(), directory)
}

/// Writes `report.html` and what goes with it into a run's directory, and removes
/// the charts of an earlier report that it has no more.
///
/// # Errors
/// When a file cannot be written or removed. Rows that cannot be read are told on
/// stderr.
pub(super) fn write(run: &Run, directory: &Path) -> std::result::Result<(), CommandError> {
    let Files { files, damaged } = report::files(run, directory);
    for error in damaged {
        anstream::eprintln!("warning: failed to {error}; its trial is not drawn");
    }
    write_files(&files, directory)?;
    remove_earlier_charts(&directory.join("charts"), &files)
}

fn write_files(
    files: &[(String, Vec<u8>)],
    directory: &Path,
) -> std::result::Result<(), CommandError> {
    for (name, contents) in files {
        let path = directory.join(name);
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(&path, contents)).map_err(|source| CommandError::Io {
            action: format!("write {}", path.display()),
            source,
        })?;
    }
    Ok(())
}

/// Removes the charts of an earlier report that this one does not have: of a run
/// that went on, other trials may be the ones that are drawn. What has another name
/// than our charts stays: it is somebody's own.
fn remove_earlier_charts(
    folder: &Path,
    files: &[(String, Vec<u8>)],
) -> std::result::Result<(), CommandError> {
    let failed = |action: &str, path: &Path| {
        let action = format!("{action} {}", path.display());
        move |source| CommandError::Io { action, source }
    };
    // Neither where no chart was made, nor in somebody's folder that is linked here.
    if !folder.is_dir() || folder.is_symlink() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let entry = entry.map_err(failed("read", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stem = name.strip_suffix(".svg").or_else(|| name.strip_suffix(".png"));
        let is_chart = stem.is_some_and(report::is_chart_name);
        let is_made = files.iter().any(|(made, _)| *made == format!("charts/{name}"));
        if is_chart && !is_made && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::remove_file(entry.path()).map_err(failed("remove", &entry.path()))?;
        }
    }
    Ok(())
}
