//! The verdict with its violations, as lists and text.

use run_record::RunVerdict;

/// The violations that are listed; the others are only counted.
const MAX_LISTED: usize = 20;

/// The verdict with its violations, for a terminal: long lists are cut.
pub fn text(verdict: &RunVerdict) -> String {
    let mut text = visible::line(&verdict.headline()).into_owned();
    let indented = |line: String| format!("\n  {}", visible::line(&line));
    text.extend(truncate(&verdict.violation_lines()).map(indented));
    let on_retry = verdict.held_on_retry_lines();
    if !on_retry.is_empty() {
        text += "\n  held only when run again:";
        text.extend(truncate(&on_retry).map(indented));
    }
    text
}

/// The first lines of a list, and the number of the others.
pub(crate) fn truncate(lines: &[String]) -> impl Iterator<Item = String> {
    truncate_at(MAX_LISTED, lines)
}

/// As [`truncate`], with another number of lines.
pub(crate) fn truncate_at(max: usize, lines: &[String]) -> impl Iterator<Item = String> {
    let more = lines.len().saturating_sub(max);
    let more = (more > 0).then(|| format!("… and {more} more, in trials.jsonl"));
    lines.iter().take(max).cloned().chain(more)
}
