//! The answer in short: two sentences with their figures, and what held.

use crate::why::{Paragraph, ParagraphKind};
use crate::{Run, checks, why};

/// The most important reason: what acted, and what shows it.
pub(crate) fn answer(run: &Run) -> String {
    match why(run).first() {
        None => "No trial has been run yet.".to_owned(),
        Some(Paragraph { lead, sentences, .. }) => {
            let shown = sentences.first().map_or(String::new(), |first| format!(" {first}"));
            format!("{lead}{shown}")
        }
    }
}

/// The verdict in a line.
pub(crate) fn verdict(run: &Run) -> String {
    checks::verdict(run).lines().next().unwrap_or_default().to_owned()
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

/// Trials that are still to be run; none of a finished run.
pub(crate) fn unfinished(run: &Run) -> Option<String> {
    let planned = run.record.planned_trials as usize;
    let done = run.trials.len();
    (done < planned).then(|| {
        format!(
            "Not finished: {done} of {planned} trials. `queuelab run --resume RUN` does the rest."
        )
    })
}
