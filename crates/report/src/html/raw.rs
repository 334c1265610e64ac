//! The files that this page is made of, and those made beside it.

use maud::{Markup, html};

use crate::files::Charts;

const FILES: [(&str, &str); 5] = [
    ("run.json", "what was asked, where, and with what"),
    ("trials.jsonl", "a line for each trial: everything that this page is made from"),
    ("cells.csv", "a row for each cell: least, median and largest of every figure"),
    ("summary.md", "the summary in Markdown"),
    ("junit.xml", "a test case for each cell, for CI"),
];

const ROWS: [(&str, &str); 2] = [
    ("attempts", "a row for each attempt of a trial"),
    ("timelines", "a row for each change of a queue that the probe saw"),
];

/// Links to all of them.
pub(super) fn files(charts: &Charts) -> Markup {
    let rows = &charts.recorded.files;
    let drawn: Vec<_> = charts.all().map(|chart| format!("charts/{}.svg", chart.name)).collect();
    html! {
        section #files {
            h2 { "The files" }
            p.quiet {
                "Beside this page. It is made again from the data alone, byte for byte, by "
                code { "queuelab report RUN" } "."
            }
            ul { @for (file, what) in FILES { li { a href=(file) { (file) } ": " (what) } } }
            @for (folder, what) in ROWS {
                @let files = rows.iter().filter(|(_, file)| file.starts_with(folder));
                @let files: Vec<_> = files.map(|(_, file)| file).collect();
                @if !files.is_empty() {
                    details {
                        summary { (folder) "/: " (what) " · " (files.len()) " files" }
                        p.links { @for file in files { a href=(file) { (file) } " " } }
                    }
                }
            }
            @if !drawn.is_empty() {
                details {
                    summary { "charts/: every chart of this page · " (drawn.len()) " files" }
                    p.links { @for file in &drawn { a href=(file) { (file) } " " } }
                }
            }
        }
    }
}
