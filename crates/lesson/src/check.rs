//! What a lesson must say.

use crate::lesson::Lesson;
use crate::placeholder::{Placeholder, placeholders};
use crate::section::SectionKind;

/// The longest time of a lesson, minutes.
const MAX_MINUTES: u32 = 15;

/// Checks what the parts of a lesson say of each other.
///
/// # Errors
/// In words, the first fault.
pub(crate) fn check(lesson: &Lesson) -> Result<(), String> {
    if !(1..=MAX_MINUTES).contains(&lesson.minutes) {
        return Err(format!("`minutes` is from 1 to {MAX_MINUTES}"));
    }
    if !(1..=3).contains(&lesson.questions.len()) {
        return Err("`predict` has one to three questions".to_owned());
    }
    if !(2..=3).contains(&lesson.exercises.len()) {
        return Err("`exercises` has two or three of them".to_owned());
    }
    let mut ids = Vec::new();
    for question in lesson.all_questions() {
        let id = question.id.as_str();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(is_plain) {
            return Err(format!("`{id}`: an id has the letters a to z, digits and hyphens"));
        }
        if ids.contains(&id) {
            return Err(format!("two questions are named `{id}`"));
        }
        ids.push(id);
        if question.ask.is_empty() {
            return Err(format!("`{id}` asks nothing"));
        }
        if question.counters.len() > 3 {
            return Err(format!("`{id}` has more than three counters"));
        }
    }
    let texts = lesson.sections.iter().map(|section| section.text.as_str());
    let reasons = lesson.all_questions().map(|question| question.because.as_str());
    let solutions = lesson.exercises.iter().map(|exercise| exercise.solution.as_str());
    for text in texts.chain(reasons).chain(solutions) {
        for placeholder in placeholders(text) {
            if let Some(id) = placeholder?.question().filter(|id| !ids.contains(id)) {
                return Err(format!("a text names the question `{id}`, which there is not"));
            }
        }
    }
    let required = [
        (SectionKind::Predict, Placeholder::Predict),
        (SectionKind::Run, Placeholder::Run),
        (SectionKind::Exercises, Placeholder::Exercises),
    ];
    for (kind, placeholder) in required {
        let mut found = placeholders(lesson.section(kind)).filter_map(Result::ok);
        if !found.any(|found| found == placeholder) {
            return Err(format!("`{}` has no `{placeholder}`", kind.heading()));
        }
    }
    Ok(())
}
