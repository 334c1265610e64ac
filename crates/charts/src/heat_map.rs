//! A metric of each cell over two axes, as colours with the values on them.

use maud::html;
use run_record::{Axis, describe_value};

use crate::chart::Chart;
use crate::colour::{scale, text_on};
use crate::layout::{px, text_width};
use crate::name::slug;
use crate::side::{self, Side};
use run_view::Cell;
use run_view::Metric;
use run_view::Run;
use run_view::combinations;
use run_view::prose::several;

const ROW: f64 = 30.0;
/// The height of the columns' axis and its values, above the cells.
const HEAD: f64 = 42.0;
/// The height of the scale, below the cells.
const FOOT: f64 = 40.0;
/// Marks a value that is no finding, because every trial of its cell was disturbed.
const DISTURBED: &str = "disturbed";

/// A map for each value of the axes before the last two, on one scale, which includes the run
/// beside it; empty if the matrix has fewer than two axes.
pub fn heat_maps(
    run: &Run,
    cells: &[Cell<'_>],
    metric: &Metric,
    beside: Option<Side<'_>>,
) -> Vec<Chart> {
    let axes = run.varying_axes();
    let [outer @ .., rows, columns] = axes.as_slice() else {
        return Vec::new();
    };
    let top = side::top(metric, cells, beside);
    let size = rows.values.len() * columns.values.len();
    let splits = combinations(outer);
    let maps = splits.iter().zip(cells.chunks(size));
    maps.map(|(split, cells)| {
        let place = run.describe_point(split.iter().copied());
        heat_map(run, metric, top, &place, (rows, columns), cells)
    })
    .collect()
}

fn heat_map(
    run: &Run,
    metric: &Metric,
    top: f64,
    place: &str,
    (rows, columns): (&Axis, &Axis),
    cells: &[Cell<'_>],
) -> Chart {
    let describe = |cell: &Cell<'_>| {
        let spread = cell.spread(metric.value)?;
        let (min, max) = ((metric.format)(spread.min), (metric.format)(spread.max));
        let range = (min != max).then(|| format!("{min}–{max}"));
        let range = if cell.is_disturbed() { Some(DISTURBED.to_owned()) } else { range };
        Some(((metric.format)(spread.median), range, spread.median))
    };
    let texts: Vec<_> = cells.iter().map(describe).collect();
    let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    let widths = texts.iter().flatten().map(|(median, range, _)| {
        text_width(median).max(range.as_ref().map_or(0.0, |range| text_width(range) * 0.8))
    });
    let headings = columns.values.iter().map(|at| text_width(&describe_value(at)));
    let column = (widest(&mut widths.chain(headings)) + 12.0).max(46.0);
    let [row_axis, column_axis] = [rows, columns].map(|axis| run.axis_name(&axis.path));
    let names = rows.values.iter().map(|at| text_width(&describe_value(at)));
    let left = widest(&mut names.chain([text_width(row_axis) + 14.0])) + 14.0;
    let (across, down) = (columns.values.len() as f64 * column, rows.values.len() as f64 * ROW);
    let legend = 200_f64.min(across.max(120.0));
    let body = html! {
        text class="quiet end" x=(px(left - 8.0)) y=(HEAD - 8.0) { (row_axis) " ↓" }
        text class="quiet" x=(px(left + 4.0)) y="14" { (column_axis) " →" }
        @for (at, name) in columns.values.iter().enumerate() {
            text.middle x=(px(left + (at as f64 + 0.5) * column)) y=(HEAD - 8.0) { (describe_value(name)) }
        }
        @for (at, name) in rows.values.iter().enumerate() {
            text.end x=(px(left - 8.0)) y=(px(HEAD + at as f64 * ROW + 19.0)) { (describe_value(name)) }
        }
        @for (at, (cell, text)) in cells.iter().zip(&texts).enumerate() {
            @let (x, y) = place_of(at, columns.values.len(), column, left);
            @let (width, height) = (px(column - 2.0), px(ROW - 2.0));
            @match text {
                None => rect.empty x=(px(x)) y=(px(y)) width=(width) height=(height) rx="3" {
                    title { (cell.place()) ": no trial" }
                },
                Some((median, ..)) if cell.is_disturbed() => {
                    a href=(format!("#cell-{}", cell.number)) {
                        title {
                            (cell.place()) "\n" (metric.column) ": " (median)
                            "\nno finding: every trial was disturbed"
                        }
                        rect.empty x=(px(x)) y=(px(y)) width=(width) height=(height) rx="3" {}
                        @let middle = px(x + column / 2.0 - 1.0);
                        text class="middle quiet" x=(middle) y=(px(y + 13.0)) { (median) }
                        text class="middle small quiet" x=(middle) y=(px(y + 24.0)) { (DISTURBED) }
                    }
                }
                Some((median, range, median_value)) => {
                    @let share = if top > 0.0 { median_value / top } else { 0.0 };
                    a href=(format!("#cell-{}", cell.number)) {
                        title {
                            (cell.place()) "\n" (metric.column) ": " (median)
                            @if let Some(range) = range { " (" (range) ")" }
                            "\n" (several(cell.trials.len() as u64, "trial"))
                        }
                        rect x=(px(x)) y=(px(y)) width=(width) height=(height) rx="3"
                            fill=(scale(share)) {}
                        @let middle = px(x + column / 2.0 - 1.0);
                        @if let Some(range) = range {
                            text class=(format!("middle {}", text_on(share))) x=(middle)
                                y=(px(y + 13.0)) { (median) }
                            text class=(format!("middle small {}", text_on(share))) x=(middle)
                                y=(px(y + 24.0)) { (range) }
                        } @else {
                            text class=(format!("middle {}", text_on(share))) x=(middle)
                                y=(px(y + 18.5)) { (median) }
                        }
                    }
                }
            }
        }
        // Without a finding there is no colour.
        @if top > 0.0 {
            @for step in 0..20 {
                rect x=(px(left + f64::from(step) * legend / 20.0)) y=(px(HEAD + down + 10.0))
                    width=(px(legend / 20.0 + 0.5)) height="8" fill=(scale(f64::from(step) / 19.0)) {}
            }
            text class="quiet small" x=(px(left)) y=(px(HEAD + down + 31.0)) { ((metric.format)(0.0)) }
            text class="quiet small end" x=(px(left + legend)) y=(px(HEAD + down + 31.0)) {
                ((metric.format)(top))
            }
        }
    };
    let (title, name) = match place {
        "" => (metric.title.to_owned(), metric.name.to_owned()),
        place => {
            (format!("{} · {place}", metric.title), format!("{}-{}", metric.name, slug(place)))
        }
    };
    let along = text_width(column_axis) + 26.0;
    let width = left + across.max(legend).max(along) + 6.0;
    Chart { name: format!("heat-{name}"), title, width, height: HEAD + down + FOOT, body }
}

fn place_of(at: usize, columns: usize, column: f64, left: f64) -> (f64, f64) {
    (left + (at % columns) as f64 * column, HEAD + (at / columns) as f64 * ROW)
}
