//! The accept queue of a watched listener over time: its depth and limit, its drops, and the
//! times in which it was not looked at.

use maud::{Markup, html};
use run_view::number::{count, total};
use run_view::prose::several;
use watch_recording::{Column, Curve, ReviewedListener, Sight, Span, WallTimes};

use crate::axis::{Scale, whole_ticks};
use crate::chart::Chart;
use crate::layout::px;
use crate::wall_ticks::wall_ticks;

const WIDTH: f64 = 980.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 966.0;
const TOP: f64 = 40.0;
const HEIGHT: f64 = 170.0;
/// A limit this many times as large as the deepest queue is above the chart.
const FAR_LIMIT: u64 = 6;
/// The least distance between two marks of drops, pixels.
const APART: f64 = 34.0;

/// The chart of a listener.
pub fn watched_queue(
    name: String,
    title: String,
    listener: &ReviewedListener,
    curve: &Curve,
    wall: &WallTimes,
) -> Chart {
    let Span(from_us, to_us) = curve.span;
    let columns = curve.columns.as_slice();
    let x = |column: usize| LEFT + column as f64 / columns.len().max(1) as f64 * (RIGHT - LEFT);
    let full = u64::from(listener.listener.limit) + 1;
    let deepest = columns.iter().map(|column| column.deepest).max().unwrap_or(0);
    let was_full = columns.iter().any(|column| column.was_full);
    let is_far = !was_full && full > FAR_LIMIT * u64::from(deepest.max(1));
    let most = if is_far { u64::from(deepest) } else { full.max(deepest.into()) };
    let marks = whole_ticks(u32::try_from(most).unwrap_or(u32::MAX));
    let y = Scale::linear((0.0, marks[marks.len() - 1]), (TOP + HEIGHT, TOP));
    let unseen = runs(columns, |column| column.sight == Sight::Unseen);
    let seen = runs(columns, |column| column.sight == Sight::Seen);
    let drops = total(columns.iter().map(|column| column.drops));
    let at =
        |us: u64| us.saturating_sub(from_us) as f64 / to_us.saturating_sub(from_us).max(1) as f64;
    let limit = count(listener.listener.limit);
    let body = html! {
        text.quiet x=(LEFT) y="14" {
            "connections in the accept queue (line)"
            @if is_far { "; its limit of " (limit) " is above this chart" }
            @else { "; its limit of " (limit) " (dashed): it holds one more" }
            @if was_full { "; ◆ full between two looks" }
        }
        text.quiet x=(LEFT) y="30" {
            "by looks; what came and went between two looks is seen only in the drops"
            @if !unseen.is_empty() { "; grey: not looked at" }
        }
        @for &(start, end) in &unseen {
            rect.unknown x=(px(x(start))) width=(px(x(end) - x(start))) y=(TOP) height=(HEIGHT) {
                title { "not looked at" }
            }
        }
        @for &mark in &marks {
            line.grid x1=(LEFT) x2=(RIGHT) y1=(px(y.at(mark))) y2=(px(y.at(mark))) {}
            text class="quiet end" x=(LEFT - 6.0) y=(px(y.at(mark) + 4.0)) { (mark) }
        }
        @for (us, label) in wall_ticks(curve.span, wall) {
            @let at = px(LEFT + at(us) * (RIGHT - LEFT));
            line.grid x1=(at) x2=(at) y1=(TOP) y2=(px(TOP + HEIGHT)) {}
            text class="quiet middle" x=(at) y=(TOP + HEIGHT + 16.0) { (label) }
        }
        @for &(start, end) in &seen {
            @let line = steps(&columns[start..end], start, x, y);
            path.depth-fill d=(format!("{line}V{floor}H{}z", px(x(start)), floor = px(y.at(0.0)))) {}
            path.depth d=(line) {}
        }
        @if !is_far {
            path.limit d=(format!("M{LEFT} {at}H{RIGHT}", at = px(y.at(full as f64 - 1.0)))) {}
        }
        @for (column, _) in columns.iter().enumerate().filter(|(_, column)| column.was_full) {
            path.drop d=(format!("M{} {}l4 4l-4 4l-4 -4z", px(x(column) + 0.5), px(y.at(full as f64) - 4.0))) {
                title { "full between two looks: " (count(full)) " queued" }
            }
        }
        (drop_marks(columns, x))
        text.quiet x=(LEFT) y=(px(TOP + HEIGHT + 54.0)) {
            @if drops > 0 { "▼ " (several(drops, "drop")) " of this listener in this time" }
            @else { "no drop of this listener in this time" }
        }
    };
    Chart { name, title, width: WIDTH, height: TOP + HEIGHT + 64.0, body }
}

