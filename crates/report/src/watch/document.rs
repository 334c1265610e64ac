//! The sections of a recorded watch, in their order, and its renderings.

use charts::Chart;
use run_view::Screen;
use watch_recording::Review;

use super::words::clock;
use super::{answer, effort, listeners, namespaces, queues, troubles};
use crate::document::{
    Detail, Document, Section, TerminalText, ids_in, render_html, render_markdown, render_terminal,
};

/// `report.html`, `summary.md` and `charts/*.svg` of a recorded watch, each with its path in the
/// directory of the record. The same record gives the same bytes.
pub fn watch_files(review: &Review) -> Vec<(String, Vec<u8>)> {
    let document = document(review);
    let page = render_html(&document);
    let ids = ids_in(&page);
    let svg =
        |chart: &Chart| (format!("charts/{}.svg", chart.name), chart.file(|id| ids.contains(id)));
    let svgs: Vec<_> = document.charts().map(svg).collect();
    let summary = render_markdown(&document, "#").into_bytes();
    let mut files = vec![("report.html".to_owned(), page.clone().into_bytes())];
    files.push(("summary.md".to_owned(), summary));
    files.extend(svgs);
    files
}

/// A recorded watch as text for a terminal.
pub fn watch_terminal(review: &Review, screen: Screen, detail: Detail) -> TerminalText {
    render_terminal(&document(review), screen, detail)
}

/// A recorded watch as text without colours.
pub fn watch_summary(review: &Review) -> String {
    let TerminalText { body, .. } = watch_terminal(review, Screen::FILE, Detail::Full);
    body.as_str().to_owned()
}

/// The charts of a recorded watch, those of the listener in most trouble first.
pub fn watch_charts(review: &Review) -> Vec<Chart> {
    queues::charts_of_all(review).into_iter().flatten().collect()
}

fn document(review: &Review) -> Document {
    let day = review.wall.at(review.span.0);
    let day = day.map_or(String::new(), |at| format!(" · {}", at.strftime("%Y-%m-%d")));
    let (from, to) = (clock(review, review.span.0), clock(review, review.span.1));
    let sections: [Option<Section>; 6] = [
        Some(answer::section(review)),
        troubles::section(review),
        queues::section(review),
        listeners::section(review),
        namespaces::section(review),
        Some(effort::section(review)),
    ];
    Document {
        name: "watch".to_owned(),
        question: "Which listeners were in trouble?".to_owned(),
        byline: format!("{day} · {from} to {to} UTC"),
        sections: sections.into_iter().flatten().collect(),
    }
}
