//! The answer in short: two sentences with their figures.
//!
//! | module | holds |
//! |---|---|
//! | `finding` | what was found: a figure at the ends of the axis that the question is about |
//! | `subject` | which axis that is, and where on the others |
//! | `quantity` | the figures that can answer |

mod finding;
mod quantity;
mod subject;

pub use finding::findings;

use diagnosis::{Paragraph, ParagraphKind};
use run_view::Run;

use crate::checks;

/// What was found, and whether laws and checks held; what did not hold, or was not
/// run, comes first.
pub fn answer(run: &Run) -> String {
    if run.trials.is_empty() {
        return "No trial has been run yet.".to_owned();
    }
    let found = finding::finding(run);
    let is_whole = checks::all_held(run) && checks::flaky(run) == 0 && run.unfinished().is_none();
    match is_whole {
        true => format!("{found} {}", checks::held(run)),
        false => format!("{} {found}", untrue(run)),
    }
}

/// In how far a run is no answer, as one sentence.
fn untrue(run: &Run) -> String {
    let headline = verdict(run);
    // What has no end and all its trials is told nowhere else.
    let headline = match (run.unfinished(), checks::unfinished(run)) {
        (Some(told), None) => format!("Not finished: {told}. {headline}"),
        _ => headline,
    };
    headline.replacen(". ", "; ", 1)
}

/// The verdict in a line.
pub fn verdict(run: &Run) -> String {
    checks::verdict(run).headline
}

/// A paragraph of the explanation as one text.
pub(crate) fn told(paragraph: &Paragraph) -> (String, String) {
    let Paragraph { kind, lead, sentences } = paragraph;
    let lead = match kind {
        ParagraphKind::Reason => lead.clone(),
        ParagraphKind::Belief => format!("Commonly believed: “{lead}”. Here:"),
    };
    (lead, sentences.join(" "))
}

/// How trials that are still to be run are run; none of a finished run.
pub(crate) fn unfinished(run: &Run) -> Option<String> {
    let (done, planned) = checks::unfinished(run)?;
    Some(format!(
        "Not finished: {done} of {planned} trials. `queuelab run --resume RUN` does the rest."
    ))
}
