//! Predicted and measured values: on the diagonal they are equal.

use indexmap::IndexMap;
use indexmap::map::Entry;
use maud::{Markup, html};

use crate::axis::{Scale, decades, ticks, whole_ticks};
use crate::chart::Chart;
use crate::layout::{px, text_width};

const WIDTH: f64 = 300.0;
const RIGHT: f64 = WIDTH - 38.0;
const HEIGHT: f64 = 288.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 60.0;
/// With a larger ratio of the largest to the smallest value, the axes are logarithmic.
const MAX_LINEAR_RATIO: f64 = 30.0;
/// The largest number of cells in a tooltip.
const MAX_LISTED: usize = 8;
/// The largest number of marks.
const MAX_MARKS: usize = 1_000;

/// A point with both values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) x: f64,
    /// Minimum, median and maximum.
    pub(crate) y: [f64; 3],
    /// Whether the check held.
    pub(crate) held: bool,
    /// Its values as text.
    pub(crate) description: String,
    /// The links and names of its cells; of many, only the first.
    pub(crate) cells: Vec<(String, String)>,
    /// The number of its cells.
    pub(crate) count: usize,
}

/// The labels and the range of the axes.
pub(crate) struct Axes {
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    /// The end of both; `None` for the largest value.
    pub(crate) max: Option<f64>,
    pub(crate) format: fn(f64) -> String,
    /// The tolerance around the diagonal.
    pub(crate) band: f64,
    /// The meaning of a circle and of a cross.
    pub(crate) legend: [&'static str; 2],
}

/// The chart, on scales that include the `others`; marks at the same point are merged. `None` if
/// that leaves one point.
pub(crate) fn scatter(
    name: String,
    title: String,
    axes: &Axes,
    marks: impl IntoIterator<Item = Mark>,
    others: &[Mark],
) -> Option<Chart> {
    let marks = merge(marks);
    if marks.len() < 2 {
        return None;
    }
    let values = || {
        let all = marks.iter().chain(others);
        all.flat_map(|mark| mark.y.into_iter().chain([mark.x]))
    };
    let most = axes.max.unwrap_or_else(|| values().fold(0.0, f64::max));
    let least = values().fold(f64::MAX, f64::min);
    let is_log = least > 0.0 && most / least > MAX_LINEAR_RATIO;
    let is_whole = axes.max.is_none() && values().all(|value| value.fract() == 0.0);
    let ticks = match (is_log, is_whole) {
        (true, _) => decades(least, most),
        (false, true) => whole_ticks(most as u32),
        (false, false) => ticks(most),
    };
    let ends = (ticks[0], ticks[ticks.len() - 1]);
    let scale = |start, end| match is_log {
        true => Scale::log(ends, (start, end)),
        false => Scale::linear(ends, (start, end)),
    };
    let (x, y) = (scale(LEFT, RIGHT), scale(BOTTOM, TOP));
    let label = |tick| (axes.format)(tick);
    let widest = ticks.iter().map(|&tick| text_width(&label(tick))).fold(0.0, f64::max);
    let every = ((widest + 6.0) * ticks.len() as f64 / (RIGHT - LEFT)).ceil().max(1.0) as usize;
    let any_missed = marks.iter().any(|mark| !mark.held);
    let body = html! {
        @for (index, &tick) in ticks.iter().enumerate() {
            line.grid x1=(LEFT) x2=(RIGHT) y1=(px(y.at(tick))) y2=(px(y.at(tick))) {}
            line.grid y1=(TOP) y2=(BOTTOM) x1=(px(x.at(tick))) x2=(px(x.at(tick))) {}
            text class="quiet end" x=(LEFT - 6.0) y=(px(y.at(tick) + 4.0)) { (label(tick)) }
            @if index % every == 0 {
                text class="quiet middle" x=(px(x.at(tick))) y=(BOTTOM + 16.0) { (label(tick)) }
            }
        }
        @if axes.band > 0.0 {
            path.band d=(band(axes.band, ends, x, y)) { title { "within the tolerance" } }
        }
        line.limit x1=(px(x.at(ends.0))) y1=(px(y.at(ends.0))) x2=(px(x.at(ends.1)))
            y2=(px(y.at(ends.1))) {}
        text.middle x=(px((LEFT + RIGHT) / 2.0)) y=(BOTTOM + 34.0) { (axes.across) " →" }
        text class="quiet small" x=(LEFT + 6.0) y=(TOP + 12.0) { (axes.up) " ↑" }
        (numbers(&marks, x, y))
        @for mark in &marks { (draw(mark, x, y)) }
        (sign(true, LEFT + 6.0, BOTTOM + 50.0))
        text class="quiet small" x=(LEFT + 16.0) y=(BOTTOM + 54.0) { (axes.legend[0]) }
        @if any_missed {
            (sign(false, LEFT + 136.0, BOTTOM + 50.0))
            text class="quiet small" x=(LEFT + 148.0) y=(BOTTOM + 54.0) { (axes.legend[1]) }
        }
    };
    Some(Chart { name, title, width: WIDTH, height: HEIGHT, body })
}

fn merge(marks: impl IntoIterator<Item = Mark>) -> Vec<Mark> {
    let mut merged: IndexMap<([u64; 4], bool, String), Mark> = IndexMap::new();
    for mark in marks {
        // Adding 0 makes 0 of -0.
        let [least, median, most] = mark.y.map(|at| (at + 0.0).to_bits());
        let place = [(mark.x + 0.0).to_bits(), least, median, most];
        match merged.entry((place, mark.held, mark.description.clone())) {
            Entry::Occupied(same) => {
                let same = same.into_mut();
                same.count += mark.count;
                let room = MAX_LISTED.saturating_sub(same.cells.len());
                same.cells.extend(mark.cells.into_iter().take(room));
            }
            Entry::Vacant(place) => {
                place.insert(mark);
            }
        }
    }
    let mut merged: Vec<_> = merged.into_values().collect();
    // Failures are drawn on top.
    merged.sort_by_key(|mark| !mark.held);
    if merged.len() > MAX_MARKS {
        // The others are spread over all that held.
        let failed = merged.iter().filter(|mark| !mark.held).count();
        let step = merged.len().div_ceil(MAX_MARKS.saturating_sub(failed).max(1));
        let mut position = 0;
        merged.retain(|mark| {
            position += 1;
            !mark.held || position % step == 0
        });
        merged.truncate(MAX_MARKS);
    }
    merged
}

/// The band around the diagonal, up to the ends of the axes.
fn band(wide: f64, (from, to): (f64, f64), x: Scale, y: Scale) -> String {
    let corners = [
        (from, from),
        (from, from + wide),
        (to - wide, to),
        (to, to),
        (to, to - wide),
        (from + wide, from),
    ];
    let corners = corners.map(|(across, up)| format!("{} {}", px(x.at(across)), px(y.at(up))));
    format!("M{}z", corners.join("L"))
}

fn draw(mark: &Mark, x: Scale, y: Scale) -> Markup {
    let [low, middle, high] = mark.y.map(|at| y.at(at));
    let across = x.at(mark.x);
    let inner = html! {
        title { (describe(mark)) }
        @if high < low {
            line class=(if mark.held { "spread" } else { "miss" }) x1=(px(across)) x2=(px(across))
                y1=(px(low)) y2=(px(high)) {}
        }
        (sign(mark.held, across, middle))
    };
    html! {
        @match mark.cells.as_slice() {
            [(link, _)] if mark.count == 1 => a href=(link) { (inner) },
            _ => g { (inner) },
        }
    }
}

/// The number of cells of a merged mark, where there is room.
fn numbers(marks: &[Mark], x: Scale, y: Scale) -> Markup {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let mut labels = Vec::new();
    for mark in marks.iter().filter(|mark| mark.count > 1) {
        let text = format!("× {}", mark.count);
        let at = (x.at(mark.x), y.at(mark.y[1]));
        // On the left side at the end of the chart.
        let fits = at.0 + 14.0 + text_width(&text) * 0.85 < WIDTH;
        let free = taken
            .iter()
            .all(|other| (other.0 - at.0).abs() > 34.0 || (other.1 - at.1).abs() > 12.0);
        if free {
            taken.push(at);
            labels.push((text, at, fits));
        }
    }
    html! {
        @for (text, (x, y), fits) in labels {
            @if fits { text class="quiet small" x=(px(x + 14.0)) y=(px(y - 2.0)) { (text) } }
            @else { text class="quiet small end" x=(px(x - 8.0)) y=(px(y + 4.0)) { (text) } }
        }
    }
}

pub(crate) fn describe(mark: &Mark) -> String {
    let mut lines = vec![mark.description.clone()];
    lines.extend(mark.cells.iter().take(MAX_LISTED).map(|(_, name)| name.clone()));
    if mark.count > MAX_LISTED {
        lines.push(format!("… and {} more", mark.count - MAX_LISTED));
    }
    lines.join("\n")
}

/// A circle if the check held, a cross if it failed.
pub(crate) fn sign(held: bool, x: f64, y: f64) -> Markup {
    html! {
        @if held { circle.hit cx=(px(x)) cy=(px(y)) r="4.5" {} }
        @else { path.miss d=(format!("M{} {}l10 10m0 -10l-10 10", px(x - 5.0), px(y - 5.0))) {} }
    }
}
