//! The kernel's counters, and what they mean.

use maud::{Markup, html};

use run_view::Run;

use crate::evidence;
use diagnosis::Topics;

/// A row for each counter; its meaning unfolds below the table.
pub(super) fn counters(run: &Run) -> Markup {
    let Some(table) = evidence::counter_table(run) else { return html! {} };
    let topics = Topics::built_in();
    let meaning = |name: &str| topics.iter().find(|topic| topic.name == name);
    let mut told: Vec<&str> = Vec::new();
    for row in &table.rows {
        if !told.contains(&row[1].as_str()) {
            told.push(&row[1]);
        }
    }
    html! {
        section #counters {
            h2 { "What the kernel counted" }
            p.quiet { (table.title) ". A counter at 0 is shown where that is the answer." }
            (table.html())
            h3 { "What they mean" }
            @for name in told {
                @if let Some(topic) = meaning(name) {
                    details {
                        summary { code { (name) } " " (topic.says) }
                        @for paragraph in topic.text.split("\n\n") { (written(paragraph)) }
                        @for (place, what) in &topic.kernel { p.quiet { code { (place) } ": " (what) } }
                    }
                }
            }
        }
    }
}

/// A paragraph of a topic: lines that begin with a blank stay as they are.
fn written(paragraph: &str) -> Markup {
    match paragraph.starts_with(' ') {
        true => html! { pre { (paragraph.trim_end()) } },
        false => html! { p { (paragraph) } },
    }
}
