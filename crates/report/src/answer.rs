//! The answer in two sentences.
//!
//! | module | holds |
//! |---|---|
//! | `headline` | the quantity and the axis that the scenario declares |
//! | `finding` | the finding: that quantity along that axis |
//! | `series` | the cells along an axis, with fixed values on the others |
//! | `quantity` | the quantities that can be the answer |

mod finding;
mod headline;
mod quantity;
mod series;

pub use finding::findings;

use run_record::Verdict;
use run_view::Run;

/// The finding, and whether laws and checks held. Failed checks and missing trials come
/// first.
pub fn answer(run: &Run) -> String {
    if run.trials.is_empty() {
        return "No trial has been run yet.".to_owned();
    }
    let finding = finding::finding_of_undisturbed(run);
    match run.verdict.verdict {
        Verdict::Held | Verdict::NotChecked if run.verdict.disturbed_trials() == 0 => {
            format!("{finding} {}", run.verdict.held_sentence())
        }
        // The headline says the rest.
        Verdict::Inconclusive => finding,
        _ => format!("{} {finding}", limits(run)),
    }
}

/// Why the answer is limited, as one sentence.
fn limits(run: &Run) -> String {
    run.verdict.headline().replacen(". ", "; ", 1)
}

/// How to run the missing trials; `None` if there are none.
pub(crate) fn unfinished(run: &Run) -> Option<String> {
    let verdict = &run.verdict;
    (verdict.missing() > 0).then(|| {
        format!(
            "Not finished: {} of {} trials. `queuelab run --resume RUN` runs the others.",
            verdict.trials, verdict.planned
        )
    })
}
