//! How late a timed event was after its prediction, and how late it may be.

use maud::{Markup, html};

use crate::axis::{Scale, signed_ticks, span};
use crate::chart::Chart;
use crate::layout::{px, text_width};
use crate::scatter::{Mark, describe, sign};

const WIDTH: f64 = 480.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 12.0;
const FOOT: f64 = 58.0;
/// The largest height of the cells of one prediction.
const MAX_HEIGHT: f64 = 160.0;

/// The cells of a law with the same predicted time.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// The tolerance, seconds after the prediction.
    pub(crate) allowed: f64,
    /// Deviations from the prediction, seconds.
    pub(crate) marks: Vec<Mark>,
}

/// A row for each predicted time, with the deviations from it, on a scale that includes the
/// `others`.
pub(crate) fn lateness(
    name: String,
    title: String,
    rows: &[(String, Late)],
    others: &[(String, Late)],
) -> Chart {
    let all = || rows.iter().chain(others).map(|(_, late)| late);
    let values = || all().flat_map(|late| &late.marks).flat_map(|mark| mark.y);
    let allowed = all().map(|late| late.allowed);
    let most = values().chain(allowed).fold(0.0, f64::max);
    let least = values().fold(0.0, f64::min);
    let ticks = signed_ticks(least, most);
    let ends = (ticks[0], ticks[ticks.len() - 1]);
    let names = rows.iter().map(|(name, _)| text_width(name));
    let left = names.fold(text_width("predicted"), f64::max) + 16.0;
    let x = Scale::linear(ends, (left, RIGHT));
    let height = |late: &Late| (late.marks.len() as f64 * 11.0).min(MAX_HEIGHT) + 14.0;
    let mut bottom = TOP + 16.0;
    let placed: Vec<_> = rows
        .iter()
        .map(|(name, late)| {
            let top = bottom;
            bottom += height(late);
            (name, late, top, height(late))
        })
        .collect();
    let any_missed = rows.iter().flat_map(|(_, late)| &late.marks).any(|mark| !mark.held);
    let body = html! {
        text class="quiet small end" x=(px(left - 8.0)) y=(TOP + 8.0) { "predicted" }
        @for &tick in &ticks {
            line.grid x1=(px(x.at(tick))) x2=(px(x.at(tick))) y1=(TOP + 12.0) y2=(px(bottom)) {}
            text class="quiet middle" x=(px(x.at(tick))) y=(px(bottom + 16.0)) {
                (span(tick, ends.1.max(-ends.0)))
            }
        }
        @for (name, late, top, height) in &placed {
            rect.band x=(px(x.at(0.0))) width=(px(x.at(late.allowed) - x.at(0.0))) y=(px(top + 2.0))
                height=(px(height - 4.0)) {
                title { "in time: up to " (span(late.allowed, late.allowed)) " after " (name) }
            }
            text.end x=(px(left - 8.0)) y=(px(top + height / 2.0 + 4.0)) { (name) }
            @let step = (height - 14.0) / late.marks.len() as f64;
            @for (index, mark) in late.marks.iter().enumerate() {
                (draw(mark, x, top + 7.0 + (index as f64 + 0.5) * step))
            }
        }
        line.limit x1=(px(x.at(0.0))) x2=(px(x.at(0.0))) y1=(TOP + 12.0) y2=(px(bottom)) {}
        text.middle x=(px((left + RIGHT) / 2.0)) y=(px(bottom + 34.0)) {
            "later than predicted →"
        }
        (sign(true, left + 6.0, bottom + 48.0))
        text class="quiet small" x=(px(left + 16.0)) y=(px(bottom + 52.0)) { "in time" }
        rect.band x=(px(left + 86.0)) y=(px(bottom + 43.0)) width="14" height="10" {}
        text class="quiet small" x=(px(left + 106.0)) y=(px(bottom + 52.0)) { "what the law allows" }
        @if any_missed {
            (sign(false, left + 246.0, bottom + 48.0))
            text class="quiet small" x=(px(left + 258.0)) y=(px(bottom + 52.0)) { "not in time" }
        }
    };
    Chart { name, title, width: WIDTH, height: bottom + FOOT, body }
}

fn draw(mark: &Mark, x: Scale, y: f64) -> Markup {
    let [low, middle, high] = mark.y.map(|at| x.at(at));
    let link = mark.cells.first().map_or("#laws", |(link, _)| link);
    html! {
        a href=(link) {
            title { (describe(mark)) }
            @if low < high {
                line class=(if mark.held { "spread" } else { "miss" }) x1=(px(low)) x2=(px(high))
                    y1=(px(y)) y2=(px(y)) {}
            }
            (sign(mark.held, middle, y))
        }
    }
}
