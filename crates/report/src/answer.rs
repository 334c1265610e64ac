//! The answer in short: two sentences with their figures.
//!
//! | module | holds |
//! |---|---|
//! | `headline` | the figure and the axis that the scenario declares |
//! | `finding` | what was found: that figure at the ends of that axis |
//! | `subject` | the axes along which cells can be compared, and where on the others |
//! | `quantity` | the figures that can answer |

mod finding;
mod headline;
mod quantity;
mod subject;

pub use finding::findings;

use run_record::Verdict;
use run_view::Run;

/// What was found, and whether laws and checks held; what did not hold, or was not
/// run, comes first.
pub fn answer(run: &Run) -> String {
    if run.trials.is_empty() {
        return "No trial has been run yet.".to_owned();
    }
    let found = finding::finding(run);
    match run.verdict.verdict {
        Verdict::Held | Verdict::NotChecked => format!("{found} {}", run.verdict.held_sentence()),
        _ => format!("{} {found}", limits(run)),
    }
}

/// Why a run is no whole answer, as one sentence.
fn limits(run: &Run) -> String {
    let headline = run.verdict.headline();
    // A run with all its trials and no end has nothing of that in its headline.
    let headline = match run.verdict.unfinished() {
        Some(unfinished) if run.verdict.missing() == 0 => {
            format!("Not finished: {unfinished}. {headline}")
        }
        _ => headline,
    };
    headline.replacen(". ", "; ", 1)
}

/// The verdict in a line.
pub fn verdict(run: &Run) -> String {
    run.verdict.headline()
}

/// How to run the trials that are missing; none of a run that has them all.
pub(crate) fn unfinished(run: &Run) -> Option<String> {
    let (ran, planned) = (run.verdict.trials, run.verdict.planned);
    (ran < planned).then(|| {
        format!(
            "Not finished: {ran} of {planned} trials. `queuelab run --resume RUN` does the rest."
        )
    })
}
