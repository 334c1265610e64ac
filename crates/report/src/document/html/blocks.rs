//! The blocks of a page, with what there is room for.

use std::borrow::Cow;

use charts::Chart;
use maud::{Markup, html};
use run_record::Verdict;
use run_view::prose::several;

use super::room::Room;
use crate::document::{Block, Document, Picture, Tone};
use crate::table::Table;

/// A narrower chart leaves room for another one beside it.
const NARROW: f64 = 520.0;

/// Renders the blocks of a document.
pub(super) struct Blocks<'a> {
    pub(super) document: &'a Document,
    pub(super) room: &'a Room,
}

impl Blocks<'_> {
    pub(super) fn html(&self, block: &Block) -> Markup {
        match block {
            Block::Text(tone, text) => paragraph(*tone, text),
            Block::Verdict(verdict, headline) => {
                let class = match verdict {
                    Verdict::Held | Verdict::HeldOnRetry => "verdict held",
                    Verdict::Inconclusive => "verdict undecided",
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
            Block::Table(table) => self.table(table),
            Block::List(items) => html! {
                ul.failed { @for item in self.first(items) { li { (item) } } }
                (self.rest(items.len(), "line"))
            },
            Block::Notes(items) => html! {
                details {
                    summary { "Which" }
                    ul { @for item in self.first(items) { li { (item) } } }
                    (self.rest(items.len(), "line"))
                }
            },
            Block::Points(points) => {
                html! { @for point in points { p { strong { (point.lead) } " " (code(&point.text)) } } }
            }
            Block::Beliefs(points) => html! {
                dl.beliefs {
                    @for point in points { dt { "“" (point.lead) "”" } dd { (point.text) } }
                }
            },
            Block::Facts(facts) => html! {
                dl { @for (name, value) in self.first(facts) { dt { (name) } dd { (value) } } }
                (self.rest(facts.len(), "line"))
            },
            Block::Preformatted(text) => {
                let lines = text.lines().count();
                let shown = match lines > self.room.rows() {
                    true => {
                        text.lines().take(self.room.rows()).collect::<Vec<_>>().join("\n").into()
                    }
                    false => Cow::Borrowed(text.as_str()),
                };
                html! { pre { (shown) } (self.rest(lines, "line")) }
            }
            Block::Charts { charts, small } => {
                let charts: Vec<_> = charts.iter().collect();
                match (small, charts.as_slice()) {
                    (true, charts) => html! { div.small { (self.side_by_side(charts)) } },
                    (false, [only]) => self.chart(only),
                    (false, several) => self.side_by_side(several),
                }
            }
            Block::ChartsOrText { charts, text } => self.charts_or_text(charts, text),
            Block::Folded { id, title, is_failed, is_open, blocks } => html! {
                details id=[id.as_ref()] open[*is_open] {
                    summary { (code(title)) @if *is_failed { " " b.failed { "failed" } } }
                    @for block in self.first(blocks) { (self.html(block)) }
                    (self.rest(blocks.len(), "part"))
                }
            },
            Block::FoldedList(items) => html! {
                @for item in self.first(items) { (self.html(item)) }
                (self.rest(items.len(), "cell"))
            },
            Block::Picker { label, pictures, first } => self.picker(label, pictures, *first),
            Block::Anchor(id) => html! { span id=(id) {} },
            Block::Back(address, text) => {
                html! { p.links { a.back href=(address) { "↑ " (text) } } }
            }
            Block::Links { label, links } => html! {
                p.links {
                    (label)
                    @for (address, text) in self.first(links) { a href=(self.address(address)) { (text) } " " }
                }
                (self.rest(links.len(), "file"))
            },
            Block::Files(files) => html! {
                ul { @for (file, what) in files { li { a href=(file) { (file) } ": " (what) } } }
            },
            Block::ChartFiles => self.chart_files(),
        }
    }

    /// Where a link leads: of a picture without room, to the file of its chart.
    fn address<'s>(&self, address: &'s str) -> Cow<'s, str> {
        let is_target = |picture: &&Picture| address.strip_prefix('#') == Some(&picture.id);
        let picture = self.document.pictures().find(is_target);
        let Some(picture) = picture.filter(|picture| !self.has_room(picture)) else {
            return Cow::Borrowed(address);
        };
        let queue = picture.charts.iter().find(|chart| chart.is_of_queue());
        match queue.or(picture.charts.first()) {
            Some(chart) => Cow::Owned(format!("charts/{}.svg", chart.name)),
            None => Cow::Borrowed(address),
        }
    }

    fn has_room(&self, picture: &Picture) -> bool {
        picture.charts.iter().all(|chart| self.room.has(&chart.name))
    }

    /// Those of a list for which there is room.
    fn first<'i, T>(&self, items: &'i [T]) -> &'i [T] {
        &items[..items.len().min(self.room.rows())]
    }

    /// How many of a list there is no room for.
    fn rest(&self, all: usize, noun: &str) -> Markup {
        let more = all.saturating_sub(self.room.rows()) as u64;
        html! {
            @if more > 0 {
                p.quiet { "… and " (several(more, noun)) " more, for which this page has no room: \
                    the run directory has everything." }
            }
        }
    }

    fn table(&self, table: &Table) -> Markup {
        let rows = self.first(&table.rows);
        match rows.len() == table.rows.len() {
            true => table.html(),
            false => html! {
                (Table { rows: rows.to_vec(), ..table.clone() }.html())
                (self.rest(table.rows.len(), "row"))
            },
        }
    }

    fn chart(&self, chart: &Chart) -> Markup {
        if self.room.has(&chart.name) {
            return chart.inline();
        }
        let file = format!("charts/{}.svg", chart.name);
        html! { p.quiet { "This page has no room for a chart: " a href=(file) { (chart.title) } } }
    }

    /// The charts that show the answer: narrow ones beside each other, then wide ones.
    pub(super) fn lead(&self, charts: &[&Chart]) -> Markup {
        let (narrow, wide): (Vec<&Chart>, Vec<&Chart>) =
            charts.iter().copied().partition(|chart| chart.width < NARROW);
        html! {
            @if !narrow.is_empty() { div.lead { (self.side_by_side(&narrow)) } }
            @for chart in wide { (self.chart(chart)) }
        }
    }

    fn side_by_side(&self, charts: &[&Chart]) -> Markup {
        html! {
            @if !charts.is_empty() {
                div.charts { @for chart in charts { (self.chart(chart)) } }
            }
        }
    }

    /// Rows with a single chart each are joined to one row. Sentences are shown with charts,
    /// too.
    fn charts_or_text(&self, charts: &[Vec<Chart>], text: &[Block]) -> Markup {
        let is_shown = |block: &&Block| charts.is_empty() || matches!(block, Block::Text(..));
        let are_single = charts.iter().all(|row| row.len() == 1);
        let row = |row: &Vec<Chart>| self.side_by_side(&row.iter().collect::<Vec<_>>());
        html! {
            @if are_single {
                (self.side_by_side(&charts.iter().flatten().collect::<Vec<_>>()))
            } @else {
                @for charts in charts { (row(charts)) }
            }
            @for block in text.iter().filter(is_shown) { (self.html(block)) }
        }
    }

    fn picker(&self, label: &str, pictures: &[Picture], first: usize) -> Markup {
        let shown: Vec<_> = pictures.iter().filter(|picture| self.has_room(picture)).collect();
        let is_first = |picture: &Picture| picture.id == pictures[first].id;
        let any_first = shown.iter().any(|picture| is_first(picture));
        let is_open = |position: usize, picture: &Picture| match any_first {
            true => is_first(picture),
            false => position == 0,
        };
        html! {
            @if shown.len() < pictures.len() {
                p.quiet {
                    "This page has room for " (shown.len()) " of " (pictures.len()) " cells: the \
                     charts of the others are files in " code { "charts/" } "."
                }
            }
            // Without the script of the page, each is opened separately.
            p #pick hidden {
                label for="picker" { (label) " " }
                select #picker {
                    @for (position, picture) in shown.iter().enumerate() {
                        option value=(picture.id) selected[is_open(position, picture)] { (picture.name) }
                    }
                }
            }
            @for (position, picture) in shown.iter().enumerate() {
                details.recorded id=(picture.id) open[is_open(position, picture)] {
                    summary { (picture.title) }
                    @for chart in &picture.charts { (chart.inline()) }
                }
            }
        }
    }

    fn chart_files(&self) -> Markup {
        let files = self.document.charts().map(|chart| format!("charts/{}.svg", chart.name));
        let files: Vec<_> = files.collect();
        html! {
            @if !files.is_empty() {
                details {
                    summary { "charts/: every chart of this page · " (several(files.len() as u64, "file")) }
                    p.links { @for file in self.first(&files) { a href=(file) { (file) } " " } }
                    (self.rest(files.len(), "file"))
                }
            }
        }
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
