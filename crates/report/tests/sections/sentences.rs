//! For any evidence, the explanation consists of sentences and fits the terminal.

use proptest::prelude::*;
use report::{ParagraphKind, summary, why};

use crate::arbitrary::any_run;

/// Names that begin a sentence with a small letter.
const NAMES: [&str; 2] = ["net.", "accept(2)"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_explanation_of_any_evidence_consists_of_sentences(run in any_run()) {
        let paragraphs = why(&run);
        prop_assert!(paragraphs.iter().any(|p| p.kind == ParagraphKind::Cause));
        let misconceptions = paragraphs.iter().filter(|p| p.kind == ParagraphKind::Misconception);
        prop_assert!(misconceptions.count() <= 3);
        for paragraph in &paragraphs {
            prop_assert!(!paragraph.sentences.is_empty(), "{}", paragraph.lead.text);
            for sentence in paragraph.sentences.iter().map(|sentence| &sentence.text) {
                prop_assert!(sentence.ends_with('.'), "{sentence}");
                let first = sentence.chars().next().unwrap_or(' ');
                let is_name = NAMES.iter().any(|name| sentence.starts_with(name));
                let is_start = first.is_uppercase() || first.is_numeric() || is_name;
                prop_assert!(is_start || paragraph.kind == ParagraphKind::Misconception, "{sentence}");
                for slip in ["  ", "()", " ,", " .", "NaN", "inf ", "None"] {
                    prop_assert!(!sentence.contains(slip), "{slip:?} in {sentence}");
                }
            }
        }
        let text = summary(&run);
        let section = text.split("\nWhy\n").nth(1).unwrap_or_default();
        for line in section.lines() {
            prop_assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
