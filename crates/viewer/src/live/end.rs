//! The note that a run ended or was stopped.

use std::path::PathBuf;
use std::time::Duration;

use maud::{Markup, html};
use run_record::{Interleaved, InterleavedRole, RunRecord, RunVerdict, Verdict};

use crate::run_folder::RunFolder;

/// How long the report of a run that has ended is waited for.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// The note on a run that is no longer in progress, and whether it will not change any more;
/// `since` is the time since the end.
pub(super) fn end(
    folder: &RunFolder,
    record: &RunRecord,
    verdict: &RunVerdict,
    since: Duration,
) -> (Markup, bool) {
    let page = folder.link();
    let report = folder.has_report().then(|| format!("{page}/report.html"));
    let is_finished = record.ended.is_some();
    let is_last = !is_finished || report.is_some() || since >= REPORT_TIMEOUT;
    let markup = html! {
        p.end {
            @if !is_finished {
                strong { "The run was stopped: " (verdict.trials) " of " (verdict.planned) " trials are recorded." }
                " To run the rest: " code { "queuelab run --resume " (to_resume(folder, record).display()) } ". "
            } @else if verdict.verdict == Verdict::Inconclusive {
                strong { "? The run has ended, and is inconclusive: most trials were disturbed." } " "
            } @else if verdict.failed_checks() == 0 {
                strong.held { "✓ The run has ended." } " "
            } @else {
                strong.failed { "✗ The run has ended." } " "
            }
            @match (&report, is_last) {
                (Some(report), _) => {
                    a href=(report) { "The report, with its charts" } " · "
                    a href=(page) { "its summary" }
                }
                (None, false) => "Its report is being written.",
                (None, true) => a href=(page) { "Its summary" },
            }
        }
    };
    (markup, is_last)
}

/// The directory to resume: a baseline is resumed with the run that it belongs to.
fn to_resume(folder: &RunFolder, record: &RunRecord) -> PathBuf {
    match &record.interleaved {
        Some(Interleaved { role: InterleavedRole::Baseline, with }) => {
            folder.path().with_file_name(with)
        }
        _ => folder.path(),
    }
}
