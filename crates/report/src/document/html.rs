//! A document as one HTML page that loads nothing.

use charts::Chart;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use run_record::Verdict;
use run_view::prose::remove_invalid_xml;

use super::{Block, Document, Level, Picture, Section, Tone};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The page loads nothing: everything is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

pub(crate) fn render_html(document: &Document) -> String {
    let (brief, others): (Vec<_>, Vec<_>) =
        document.sections.iter().partition(|section| section.is_brief);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (document.name) " · queuelab" }
                // Without it a browser requests /favicon.ico.
                link rel="icon" href="data:,";
                style { (PreEscaped(charts::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.quiet { "queuelab · " (document.name) (document.byline) }
                    h1 { (document.question) }
                    @for section in brief { (content(document, section)) }
                }
                main {
                    @for section in others {
                        section id=(section.id) {
                            h2 { (section.heading) }
                            (content(document, section))
                        }
                    }
                }
                dialog #panel aria-label="exact values" {
                    button #close { "close" }
                    div #shown {}
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    format!("{}\n", remove_invalid_xml(&visible::document(&page.0)))
}

fn content(document: &Document, section: &Section) -> Markup {
    html! { @for block in section.up_to(Level::Page) { (block_html(document, block)) } }
}

fn block_html(document: &Document, block: &Block) -> Markup {
    match block {
        Block::Text(tone, text) => paragraph(*tone, text),
        Block::Verdict(verdict, headline) => {
            let class = match verdict {
                Verdict::Held | Verdict::HeldOnRetry => "verdict held",
                Verdict::Inconclusive => "verdict",
                _ => "verdict failed",
            };
            html! {
                p class=(class) {
                    (headline)
                    @if verdict.is_failed() { " " a href="#checks" { "What failed" } }
                }
            }
        }
        Block::Heading(heading) => html! { h3 { (heading) } },
        Block::Table(table) => table.html(),
        Block::List(items) => html! { ul.failed { @for item in items { li { (item) } } } },
        Block::Notes(items) => html! { ul { @for item in items { li { (item) } } } },
        Block::Points(points) => {
            html! { @for point in points { p { strong { (point.lead) } " " (point.text) } } }
        }
        Block::Beliefs(points) => html! {
            dl.beliefs {
                @for point in points { dt { "“" (point.lead) "”" } dd { (point.text) } }
            }
        },
        Block::Facts(facts) => {
            html! { dl { @for (name, value) in facts { dt { (name) } dd { (value) } } } }
        }
        Block::Preformatted(text) => html! { pre { (text) } },
        Block::Charts { charts, small: true } => html! { div.small { (side_by_side(charts)) } },
        Block::Charts { charts, small: false } => match charts.as_slice() {
            [only] => only.inline(),
            several => side_by_side(several),
        },
        Block::ChartsOrText { charts, text } => charts_or_text(document, charts, text),
        Block::Folded { id, title, is_failed, is_open, blocks } => html! {
            details id=[id.as_ref()] open[*is_open] {
                summary { (code(title)) @if *is_failed { " " b.failed { "failed" } } }
                @for block in blocks { (block_html(document, block)) }
            }
        },
        Block::Picker { label, pictures, first } => picker(label, pictures, *first),
        Block::Anchor(id) => html! { span id=(id) {} },
        Block::Links { label, links } => html! {
            p.links { (label) @for (address, text) in links { a href=(address) { (text) } " " } }
        },
        Block::Files(files) => {
            html! { ul { @for (file, what) in files { li { a href=(file) { (file) } ": " (what) } } } }
        }
        Block::ChartFiles => chart_files(document),
    }
}

fn paragraph(tone: Tone, text: &str) -> Markup {
    match tone {
        Tone::Plain => html! { p { (text) } },
        Tone::Answer => html! { p.answer { (text) } },
        Tone::Caption => html! { p.quiet { (code(text)) } },
        Tone::Warning => html! { p.note { (text) } },
        Tone::Unfinished => html! { p class="verdict failed" { (text) } },
    }
}

/// A text in which words between backticks are code.
fn code(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn side_by_side(charts: &[Chart]) -> Markup {
    html! { div.charts { @for chart in charts { (chart.inline()) } } }
}

/// Rows with a single chart each are joined to one row.
fn charts_or_text(document: &Document, charts: &[Vec<Chart>], text: &[Block]) -> Markup {
    if charts.is_empty() {
        return html! { @for block in text { (block_html(document, block)) } };
    }
    let are_single = charts.iter().all(|row| row.len() == 1);
    html! {
        @if are_single {
            div.charts { @for chart in charts.iter().flatten() { (chart.inline()) } }
        } @else {
            @for row in charts { (side_by_side(row)) }
        }
    }
}

fn picker(label: &str, pictures: &[Picture], first: usize) -> Markup {
    html! {
        // Without the script of the page, each is opened separately.
        p #pick hidden {
            label for="picker" { (label) " " }
            select #picker {
                @for (position, picture) in pictures.iter().enumerate() {
                    option value=(picture.id) selected[position == first] { (picture.name) }
                }
            }
        }
        @for (position, picture) in pictures.iter().enumerate() {
            details.recorded id=(picture.id) open[position == first] {
                summary { (picture.title) }
                @for chart in &picture.charts { (chart.inline()) }
            }
        }
    }
}

fn chart_files(document: &Document) -> Markup {
    let files: Vec<_> =
        document.charts().map(|chart| format!("charts/{}.svg", chart.name)).collect();
    html! {
        @if !files.is_empty() {
            details {
                summary { "charts/: every chart of this page · " (files.len()) " files" }
                p.links { @for file in &files { a href=(file) { (file) } " " } }
            }
        }
    }
}
