//! `queuelab report`: regenerates the report of a run.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use report::{Files, Run, Suite};
use run_record::{RunDirectory, SuiteDirectory};

use super::print_output;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Arguments of `queuelab report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Directory of the run or suite.
    run: PathBuf,
    /// Print only an annotation for GitHub: an error if a check failed, a warning if
    /// trials held only on a retry, otherwise nothing.
    #[arg(long)]
    annotate: bool,
}

/// Prints the summary, then regenerates the files. Printing comes first, because it needs
/// no write permission.
pub(crate) fn report(arguments: &ReportArguments) -> Result {
    let path = &arguments.run;
    if SuiteDirectory::exists_at(path) {
        let suite = Suite::read(path)?;
        if arguments.annotate {
            return annotate(suite.annotation());
        }
        print_output(&suite.summary())?;
        write_suite(&suite, path)?;
        return Ok(Exit::Held);
    }
    let (record, trials) = RunDirectory::read(path)?;
    let run = Run::new(record, trials);
    if arguments.annotate {
        return annotate(report::run_annotation(&run));
    }
    print_output(&report::summary(&run))?;
    write(&run, path)?;
    print_output(&format!("\nReport: {}", path.join("report.html").display()))
}

fn annotate(annotation: Option<String>) -> Result {
    annotation.map_or(Ok(Exit::Held), |line| print_output(&line))
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

/// Prints a run's summary, writes its files, and prints where they are. The summary comes
/// first, because it needs no write permission.
///
/// # Errors
/// As for [`write`], and if standard output cannot be written.
pub(super) fn print_and_write(
    run: &Run,
    summary: &str,
    directory: &Path,
) -> std::result::Result<(), CommandError> {
    print_output(summary)?;
    write(run, directory)?;
    let report = directory.join("report.html");
    let places = format!("\nRun directory: {}\nReport: {}", directory.display(), report.display());
    print_output(&places).map(drop)
}

/// Writes `report.html` and its companion files into a run's directory, and removes charts
/// of an earlier report that it no longer has.
///
/// # Errors
/// When a file cannot be written or removed. Unreadable rows are reported on
/// stderr.
pub(super) fn write(run: &Run, directory: &Path) -> std::result::Result<(), CommandError> {
    let Files { files, damaged } = report::files(run, directory);
    for error in damaged {
        anstream::eprintln!("warning: failed to {error}; no chart is drawn for its trial");
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

/// Removes the charts of an earlier report that this one does not have: after a resume,
/// charts may show other trials. Keeps files that are not named like our charts.
fn remove_earlier_charts(
    folder: &Path,
    files: &[(String, Vec<u8>)],
) -> std::result::Result<(), CommandError> {
    let failed = |action: &str, path: &Path| {
        let action = format!("{action} {}", path.display());
        move |source| CommandError::Io { action, source }
    };
    // A symbolic link leads to a folder that is not ours.
    if !folder.is_dir() || folder.is_symlink() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let entry = entry.map_err(failed("read", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stem = name.strip_suffix(".svg").or_else(|| name.strip_suffix(".png"));
        let is_chart = stem.is_some_and(report::is_chart_name);
        let is_current = files.iter().any(|(path, _)| *path == format!("charts/{name}"));
        if is_chart && !is_current && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::remove_file(entry.path()).map_err(failed("remove", &entry.path()))?;
        }
    }
    Ok(())
}
