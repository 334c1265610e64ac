//! What was checked, as lists and text.

use run_record::RunVerdict;

/// Violations listed one by one before they are only counted.
const LISTED: usize = 20;

/// The verdict with its violations, for a terminal: long lists are cut.
pub fn text(verdict: &RunVerdict) -> String {
    let mut text = verdict.headline();
    text.extend(listed(&verdict.violation_lines()).map(|line| format!("\n  {line}")));
    let on_retry = verdict.held_on_retry_lines();
    if !on_retry.is_empty() {
        text += "\n  held only when run again:";
        text.extend(listed(&on_retry).map(|line| format!("\n  {line}")));
    }
    text
}

/// The first lines of a list, and how many more there are.
pub(crate) fn listed(lines: &[String]) -> impl Iterator<Item = String> {
    let more = lines.len().saturating_sub(LISTED);
    let more = (more > 0).then(|| format!("… and {more} more, in trials.jsonl"));
    lines.iter().take(LISTED).cloned().chain(more)
}