/// The drops, those that are near each other as one mark.
fn drop_marks(columns: &[Column], x: impl Fn(usize) -> f64) -> Markup {
    let mut marks: Vec<(f64, u64)> = Vec::new();
    for (number, column) in columns.iter().enumerate().filter(|(_, column)| column.drops > 0) {
        let at = x(number) + 0.5;
        match marks.last_mut() {
            Some((mark, drops)) if at - *mark < APART => {
                *drops = drops.saturating_add(column.drops)
            }
            _ => marks.push((at, column.drops)),
        }
    }
    let top = TOP + HEIGHT + 22.0;
    html! {
        @for (at, drops) in marks {
            path.drop d=(format!("M{} {}h8l-4 8z", px(at - 4.0), px(top))) {
                title { (several(drops, "drop")) }
            }
            text class="mark small" x=(px(at + 6.0)) y=(px(top + 8.0)) { (count(drops)) }
        }
    }
}

/// The runs of columns for which this holds.
fn runs(columns: &[Column], is_so: impl Fn(&Column) -> bool) -> Vec<(usize, usize)> {
    let mut start = 0;
    let mut runs = Vec::new();
    for run in columns.chunk_by(|one, other| is_so(one) == is_so(other)) {
        if is_so(&run[0]) {
            runs.push((start, start + run.len()));
        }
        start += run.len();
    }
    runs
}

/// A line through columns that were looked at, the first of which has this number.
fn steps(columns: &[Column], first: usize, x: impl Fn(usize) -> f64, y: Scale) -> String {
    let height = |depth: u32| px(y.at(f64::from(depth)));
    let mut path = String::new();
    let mut pen = None;
    for (number, column) in (first..).zip(columns) {
        if pen.is_none() {
            path = format!("M{} {}", px(x(number)), height(column.shallowest));
            pen = Some(column.shallowest);
        } else if pen != Some(column.shallowest) || pen != Some(column.deepest) {
            path += &format!("H{}", px(x(number)));
        }
        for depth in [column.deepest, column.shallowest, column.last] {
            if pen != Some(depth) {
                path += &format!("V{}", height(depth));
                pen = Some(depth);
            }
        }
    }
    path + &format!("H{}", px(x(first + columns.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(shallowest: u32, deepest: u32, last: u32) -> Column {
        Column { sight: Sight::Seen, shallowest, deepest, last, drops: 0, was_full: false }
    }

    #[test]
    fn a_line_shows_the_range_of_each_column_and_goes_on_from_its_last_depth() {
        let y = Scale::linear((0.0, 10.0), (10.0, 0.0));
        let columns = [column(0, 0, 0), column(0, 7, 2), column(2, 2, 2), column(2, 2, 2)];
        assert_eq!(steps(&columns, 5, |it| it as f64, y), "M5 10H6V3V10V8H9");
    }

    #[test]
    fn runs_are_of_columns_that_are_alike() {
        let mut columns = [column(0, 0, 0); 6];
        columns[1].sight = Sight::Unseen;
        columns[2].sight = Sight::Unseen;
        columns[5].sight = Sight::Absent;
        let of = |sight| runs(&columns, |column| column.sight == sight);
        assert_eq!(of(Sight::Unseen), [(1, 3)]);
        assert_eq!(of(Sight::Seen), [(0, 1), (3, 5)]);
    }
}
