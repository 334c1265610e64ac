//! The axis that a question is about, and where on the others it shows most.

use run_record::Axis;

use run_view::Cell;
use run_view::Run;
use run_view::number::value;
use run_view::{short_name, written_point};

/// How large a load is: seldom what is asked, whatever the words of a question.
const SIZE_OF_THE_LOAD: &str = "load.clients";

/// Letters of a word that tells one setting from others.
const TELLING: usize = 4;

/// The cells along an axis, all else being equal.
pub(super) struct Lane<'a> {
    pub(super) axis: &'a Axis,
    /// In the axis's order, those that have trials.
    pub(super) cells: Vec<&'a Cell<'a>>,
}

impl Lane<'_> {
    /// Where it is on the other axes.
    pub(super) fn place(&self) -> String {
        let point = self.cells.first().into_iter().flat_map(|cell| &cell.point);
        written_point(point.filter(|(path, _)| *path != self.axis.path).copied())
    }
}

/// Every lane of every axis that varies.
pub(super) fn lanes<'a>(run: &'a Run, cells: &'a [Cell<'a>]) -> Vec<Lane<'a>> {
    let axes = run.varying_axes();
    let mut lanes = Vec::new();
    let mut apart = 1;
    for axis in axes.into_iter().rev() {
        let size = axis.values.len();
        let starts = (0..cells.len()).filter(|at| (at / apart).is_multiple_of(size));
        lanes.extend(starts.map(|start| {
            let along = (0..size).filter_map(|step| cells.get(start + step * apart));
            Lane { axis, cells: along.filter(|cell| !cell.trials.is_empty()).collect() }
        }));
        apart *= size;
    }
    lanes.retain(|lane| lane.cells.len() > 1);
    lanes
}

/// How much a question is about an axis: more where its words name it or its
/// values.
pub(super) fn relevance(question: &str, axis: &Axis) -> u8 {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let question = letters(question);
    let named = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric());
        words.map(letters).any(|word| word.len() >= TELLING && question.contains(&word))
    };
    let texts = axis.values.iter().filter(|at| at.is_string()).map(value);
    match axis.path == SIZE_OF_THE_LOAD {
        true => 0,
        false if named(short_name(&axis.path)) || texts.into_iter().any(|text| named(&text)) => 2,
        false => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_names_its_axis_by_a_word_or_by_a_value() {
        let axis = |path: &str, value: serde_json::Value| Axis {
            path: path.to_owned(),
            values: vec![value],
        };
        let cookies = axis("hosts.server.sysctls.net.ipv4.tcp_syncookies", json!(1));
        let design = axis("server.design", json!("global-lock"));
        let clients = axis("load.clients", json!(50));
        let cases = [
            ("Do SYN cookies rescue a full queue?", &cookies, 2),
            ("Should it hold its lock for its clients?", &design, 2),
            ("Should it hold its lock for its clients?", &clients, 0),
            ("What is the matter?", &design, 1),
        ];
        for (question, axis, expected) in cases {
            assert_eq!(relevance(question, axis), expected, "{question} {}", axis.path);
        }
    }
}
