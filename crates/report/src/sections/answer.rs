//! The verdict, the answer, and the violations: the short form of the document.

use run_record::Verdict;

use crate::answer::{answer, unfinished};
use crate::checks::{truncate, truncate_at};
use crate::document::{Block, Section, Source, Tone};
use crate::evidence;

/// The disturbed trials that are listed: the section about them has all.
const MAX_DISTURBED: usize = 5;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("answer", "Answer");
    section.is_brief = true;
    // A run without trials is no success.
    let verdict = if run.trials.is_empty() { Verdict::Failed } else { run.verdict.verdict };
    section.summary(Block::Verdict(verdict, run.verdict.headline()));
    section.summary(Block::Text(Tone::Answer, answer(run)));
    if let Some(unfinished) = unfinished(run) {
        section.summary(Block::Text(Tone::Unfinished, unfinished));
    }
    section.summary(Block::text(evidence::outcomes(run)));
    let violations = run.verdict.violation_lines();
    if !violations.is_empty() {
        section.summary(Block::List(truncate(&violations).collect()));
    }
    let on_retry = run.verdict.held_on_retry_lines();
    if !on_retry.is_empty() {
        section.summary(Block::text("These checks failed before their trial held when run again:"));
        section.summary(Block::List(truncate(&on_retry).collect()));
    }
    let disturbed = run.verdict.disturbed_lines();
    if !disturbed.is_empty() {
        let sentence = "These were disturbed; their exact laws and their invariants still count:";
        section.summary(Block::Text(Tone::Warning, sentence.to_owned()));
        section.summary(Block::Notes(truncate_at(MAX_DISTURBED, &disturbed).collect()));
    }
    Some(section)
}
