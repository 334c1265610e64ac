//! `queuelab report`: regenerates the report of a run.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::ArgValueCompleter;
use report::{Detail, Files, Run, Suite};
use run_record::{Folder, SuiteDirectory};
use run_view::Printable;
use watch_recording::{Review, WatchRecord};

use super::{print_annotation, print_message, print_output, print_text, screen};
use crate::completion;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// The directory of the charts in that of a run.
const CHARTS: &str = "charts";

/// Arguments of `queuelab report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Directory of the run or suite, or of the record of a watch.
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    run: PathBuf,
    /// Print only an annotation for GitHub: an error if a check failed, a warning if
    /// trials held only on a retry, otherwise nothing.
    #[arg(long)]
    annotate: bool,
}

/// Prints the summary, then regenerates the files. Printing comes first, because it needs
/// no write permission; if it fails, the files are written all the same.
pub(crate) fn report(arguments: &ReportArguments) -> Result {
    let path = &arguments.run;
    if SuiteDirectory::exists_at(path) {
        let suite = Suite::read(path)?;
        if arguments.annotate {
            return annotate(suite.annotation());
        }
        let printed = print_text(&suite.summary(screen()));
        write_suite(&suite, path)?;
        return printed;
    }
    if WatchRecord::exists_at(path) {
        return report_watch(path, arguments.annotate);
    }
    let run = Run::read(path)?;
    if arguments.annotate {
        return annotate(report::run_annotation(&run));
    }
    let printed = print_run(&run, path);
    write(&run, path)?;
    printed?;
    print_places(&format!("\nReport: {}", path.join("report.html").display()))
}

/// The same for the record of a watch.
fn report_watch(path: &Path, is_annotation: bool) -> Result {
    if is_annotation {
        return Err(CommandError::Usage(format!(
            "failed to annotate {}: it is the record of a watch, which has no checks",
            path.display()
        )));
    }
    let review = Review::read(&WatchRecord::open(path)?)?;
    let printed = print_watch(&review);
    let files = report::watch_files(&review);
    let folder = Folder::open(path)?;
    write_files(&files, &folder)?;
    remove_earlier_charts(&folder, &files)?;
    printed?;
    print_places(&format!("\nReport: {}", path.join("report.html").display()))
}

fn print_watch(review: &Review) -> Result {
    let text = report::watch_terminal(review, screen(), Detail::Full);
    print_text(&text.body)?;
    print_output("")?;
    print_text(&text.end)
}

/// Prints paths and commands, which are copied whole: they are not wrapped.
pub(super) fn print_places(text: &str) -> Result {
    print_text(&Printable::new(text))
}

fn annotate(annotation: Option<String>) -> Result {
    annotation.map_or(Ok(Exit::Held), |line| print_annotation(&line))
}

/// Writes `summary.md` and `junit.xml` into a suite's directory.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write_suite(
    suite: &Suite,
    directory: &Path,
) -> std::result::Result<(), CommandError> {
    write_files(&suite.files(), &Folder::open(directory)?)
}

/// Prints a run's results, writes its files, and prints where they are. The results come
/// first, because they need no write permission.
///
/// # Errors
/// As for [`write`]; and if standard output cannot be written, after the files were.
pub(super) fn print_and_write(
    run: &Run,
    summary: &str,
    directory: &Path,
) -> std::result::Result<(), CommandError> {
    let printed = print_output(summary);
    write(run, directory)?;
    printed?;
    let report = directory.join("report.html");
    let places = format!("\nRun directory: {}\nReport: {}", directory.display(), report.display());
    print_places(&places).map(drop)
}

/// Prints everything about a run or suite, or the record of a watch.
pub(super) fn print_all(path: &Path) -> Result {
    if SuiteDirectory::exists_at(path) {
        return print_text(&Suite::read(path)?.summary(screen()));
    }
    if WatchRecord::exists_at(path) {
        return print_watch(&Review::read(&WatchRecord::open(path)?)?);
    }
    print_run(&Run::read(path)?, path)
}

fn print_run(run: &Run, path: &Path) -> Result {
    let text = report::terminal(run, Some(path), screen(), Detail::Full);
    print_text(&text.body)?;
    print_output("")?;
    print_text(&text.end)
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
        print_message(&format!("warning: failed to {error}; no chart is drawn for its trial"));
    }
    let folder = Folder::open(directory)?;
    write_files(&files, &folder)?;
    remove_earlier_charts(&folder, &files)
}

/// Writes each file in place of its earlier version.
fn write_files(
    files: &[(String, Vec<u8>)],
    directory: &Folder,
) -> std::result::Result<(), CommandError> {
    let charts = match files.iter().any(|(path, _)| path.contains('/')) {
        true => Some(directory.create_folder(CHARTS)?),
        false => None,
    };
    for (path, contents) in files {
        let (folder, name) = match (path.strip_prefix("charts/"), &charts) {
            (Some(name), Some(charts)) => (charts, name),
            _ => (directory, path.as_str()),
        };
        folder.replace(name, |file| file.write_all(contents))?;
    }
    Ok(())
}

/// Removes the charts of an earlier report that this one does not have: after a resume,
/// charts may show other trials. Keeps files that are not named like our charts.
fn remove_earlier_charts(
    directory: &Folder,
    files: &[(String, Vec<u8>)],
) -> std::result::Result<(), CommandError> {
    let Some(charts) = directory.folder(CHARTS)? else { return Ok(()) };
    let current: HashSet<_> =
        files.iter().filter_map(|(path, _)| path.strip_prefix("charts/")).collect();
    for name in charts.names()? {
        let stem = name.strip_suffix(".svg").or_else(|| name.strip_suffix(".png"));
        let is_chart = stem.is_some_and(report::is_chart_name);
        if is_chart && !current.contains(name.as_str()) && charts.has_file(&name) {
            charts.remove(&name)?;
        }
    }
    Ok(())
}
