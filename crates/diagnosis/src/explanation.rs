//! The explanation of a run: its causes, and the misconceptions that it corrects.

use run_view::Run;

use crate::causes;
use crate::misconceptions;
use crate::paragraph::Paragraph;
use crate::trials::TrialSet;

/// Explains a run, most important first: the limits that acted, their evidence and how
/// to change them; then the misconceptions that its evidence contradicts. Empty for a
/// run without trials.
pub fn explain(run: &Run) -> Vec<Paragraph> {
    let all = TrialSet::new(run);
    if all.is_empty() {
        return Vec::new();
    }
    let mut paragraphs = causes::find(&all);
    paragraphs.extend(misconceptions::find(&all));
    paragraphs
}
