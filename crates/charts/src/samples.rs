//! Tooltips of the samples of a queue.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::depth::Depth;
use crate::layout::px;
use crate::window::Window;
use run_view::number::{count, nanoseconds};

/// The least width of a tooltip, pixels, which limits a chart to some hundreds of them.
pub(crate) const NARROW: f64 = 4.0;
/// The height of the mark of a single sample, pixels: upright, so many do not look like a
/// line.
const TICK: f64 = 6.0;

/// The vertical position of the queue's part of a chart, pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueArea {
    pub(crate) top: f64,
    pub(crate) height: f64,
}

/// The range of depths and limits in a window.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    window: Window,
    depth: (u32, u32),
    limit: (u32, u32),
}

impl Stretch {
    fn new(pair: &[Depth]) -> Self {
        let Depth { at_ns, depth, limit, .. } = pair[0];
        let window = Window { from: at_ns, to: pair[1].at_ns };
        Self { window, depth: (depth, depth), limit: (limit, limit) }
    }

    fn with(self, next: Self) -> Self {
        let both = |one: (u32, u32), other: (u32, u32)| (one.0.min(other.0), one.1.max(other.1));
        Self {
            window: Window { from: self.window.from, to: next.window.to },
            depth: both(self.depth, next.depth),
            limit: both(self.limit, next.limit),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.depth, self.limit) == (other.depth, other.limit)
    }
}

/// Tooltips over a line of samples, with the time, the depth and the limit. Narrow
/// neighbours share one.
pub(crate) fn tooltips(
    samples: &[Depth],
    begin: u64,
    at: QueueArea,
    x: impl Fn(u64) -> f64,
) -> Markup {
    let wide = |stretch: &Stretch| x(stretch.window.to) - x(stretch.window.from);
    let is_narrow = |stretch: &Stretch| wide(stretch) < NARROW;
    let steps = merge(samples.windows(2).map(Stretch::new), Stretch::is_same);
    let both = |last: &Stretch, next: &Stretch| is_narrow(last) && is_narrow(next);
    let stretches = merge(steps.into_iter(), both);
    html! {
        @for stretch in &stretches {
            rect x=(px(x(stretch.window.from))) y=(at.top) width=(px(wide(stretch)))
                height=(at.height) fill="transparent" {
                title {
                    (times(stretch.window, begin)) ": " (range(stretch.depth)) " queued, limit "
                    (range(stretch.limit))
                }
            }
        }
    }
}

/// Merges neighbours that belong together.
fn merge(
    stretches: impl Iterator<Item = Stretch>,
    belong_together: impl Fn(&Stretch, &Stretch) -> bool,
) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for next in stretches {
        match all.last_mut() {
            Some(last) if belong_together(last, &next) => *last = last.with(next),
            _ => all.push(next),
        }
    }
    all
}

/// The grey area of a window without samples except for single ones, with the reason.
pub(crate) fn gap_tooltip(
    reason: &str,
    gap: Window,
    samples: &[Depth],
    begin: u64,
    at: QueueArea,
    x: impl Fn(u64) -> f64,
) -> Markup {
    let depth = |sample: &Depth| sample.depth;
    let range = samples.iter().map(depth).min().zip(samples.iter().map(depth).max());
    html! {
        rect.unseen x=(px(x(gap.from))) y=(at.top) width=(px(x(gap.to) - x(gap.from)))
            height=(at.height) {
            title {
                (times(gap, begin)) ": " (reason)
                @if let Some(range) = range {
                    ", except for " (count(samples.len() as i64))
                    @if samples.len() == 1 { " sample: " } @else { " samples: " }
                    (self::range(range)) " queued"
                }
                "; the depth between samples is unknown"
            }
        }
    }
}

/// Marks of single samples, as a path without duplicates.
pub(crate) fn ticks(
    samples: &[Depth],
    x: impl Fn(u64) -> f64,
    y: impl Fn(&Depth) -> f64,
) -> String {
    let place = |sample: &Depth| (px(x(sample.at_ns).round()), px(y(sample) - TICK / 2.0));
    let marks: BTreeSet<_> = samples.iter().map(place).collect();
    marks.iter().map(|(x, y)| format!("M{x} {y}v{TICK}")).collect()
}

pub(crate) fn times(window: Window, begin: u64) -> String {
    let at = |ns: u64| nanoseconds(ns.saturating_sub(begin) as f64);
    format!("{} to {}", at(window.from), at(window.to))
}

pub(crate) fn range((least, most): (u32, u32)) -> String {
    match least == most {
        true => count(most),
        false => format!("{} to {}", count(least), count(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ns: u64, depth: u32) -> Depth {
        Depth { at_ns, depth, limit: 10, missed: 0 }
    }

    const AREA: QueueArea = QueueArea { top: 40.0, height: 200.0 };

    #[test]
    fn each_step_has_a_tooltip_and_narrow_steps_are_merged() {
        let line = [sample(0, 0), sample(100, 7), sample(101, 11), sample(102, 9), sample(200, 9)];
        let text = tooltips(&line, 0, AREA, |ns| ns as f64).0;
        let titles: Vec<_> = text.split("<title>").skip(1).collect();
        let texts = titles.iter().map(|rest| rest.split("</title>").next().unwrap());
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [
                "0 ns to 100 ns: 0 queued, limit 10",
                "100 ns to 102 ns: 7 to 11 queued, limit 10",
                "102 ns to 200 ns: 9 queued, limit 10",
            ]
        );
        let busy: Vec<_> = (0..100_000).map(|step| sample(step, step as u32 % 12)).collect();
        let text = tooltips(&busy, 0, AREA, |ns| ns as f64 / 109.0).0;
        assert!(text.len() < 40_000, "{}", text.len());
    }

    #[test]
    fn samples_within_a_gap_are_described() {
        let gap = Window { from: 10, to: 90 };
        let described = |samples: &[Depth]| {
            gap_tooltip("not sampled", gap, samples, 10, AREA, |ns| ns as f64).0
        };
        assert!(described(&[]).contains("0 ns to 80 ns: not sampled; the depth"));
        let some = described(&[sample(20, 4), sample(70, 0)]);
        assert!(some.contains("not sampled, except for 2 samples: 0 to 4 queued"), "{some}");
        let marks = ticks(&[sample(20, 4), sample(20, 4), sample(70, 0)], |ns| ns as f64, |_| 5.0);
        assert_eq!(marks, "M20 2v6M70 2v6");
    }
}
