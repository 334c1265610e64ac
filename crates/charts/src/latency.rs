//! Connect latencies of every cell on a log axis, with the SYN retransmission times: an
//! attempt that waited for one lies just behind it. Response times likewise, without them.

use run_record::describe_value;
use std::time::Duration;

use maud::{Markup, html};

use crate::axis::{Scale, decades, power_of_time, seconds};
use crate::chart::Chart;
use crate::layout::{px, text_width};
use crate::side::Side;
use crate::strip::{ACCENT, ROOM, Strip, Times, pointer, shade};
use crate::syn_waits::{SynWaits, deadline};
use run_view::Cell;
use run_view::Run;
use run_view::number::percent;

/// The length of the axis; with short names, a phone shows a whole row.
const PLOT: f64 = 320.0;
const HEAD: f64 = 34.0;
/// The height of a group's name, above its strips.
const NAME: f64 = 22.0;
/// The width of letters here relative to other texts: most are digits and small letters.
const NARROW: f64 = 0.95;
/// The least ratio of the ends of the axis.
const SPAN: f64 = 30.0;
/// The end of the axis relative to the last mark.
const BEYOND: f64 = 1.12;

/// The chart of connect latencies, on scales that include the run beside it; `None` if no
/// attempt connected.
pub fn latency(run: &Run, cells: &[Cell<'_>], beside: Option<Side<'_>>) -> Option<Chart> {
    draw(run, cells, beside, Times::Connects)
}

/// The chart of response times, likewise; `None` if there was no expected answer.
pub fn response(run: &Run, cells: &[Cell<'_>], beside: Option<Side<'_>>) -> Option<Chart> {
    draw(run, cells, beside, Times::Responses)
}

fn draw(run: &Run, cells: &[Cell<'_>], beside: Option<Side<'_>>, times: Times) -> Option<Chart> {
    let strips: Vec<_> = cells.iter().map(|cell| Strip::new(run, cell, times)).collect();
    let waits_of = |run: &Run, cells: &[Cell<'_>], strips: &[Strip<'_>]| match times {
        Times::Connects => SynWaits::new(run, cells, strips),
        Times::Responses => SynWaits::default(),
    };
    let waits = waits_of(run, cells, &strips);
    let own = ends(&strips, &waits)?;
    let others: Vec<_> = beside
        .iter()
        .flat_map(|side| side.cells.iter().map(|cell| Strip::new(side.run, cell, times)))
        .collect();
    let of_others = beside.map(|side| waits_of(side.run, side.cells, &others));
    let of_others = of_others.and_then(|waits| ends(&others, &waits));
    let (from, to) = axis(of_others.map_or(own, |(from, to)| (own.0.min(from), own.1.max(to))));
    let high = match strips.len().max(others.len()) {
        ..=30 => 28.0,
        31..=60 => 18.0,
        _ => 6.0,
    };
    let is_low = high < ROOM;
    let (groups, bottom) = groups(run, cells, high);
    let names = groups.iter().flat_map(|group| &group.rows).map(|row| text_width(&row.name));
    let left = names.fold(30.0, f64::max) * NARROW + 16.0;
    let never = never(&strips, &groups, high);
    let any_never = !never.is_empty();
    let right = left + PLOT;
    let numbers_width = never.iter().map(|(text, _)| text_width(text)).fold(0.0, f64::max);
    let numbers_width =
        if any_never { numbers_width.max(text_width(NEVER[1])) * NARROW + 22.0 } else { 26.0 };
    let headings = groups.iter().flat_map(|group| &group.name);
    // With low rows, a group's number is next to its name.
    let shared = if is_low { numbers_width } else { 0.0 };
    let headings = headings.map(|(name, _)| text_width(name) * NARROW + 12.0 + shared);
    let width = headings.fold(right + numbers_width, f64::max);
    let end = width - 8.0;
    let x = Scale::log((from, to), (left, right));
    let peak = strips.iter().chain(&others).map(Strip::peak).fold(0.0, f64::max);
    let ticks = decades(from, to).into_iter().filter(|at| (from..=to).contains(at));
    let legend = legend(&strips, (peak, times), (is_low, beside.is_some()), &waits);
    let body = html! {
        @for at in ticks {
            line.grid x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(HEAD) y2=(px(bottom)) {}
            text class="quiet middle" x=(px(x.at(at))) y=(px(bottom + 16.0)) { (power_of_time(at)) }
        }
        (retransmissions(&waits.retransmits, (from, to), x, (HEAD, bottom)))
        @if let Some(at) = waits.deadline { (deadline(at, x, (HEAD, bottom))) }
        @if any_never {
            text.end x=(px(end)) y=(HEAD - 22.0) { (NEVER[0]) }
            text.end x=(px(end)) y=(HEAD - 8.0) { (NEVER[1]) }
        }
        @for group in &groups {
            @if let Some((name, y)) = &group.name { text x="6" y=(px(*y)) { (name) } }
            @for (index, row) in group.rows.iter().enumerate() {
                @let below = row.top + high;
                @if !is_low || index + 1 == group.rows.len() {
                    line.grid x1=(px(left)) x2=(px(right)) y1=(px(below)) y2=(px(below)) {}
                }
                @if row.is_named {
                    text class=(if is_low { "small end" } else { "end" }) x=(px(left - 8.0))
                        y=(px(below - high / 2.0 + 4.0)) { (row.name) }
                }
                (waits.own(row.cell, x, (row.top, below)))
                (strips[row.cell].draw(x, peak, (row.top, below)))
            }
        }
        @for (text, y) in &never { text.end x=(px(end)) y=(px(*y)) { (text) } }
        @for (line, part) in legend.iter().enumerate() {
            g transform=(format!("translate(6 {})", px(bottom + 28.0 + line as f64 * 17.0))) { (part) }
        }
    };
    Some(Chart {
        name: match times {
            Times::Connects => "connect-latency".to_owned(),
            Times::Responses => "response-time".to_owned(),
        },
        title: match times {
            Times::Connects => "From connect(2) to ESTABLISHED, in each cell".to_owned(),
            Times::Responses => "From a request to the end of its answer, in each cell".to_owned(),
        },
        width,
        height: bottom + 34.0 + legend.len() as f64 * 17.0,
        body,
    })
}

/// The heading of the numbers next to the rows, in two lines.
const NEVER: [&str; 2] = ["never", "connected"];

/// The attempts that never connected, with the vertical position of the text: for each
/// row, or for each group if rows are low.
fn never(strips: &[Strip<'_>], groups: &[Group], high: f64) -> Vec<(String, f64)> {
    let of = |rows: &[Row], y| {
        let strips = rows.iter().map(|row| &strips[row.cell]);
        Some((Strip::never(strips)?, y))
    };
    let of_rows = |group: &Group| -> Vec<_> {
        let row = |row: &Row| of(std::slice::from_ref(row), row.top + high / 2.0 + 4.0);
        group.rows.iter().filter_map(row).collect()
    };
    let of_group = |group: &Group| {
        let y = group.name.as_ref().map_or(HEAD + 10.0, |(_, y)| *y);
        of(&group.rows, y).into_iter().collect()
    };
    let texts = |group| if high < ROOM { of_group(group) } else { of_rows(group) };
    groups.iter().flat_map(texts).collect()
}

/// The least and the most that the axis of a run has, nanoseconds; `None` if no attempt
/// connected.
fn ends(strips: &[Strip<'_>], waits: &SynWaits) -> Option<(f64, f64)> {
    let ends = || strips.iter().filter_map(Strip::ends);
    let least = ends().map(|(from, _)| from).min_by(f64::total_cmp)?;
    let most = ends().map(|(_, to)| to).max_by(f64::total_cmp)?;
    let marked =
        waits.ends().map(|(first, last)| (first.as_nanos() as f64, last.as_nanos() as f64));
    // Room for the labels of the marks.
    let (first, last) = marked.map_or((least, most), |(first, last)| (first / 2.0, last * BEYOND));
    Some((least.min(first), most.max(last)))
}

/// The ends of the axis, nanoseconds: whole powers of ten for a short one.
fn axis((from, to): (f64, f64)) -> (f64, f64) {
    if to >= from * SPAN {
        return (from, to);
    }
    let around = decades(from, to);
    (around[0], around[around.len() - 1])
}

/// Cells that differ only in the last axis.
struct Group {
    /// Their common values, and the vertical position of that text.
    name: Option<(String, f64)>,
    rows: Vec<Row>,
}

struct Row {
    cell: usize,
    name: String,
    /// If there are many low rows, only the first and the last have a name.
    is_named: bool,
    top: f64,
}

/// All rows, and the lower end of the last one.
fn groups(run: &Run, cells: &[Cell<'_>], high: f64) -> (Vec<Group>, f64) {
    let axes = run.varying_axes();
    let together = axes.last().map_or(1, |last| last.values.len()).max(1);
    let mut bottom = HEAD;
    let group = |cells: &[Cell<'_>]| {
        let name = cells[0].point.split_last().filter(|(_, outer)| !outer.is_empty());
        let name = name.map(|(_, outer)| {
            bottom += NAME;
            (run.describe_point(outer.iter().copied()), bottom - 6.0)
        });
        let count = cells.len();
        let row = |(index, cell): (usize, &Cell<'_>)| {
            let last = cell.point.last();
            let top = bottom;
            bottom += high;
            Row {
                cell: cell.number,
                name: last.map_or("all trials".to_owned(), |(path, at)| {
                    format!("{} {}", run.axis_name(path), describe_value(at))
                }),
                is_named: high >= ROOM || index == 0 || index + 1 == count,
                top,
            }
        };
        Group { rows: cells.iter().enumerate().map(row).collect(), name }
    };
    let groups = cells.chunks(together).map(group).collect();
    (groups, bottom)
}

/// The lines of the legend.
fn legend(
    strips: &[Strip<'_>],
    (peak, times): (f64, Times),
    (is_low, is_shared): (bool, bool),
    waits: &SynWaits,
) -> Vec<Markup> {
    let mut lines = Vec::new();
    if peak > 0.0 {
        lines.push(html! {
            @if is_low {
                @for (place, part) in [0.0, 0.5, 1.0].into_iter().enumerate() {
                    rect.share fill-opacity=(shade(part)) x=(place as f64 * 4.0) y="2" width="4"
                        height="10" {}
                }
            } @else {
                path.share d="M0,2H5V12H0ZM6,7H11V12H6Z" {}
            }
            text.quiet x="18" y="11" {
                "share of the cell's " (times.noun()) "; the "
                @if is_low { "strongest colour" } @else { "highest bar" }
                @if is_shared { " of both runs" }
                " is " (percent(peak)) " %"
            }
        });
        lines.push(html! {
            path.median d=(if is_low { "M5,1H6.6V12H5Z".to_owned() } else { pointer(5.5, 10.0) }) {}
            text.quiet x="18" y="11" { "median" }
        });
    }
    if strips.iter().any(Strip::has_only_quantiles) {
        lines.push(html! {
            g style=(ACCENT) {
                circle.point cx="5" cy="7" r="2.6" {}
                line.bar x1="5" x2="5" y1="17" y2="31" {}
            }
            text.quiet x="18" y="11" {
                "a trial's median; the short lines are 90 % and 99 %"
            }
        });
        lines.push(html! {
            text.quiet x="18" y="11" {
                "its maximum; the distribution in between was not recorded"
            }
        });
    }
    let (has_own_retransmits, has_own_deadline) = waits.has_own();
    let of_all = waits.deadline.map(|at| format!(", {}", seconds(at.as_nanos() as f64)));
    let deadline = of_all.or_else(|| has_own_deadline.then(|| " of the cell".to_owned()));
    if has_own_retransmits {
        lines.push(html! {
            line.mark x1="5" x2="5" y1="0" y2="13" {}
            text.quiet x="18" y="11" { "SYN retransmission, not in every cell" }
        });
    }
    if let Some(deadline) = deadline {
        lines.push(html! {
            line.limit x1="5" x2="5" y1="0" y2="13" {}
            text.quiet x="18" y="11" { "connect deadline" (deadline) }
        });
    }
    lines
}

/// Marks of the SYN retransmissions within the axis.
pub(crate) fn retransmissions(
    retransmit_times: &[Duration],
    (from, to): (f64, f64),
    x: Scale,
    (top, bottom): (f64, f64),
) -> Markup {
    let mut free_from = f64::MIN;
    let shown =
        retransmit_times.iter().map(|at| at.as_nanos() as f64).filter(|at| (from..to).contains(at));
    let shown: Vec<_> = shown
        .map(|at| {
            let label = format!("{} s", at / 1e9);
            let fits = x.at(at) > free_from;
            free_from = if fits { x.at(at) + text_width(&label) + 4.0 } else { free_from };
            (at, fits.then_some(label))
        })
        .collect();
    html! {
        @if let Some((first, _)) = shown.first() {
            text class="mark end" x=(px(x.at(*first) - 6.0)) y=(px(top - 8.0)) { "SYN retransmit:" }
        }
        @for (at, label) in &shown {
            line.mark x1=(px(x.at(*at))) x2=(px(x.at(*at))) y1=(px(top - 4.0)) y2=(px(bottom)) {
                title { "the SYN is retransmitted " (at / 1e9) " s after connect(2)" }
            }
            @if let Some(label) = label {
                text.mark x=(px(x.at(*at) - 2.0)) y=(px(top - 8.0)) { (label) }
            }
        }
    }
}
