//! The reader of lessons. A file is a lesson, whose placeholders can all be filled, or the refusal
//! says why in one line.

#![no_main]

use std::collections::HashSet;

use lesson::{Lesson, fill};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lesson = match Lesson::parse("fuzzed", "fuzzed.md", text) {
        Ok(lesson) => lesson,
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.is_empty() && !shown.contains('\n'), "{shown:?}");
            return;
        }
    };
    let questions: Vec<_> = lesson.all_questions().collect();
    let names: HashSet<_> = questions.iter().map(|question| &question.id).collect();
    assert_eq!(names.len(), questions.len(), "each question has its own name");
    let texts = lesson.sections.iter().map(|section| &section.text);
    let reasons = questions.iter().map(|question| &question.because);
    let solutions = lesson.exercises.iter().map(|exercise| &exercise.solution);
    for text in texts.chain(reasons).chain(solutions) {
        let filled = fill::<String>(text, |placeholder| {
            let about = placeholder.question();
            assert!(about.is_none_or(|id| lesson.question(id).is_some()), "{placeholder}");
            Ok(String::new())
        });
        assert!(filled.is_ok(), "{filled:?}");
    }
});
