//! The step that writes the job's summary and prints one annotation for all steps.

use std::fs;
use std::path::Path;

use super::annotation::{Annotation, Level};
use super::settings::Settings;
use super::steps::{COMPARE_CODE, COMPARISON, NOTE, RUN_CODE, SUITE, SUMMARY, append_to, io_error};
use super::{machine, outcome, program};
use crate::commands::print_annotation;
use crate::error::Result;
use crate::exit::Exit;

/// Maximum size of a step's summary in bytes; GitHub rejects a larger one.
const MAX_SUMMARY: usize = 1024 * 1024;

/// Size in bytes to which a larger summary is truncated.
const TRUNCATED_SUMMARY: usize = 900_000;

/// Adds to the job's summary, sets the outputs, and prints at most one annotation.
pub(super) fn summary(settings: &Settings) -> Result {
    let mut annotation = Annotation::default();
    let mut text = match settings.steps.read(SUITE) {
        Some(run) => run_summary(settings, &run, &mut annotation)?,
        None => {
            let machine = machine::name(settings);
            let line = format!("the suite did not start on {machine}");
            annotation.add(Level::Error, settings.suite_name(), &line);
            format!("❌ The suite did not start on {machine}: see the step that runs it.\n")
        }
    };
    if let Some(note) = settings.steps.read(NOTE) {
        annotation.add(Level::Warning, settings.suite_name(), &note);
        text = format!("{note}\n\n{text}");
    }
    append(settings, &truncate(text))?;
    outcome::write_outputs(settings)?;
    match annotation.command() {
        Some(command) => print_annotation(command),
        None => Ok(Exit::Held),
    }
}

/// The summary of a run with its comparison. The part that failed comes first, because a
/// long summary is truncated.
fn run_summary(settings: &Settings, run: &str, annotation: &mut Annotation) -> Result<String> {
    let steps = &settings.steps;
    let path = Path::new(run).join("summary.md");
    // A run that was killed has only its record.
    let has_summary = path.is_file() || {
        let report = program::output(settings, &["report", run], false)?;
        report.status.success() && path.is_file()
    };
    let own = match has_summary {
        true => fs::read_to_string(&path).map_err(io_error("read", &path))?,
        false => "❌ Failed to generate the suite's summary: see the log.\n".to_owned(),
    };
    let printed = program::output(settings, &["report", run, "--annotate"], false)?.stdout;
    *annotation = Annotation::parse(&String::from_utf8_lossy(&printed));
    let code = steps.read(COMPARE_CODE);
    annotate(settings, code.as_deref(), annotation);
    let comparison = fs::read_to_string(steps.path(COMPARISON)).ok();
    Ok(match comparison {
        Some(comparison) if code.as_deref() != Some("0") => format!("{comparison}\n{own}"),
        Some(comparison) => format!("{own}\n{comparison}"),
        None => own,
    })
}

/// Adds an error if the run or the comparison failed.
fn annotate(settings: &Settings, code: Option<&str>, annotation: &mut Annotation) {
    let suite = settings.suite_name();
    match code {
        Some("4") => {
            let machine = machine::name(settings);
            let line = format!("regressed against the last good run of {machine}: see the summary");
            annotation.add(Level::Error, suite, &line);
        }
        _ if annotation.is_error() => {}
        Some("3") => {
            annotation.add(Level::Error, suite, "failed in the comparison: see the summary");
        }
        None => annotation.add(Level::Error, suite, "was not compared: see the log"),
        _ => {}
    }
    let has_passed = matches!(settings.steps.read(RUN_CODE).as_deref(), Some("0" | "6"));
    if !has_passed && !annotation.is_error() {
        annotation.add(Level::Error, suite, "the run failed: see the step that runs it");
    }
}

fn truncate(text: String) -> String {
    if text.len() < MAX_SUMMARY {
        return text;
    }
    let start = &text[..text.floor_char_boundary(TRUNCATED_SUMMARY)];
    format!("{start}\n\nTruncated: the artefact has the full summary.\n")
}

fn append(settings: &Settings, text: &str) -> Result<()> {
    let Some(path) = &settings.job_summary else { return settings.steps.append(SUMMARY, text) };
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(io_error("create", directory))?;
    }
    append_to(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_over_the_limit_is_truncated() {
        assert_eq!(truncate("short".to_owned()), "short");
        let long = truncate("ä".repeat(MAX_SUMMARY));
        assert!(long.len() < TRUNCATED_SUMMARY + 100 && long.ends_with("has the full summary.\n"));
    }
}
