//! The outcomes of the attempts, as a bar per cell.

use maud::html;
use run_record::Outcome;

use crate::chart::Chart;
use crate::colour::outcome_colour;
use crate::colour::text_on_outcome;
use crate::layout::{px, text_width};
use run_view::Cell;
use run_view::number::{count, percent, total};

/// With more cells the bars are unreadable; the heat maps have the values.
const MAX_CELLS: usize = 40;

const ROW: f64 = 24.0;
const BAR: f64 = 420.0;
const HEAD: f64 = 30.0;

/// The bars; `None` without cells or with too many.
pub fn outcomes(cells: &[Cell<'_>]) -> Option<Chart> {
    if cells.is_empty() || cells.len() > MAX_CELLS {
        return None;
    }
    let ended = |cell: &Cell<'_>, outcome| -> u64 {
        total(cell.trials.iter().map(|trial| trial.outcomes.get(outcome)))
    };
    let happened: Vec<_> = Outcome::ALL
        .into_iter()
        .filter(|&outcome| cells.iter().any(|cell| ended(cell, outcome) > 0))
        .collect();
    let names = cells.iter().map(|cell| text_width(&cell.place()) * 0.95);
    let left = names.fold(60.0, f64::max) + 12.0;
    let mut legend = Vec::new();
    let mut at = left;
    for &outcome in &happened {
        legend.push((outcome, at));
        at += text_width(outcome.name()) + 28.0;
    }
    let width = (left + BAR + 6.0).max(at);
    let body = html! {
        @for (outcome, at) in &legend {
            rect x=(px(*at)) y="6" width="12" height="12" rx="2" fill=(outcome_colour(*outcome)) {}
            text x=(px(at + 17.0)) y="16" { (outcome) }
        }
        @for (row, cell) in cells.iter().enumerate() {
            @let y = HEAD + row as f64 * ROW;
            @let all = total(happened.iter().map(|&outcome| ended(cell, outcome)));
            text.end x=(px(left - 8.0)) y=(px(y + 15.0)) { (cell.place()) }
            a href=(format!("#cell-{}", cell.number)) {
                @for (outcome, from, part) in parts(&happened, all, |outcome| ended(cell, outcome)) {
                    @let attempts = count(ended(cell, outcome));
                    rect x=(px(left + from * BAR)) y=(px(y)) width=(px((part * BAR).max(0.6)))
                        height=(ROW - 4.0) fill=(outcome_colour(outcome)) {
                        title {
                            (cell.place()) "\n" (outcome) ": " (attempts) " of "
                            (count(all)) " attempts, " (percent(part)) " %"
                        }
                    }
                    @if part * BAR > text_width(&attempts) + 6.0 {
                        text class=(format!("middle {}", text_on_outcome(outcome)))
                            x=(px(left + (from + part / 2.0) * BAR))
                            y=(px(y + 14.5)) { (attempts) }
                    }
                }
            }
            @if all == 0 {
                rect.empty x=(px(left)) y=(px(y)) width=(BAR) height=(ROW - 4.0) {}
            }
        }
    };
    let height = HEAD + cells.len() as f64 * ROW + 4.0;
    let title = "Attempts by their outcome, in each cell".to_owned();
    Some(Chart { name: "outcomes".to_owned(), title, width, height, body })
}

/// For each outcome of a cell, the start and the length of its part, as shares of the bar.
fn parts(happened: &[Outcome], all: u64, of: impl Fn(Outcome) -> u64) -> Vec<(Outcome, f64, f64)> {
    let mut from = 0.0;
    let mut parts = Vec::new();
    for &outcome in happened.iter().filter(|&&outcome| of(outcome) > 0) {
        let part = of(outcome) as f64 / all as f64;
        parts.push((outcome, from, part));
        from += part;
    }
    parts
}
