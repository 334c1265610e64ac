//! How far a run is: trials done, time left, violations.

use maud::{Markup, html};
use run_record::RunVerdict;
use run_view::prose::{sentence, several};

/// The violations that are listed; the others are counted.
const MAX_VIOLATIONS: usize = 5;

/// How far a run is; `seconds_left` is `None` if unknown.
pub(super) fn progress(
    verdict: &RunVerdict,
    is_running: bool,
    seconds_left: Option<f64>,
    read_error: Option<&str>,
) -> Markup {
    let (done, planned) = (verdict.trials, verdict.planned);
    let failed = verdict.failed_checks();
    let violations = verdict.violation_lines();
    let held_on_retry = verdict.held_on_retry().count();
    html! {
        p.progress {
            strong { (done) " of " (planned) " trials" }
            progress value=(done) max=(planned.max(1)) {}
            span.quiet {
                @match seconds_left {
                    Some(seconds) => { "about " (duration(seconds)) " left" }
                    None if is_running && done < planned => "time left: not known yet",
                    None => {}
                }
            }
        }
        @if failed > 0 {
            div.failed role="alert" {
                strong { "✗ " (several(failed as u64, "check")) " failed" }
                ul { @for violation in violations.iter().take(MAX_VIOLATIONS) { li { (violation) } } }
                @if failed > MAX_VIOLATIONS { p { "… and " (failed - MAX_VIOLATIONS) " more" } }
            }
        }
        @if held_on_retry > 0 {
            p { (several(held_on_retry as u64, "trial")) " held only when run again" }
        }
        @if let Some(disturbed) = verdict.describe_disturbed() { p { "⚠ " (sentence(&disturbed)) "." } }
        @if let Some(error) = read_error { p.failed { "failed to " (error) } }
    }
}

/// A rough duration: `40 s`, `12 min`, `3 h`.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{} s", s.ceil()),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}
