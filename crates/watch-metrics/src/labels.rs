//! Labels of a metric.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};

/// The longest value of a label, in characters.
pub(crate) const MAX_CHARACTERS: usize = 64;

/// Labels with their values, in the order of the output. Those without a value are left out,
/// which is the same to Prometheus as an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labels(Vec<(&'static str, String)>);

impl Labels {
    /// No label.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// The same and one more; it is left out without a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.push((name, value.to_owned()));
        }
        self
    }
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }
}

/// A name that a process, a person or an engine chose: characters that control how others are
/// shown are replaced, and a long one is cut.
pub(crate) fn clean(name: &str) -> String {
    let mut characters = name.chars();
    let replaced = |c| if visible::is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c };
    let mut clean: String = characters.by_ref().take(MAX_CHARACTERS).map(replaced).collect();
    if characters.next().is_some() {
        clean.pop();
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_and_cannot_control_a_terminal() {
        assert_eq!(clean("nginx: worker"), "nginx: worker");
        assert_eq!(clean("a\nb\u{1b}[31m\u{202e}"), "a\u{fffd}b\u{fffd}[31m\u{fffd}");
        let longest = "ü".repeat(MAX_CHARACTERS);
        assert_eq!(clean(&longest), longest);
        let cut = clean(&format!("{longest}x"));
        assert_eq!(cut.chars().count(), MAX_CHARACTERS);
        assert!(cut.ends_with("ü…"));
    }

    #[test]
    fn a_label_without_a_value_is_left_out() {
        let labels = Labels::none().with("a", Some("x")).with("b", None).with("c", Some(""));
        assert_eq!(labels, Labels(vec![("a", "x".to_owned())]));
    }
}
