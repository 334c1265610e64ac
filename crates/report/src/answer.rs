//! The answer to the scenario's question, in one or two sentences.
//!
//! | module | holds |
//! |---|---|
//! | `headline` | what the scenario declares |
//! | `statement` | a statement of the scenario as a sentence about a run |
//! | `clause`, `words` | a clause of this sentence, and how its placeholders are filled |
//! | `measure` | what a statement is about, measured in trials |
//! | `difference` | whether values along an axis differ: the one rule of all answers |
//! | `finding` | the finding without words of the scenario: a quantity along an axis |
//! | `series` | the cells along an axis, with fixed values on the others |
//! | `quantity` | the quantities that such a finding can be about |

mod clause;
mod difference;
mod finding;
mod headline;
mod measure;
mod quantity;
mod series;
mod statement;
mod words;

use run_record::Verdict;
use run_view::prose::sentence;
use run_view::{Metric, Run, metrics};

/// The finding. Failed checks and missing trials come first.
pub fn answer(run: &Run) -> String {
    if run.trials.is_empty() {
        return "No trial has been run yet.".to_owned();
    }
    let finding = found(run);
    match run.verdict.verdict {
        // The verdict, which is shown with the answer, says the rest.
        Verdict::Inconclusive => finding,
        Verdict::Held | Verdict::NotChecked | Verdict::HeldOnRetry => {
            match run.verdict.describe_disturbed() {
                Some(disturbed) => format!("{finding} {}.", sentence(&disturbed)),
                None => finding,
            }
        }
        Verdict::Failed | Verdict::Incomplete => format!("{} {finding}", run.verdict.headline()),
    }
}

/// The first sentence of the answer, for a line in a list of runs. It does not say whether
/// something failed.
pub(crate) fn in_a_line(run: &Run) -> Option<String> {
    (!run.trials.is_empty()).then(|| sentences(run).swap_remove(0))
}

/// What was found, in the words of the scenario if it has any.
fn found(run: &Run) -> String {
    sentences(run).join(" ")
}

/// The sentences of what was found; at least one.
fn sentences(run: &Run) -> Vec<String> {
    let declared = headline::declared(run);
    let said = declared.map(|headline| statement::sentences(run, &headline)).unwrap_or_default();
    if said.is_empty() { vec![finding::finding_of_undisturbed(run)] } else { said }
}

/// The findings of a baseline and of a run that is compared with it: about the same, if the run
/// has it.
pub fn findings(baseline: &Run, new: &Run) -> [String; 2] {
    match [baseline, new].map(headline::declared) {
        [None, None] => finding::findings(baseline, new),
        _ => [baseline, new].map(found),
    }
}

/// The metric that the answer is about; success if it is about another quantity.
pub(crate) fn headline_metric(run: &Run) -> &'static Metric {
    headline::Plain::new(run)
        .quantity
        .and_then(|quantity| quantity.metric())
        .or_else(|| metrics(run).find(|metric| metric.name == "success"))
        .expect("every run has a success rate")
}

/// The id of the law that the answer is about.
pub(crate) fn headline_law(run: &Run) -> Option<String> {
    headline::Plain::new(run).quantity.and_then(|quantity| quantity.law())
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
