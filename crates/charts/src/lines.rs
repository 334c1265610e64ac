//! A metric over the last varying axis, a line for each value of the one before. An axis of names
//! has no order: its values get bars, or points if there is more than one line.

use maud::{Markup, html};
use run_record::describe_value;
use serde_json::Value;

use crate::axis::{Scale, positions, ticks};
use crate::chart::Chart;
use crate::colour;
use crate::layout::{px, text_width};
use crate::name::slug;
use crate::side::{self, Side};
use run_view::Cell;
use run_view::Metric;
use run_view::Run;
use run_view::combinations;
use run_view::number::Spread;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 320.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 44.0;
const LEFT: f64 = 56.0;
/// The width of a bar, and the distance between points of one name, pixels.
const BAR: f64 = 34.0;
const BESIDE: f64 = 10.0;
/// The height of a second line of labels.
const LABELS: f64 = 15.0;
/// The least distance between the names of two lines.
const APART: f64 = 14.0;

/// A line: its name and its points; `None` where nothing was measured, which breaks the
/// line.
struct Line<'a> {
    /// Its place among all lines, also those of the run beside it.
    position: usize,
    name: String,
    points: Vec<Option<Point<'a>>>,
}

type Point<'a> = (f64, Spread, &'a Cell<'a>);

/// A chart for each value of the axes before the last two; empty if the last axis has
/// fewer than three numbers, or fewer than two names. A chart with one point is left out. The
/// scales include the run beside it.
pub fn lines(
    run: &Run,
    cells: &[Cell<'_>],
    metric: &Metric,
    beside: Option<Side<'_>>,
) -> Vec<Chart> {
    let axes = run.varying_axes();
    let (outer, series, along) = match axes.as_slice() {
        [along] => (&[][..], None, *along),
        [outer @ .., series, along] => (outer, Some(*series), *along),
        [] => return Vec::new(),
    };
    let are_numbers = along.values.iter().all(Value::is_number);
    if along.values.len() < if are_numbers { 3 } else { 2 } {
        return Vec::new();
    }
    let top = side::top(metric, cells, beside);
    let values = side::all_values(along, beside);
    let are_numbers = are_numbers && values.iter().all(Value::is_number);
    let (places, to_scale) = positions(&values);
    let place_of = |value| Some(places[values.iter().position(|other| other == value)?]);
    let at: Vec<_> = along.values.iter().filter_map(place_of).collect();
    let of_series = series.map(|series| side::all_values(series, beside)).unwrap_or_default();
    let count = of_series.len().max(1);
    let along_name = match (run.axis_name(&along.path), to_scale || !are_numbers) {
        (name, true) => name.to_owned(),
        (name, false) => format!("{name} (not to scale)"),
    };
    let splits = combinations(outer);
    let of_chart = series.map_or(1, |series| series.values.len()) * along.values.len();
    let charts = splits.iter().zip(cells.chunks(of_chart)).filter_map(|(split, cells)| {
        let names = series.map_or(vec![(0, String::new())], |series| {
            let position = |value| of_series.iter().position(|other| other == value);
            let name = |value| (position(value).unwrap_or(0), describe_value(value));
            series.values.iter().map(name).collect()
        });
        let lines = cells.chunks(along.values.len()).zip(names).map(|(cells, (position, name))| {
            let points = cells.iter().zip(&at);
            let points = points.map(|(cell, &x)| Some((x, cell.finding(metric.value)?, cell)));
            Line { position, name, points: points.collect() }
        });
        let lines: Vec<_> = lines.collect();
        lines.iter().flat_map(|line| line.points.iter().flatten()).nth(1)?;
        let place = run.describe_point(split.iter().copied());
        let (title, name) = match place.as_str() {
            "" => (metric.title.to_owned(), metric.name.to_owned()),
            place => {
                (format!("{} · {place}", metric.title), format!("{}-{}", metric.name, slug(place)))
            }
        };
        let series = series.map(|series| run.axis_name(&series.path));
        let body = body(metric, top, (&lines, count), (&values, &places), &along_name, series);
        let height = if are_numbers { HEIGHT } else { HEIGHT + LABELS };
        Some(Chart { name: format!("lines-{name}"), title, width: WIDTH, height, body })
    });
    charts.collect()
}

fn body(
    metric: &Metric,
    top: f64,
    (lines, count): (&[Line<'_>], usize),
    (values, at): (&[Value], &[f64]),
    along: &str,
    series: Option<&str>,
) -> Markup {
    let ticks = ticks(top);
    let names = lines.iter().map(|line| text_width(&line.name));
    let heading = series.map_or(0.0, text_width);
    let right = WIDTH - names.fold(heading, f64::max) - 32.0;
    let bottom = HEIGHT - BOTTOM;
    let (first, last) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(1.0));
    let are_names = !values.iter().all(Value::is_number);
    let x = match are_names {
        // Room for the bars at both ends.
        true => Scale::linear((first - 0.5, last + 0.5), (LEFT, right)),
        false => Scale::linear((first, last), (LEFT + 8.0, right - 4.0)),
    };
    let shape = match (are_names, count) {
        (false, _) => Shape::Line,
        (true, 1) => Shape::Bars,
        (true, _) => Shape::Points,
    };
    let y = Scale::linear((0.0, ticks.last().copied().unwrap_or(1.0)), (bottom, TOP));
    let labels = labels(values, at, x, are_names);
    let below = if are_names { LABELS } else { 0.0 };
    html! {
        @for &tick in &ticks {
            line.grid x1=(LEFT) x2=(px(right)) y1=(px(y.at(tick))) y2=(px(y.at(tick))) {}
            text class="end quiet" x=(LEFT - 6.0) y=(px(y.at(tick) + 4.0)) {
                ((metric.format)(tick).replace(".00", ""))
            }
        }
        @for (name, at, row) in &labels {
            line.axis x1=(px(*at)) x2=(px(*at)) y1=(px(bottom)) y2=(px(bottom + 4.0)) {}
            text class="middle quiet" x=(px(*at)) y=(px(bottom + 18.0 + *row as f64 * LABELS)) { (name) }
        }
        line.axis x1=(LEFT) x2=(px(right)) y1=(px(bottom)) y2=(px(bottom)) {}
        text.middle x=(px((LEFT + right) / 2.0)) y=(px(bottom + 36.0 + below)) { (along) }
        @if let Some(series) = series {
            text class="quiet small" x=(px(right + 12.0)) y="12" { (series) }
        }
        @for line in lines {
            g style=(colour::line(line.position, count)) { (draw(line, count, (x, y), metric, shape)) }
        }
        @for (line, at) in name_places(lines, y).into_iter().filter(|_| series.is_some()) {
            g style=(colour::line(line.position, count)) {
                path.point d=(marker(line.position, right + 14.0, at)) {}
            }
            text x=(px(right + 24.0)) y=(px(at + 4.0)) { (line.name) }
        }
    }
}

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Points with a line through them.
    Line,
    /// Bars from 0.
    Bars,
    /// Points beside each other.
    Points,
}

/// The labels of an axis that do not overlap, each with its place and its row: numbers have one
/// row, names two.
fn labels(values: &[Value], at: &[f64], x: Scale, are_names: bool) -> Vec<(String, f64, usize)> {
    let rows = if are_names { 2 } else { 1 };
    let mut free_from = vec![f64::MIN; rows];
    let mut labels = Vec::new();
    for (name, &at) in values.iter().zip(at) {
        let (name, at) = (describe_value(name), x.at(at));
        let half = text_width(&name) / 2.0;
        if let Some(row) = (0..rows).find(|&row| at - half > free_from[row]) {
            free_from[row] = at + half + 4.0;
            labels.push((name, at, row));
        }
    }
    labels
}

fn draw(
    line: &Line<'_>,
    lines: usize,
    (x, y): (Scale, Scale),
    metric: &Metric,
    shape: Shape,
) -> Markup {
    let aside = match shape {
        Shape::Points => (line.position as f64 - (lines as f64 - 1.0) / 2.0) * BESIDE,
        Shape::Line | Shape::Bars => 0.0,
    };
    let floor = y.at(0.0);
    let place =
        |(at, spread, _): &Point<'_>| format!("{},{}", px(x.at(*at)), px(y.at(spread.median)));
    // A point between two gaps is only its marker.
    let parts = line.points.split(Option::is_none).filter(|part| part.len() > 1);
    let through = parts.map(|part| part.iter().flatten().map(place).collect::<Vec<_>>().join(" "));
    html! {
        @if shape == Shape::Line { @for part in through { polyline.series points=(part) {} } }
        @for (at, spread, cell) in line.points.iter().flatten() {
            @let (x, middle) = (x.at(*at) + aside, y.at(spread.median));
            @if spread.min < spread.max {
                line.bar x1=(px(x)) x2=(px(x)) y1=(px(y.at(spread.min))) y2=(px(y.at(spread.max))) {}
            }
            a href=(format!("#cell-{}", cell.number)) {
                title { (cell.place()) "\n" (metric.column) ": " (spread.describe(metric.format)) }
                @if shape == Shape::Bars {
                    rect.column x=(px(x - BAR / 2.0)) width=(BAR) y=(px(middle))
                        height=(px((floor - middle).max(0.6))) {}
                }
                path.point d=(marker(line.position, x, middle)) {}
            }
        }
    }
}

/// The shape of a line's points, which also distinguishes lines.
fn marker(position: usize, x: f64, y: f64) -> String {
    let at = |dx: f64, dy: f64| format!("{} {}", px(x + dx), px(y + dy));
    match position % 4 {
        0 => format!("M{}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", at(-4.0, 0.0)),
        1 => format!("M{}h7v7h-7z", at(-3.5, -3.5)),
        2 => format!("M{}l5 8.5h-10z", at(0.0, -5.5)),
        _ => format!("M{}l5 5l-5 5l-5 -5z", at(0.0, -5.0)),
    }
}

/// The vertical positions of the lines' names: at their last points, without overlap.
fn name_places<'l, 'a>(lines: &'l [Line<'a>], y: Scale) -> Vec<(&'l Line<'a>, f64)> {
    let mut ends: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((line, y.at(line.points.iter().flatten().next_back()?.1.median))))
        .collect();
    ends.sort_by(|one, other| one.1.total_cmp(&other.1));
    for at in 1..ends.len() {
        ends[at].1 = ends[at].1.max(ends[at - 1].1 + APART);
    }
    let over = ends.last().map_or(0.0, |last| last.1 - (HEIGHT - BOTTOM + 4.0));
    if over > 0.0 {
        // From the lowest up, so none leaves the chart.
        let mut floor = HEIGHT - BOTTOM + 4.0;
        for end in ends.iter_mut().rev() {
            end.1 = end.1.min(floor);
            floor = end.1 - APART;
        }
    }
    ends
}
