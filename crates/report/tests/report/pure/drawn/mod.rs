//! Charts and links in the files of a run.

mod bounds;
mod latency;
mod laws;
mod page;
mod queue;

use run_record::{AttemptRow, Outcome};

use super::{files_of, load_run, recorded, run_of_300_cells, text_files};

const MS: u64 = 1_000_000;

fn attempt(index: u32) -> AttemptRow {
    AttemptRow {
        index,
        local: String::new(),
        outcome: Outcome::Ok,
        start_ns: 5 * MS + u64::from(index) * 1_000,
        connect_ns: Some(MS),
        accepted_ns: Some(7 * MS),
        end_ns: 1_900 * MS,
        syn_retransmits: Some(0),
        errno: None,
        messages_written: 1,
        deliveries: 1,
        ended_by: None,
        answers: 0,
        not_accepted_ns: None,
        accepted_by_ns: None,
        destination: None,
    }
}

/// The horizontal spans of the elements of a class, pixels; of a path, those of its lines.
fn spans(chart: &str, class: &str) -> Vec<(f64, f64)> {
    let chart = roxmltree::Document::parse(chart).unwrap();
    let of_class = chart.descendants().filter(|node| node.attribute("class") == Some(class));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let mut spans = Vec::new();
    for node in of_class {
        if let Some(x) = node.attribute("x") {
            spans.push((number(x), number(x) + number(node.attribute("width").unwrap())));
        }
        for line in node.attribute("d").unwrap_or_default().split('M').skip(1) {
            let start = number(line.split(' ').next().unwrap());
            let mut end = start;
            for to in line.split('H').skip(1) {
                end = number(to.split(|c: char| c.is_ascii_alphabetic()).next().unwrap());
            }
            spans.push((start, end));
        }
    }
    spans
}
