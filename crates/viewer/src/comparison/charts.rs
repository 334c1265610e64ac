//! Charts of the same name beside each other.

use std::path::Path;

use maud::{Markup, html};

use crate::list;
use crate::page::url_segment;
use crate::runs::{self, Place};

/// A pair for each name that either run has a chart of.
pub(crate) fn pairs(root: &Path, base: &Place, new: &Place) -> Markup {
    let (of_base, of_new) = (base.charts(), new.charts());
    let mut names: Vec<_> = of_base.iter().chain(&of_new).collect();
    names.sort_by_key(|name| (list::rank(name), *name));
    names.dedup();
    // One trial's charts are of different trials in each run.
    let (of_trials, names): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| is_of_a_trial(name));
    let pair = |name: &String| {
        let drawn = [base, new].map(|place| Drawn::read(root, place, name));
        let is_wide = |drawn: &Option<Drawn>| drawn.as_ref().is_some_and(Drawn::is_wide);
        let class = if drawn.iter().any(is_wide) { "pair stacked" } else { "pair" };
        html! {
            div class=(class) {
                (chart(base, &of_base, name, "baseline"))
                (chart(new, &of_new, name, "new"))
            }
            @match drawn {
                [Some(base), Some(new)] if base.ticks == new.ticks => {
                    p.quiet { "Both on the same scale." }
                }
                [Some(_), Some(_)] => p.quiet.scales { "Their scales are not the same." },
                _ => {}
            }
        }
    };
    html! {
        @if names.is_empty() && of_trials.is_empty() {
            p.quiet { "Neither has charts. " code { "queuelab report RUN" } " draws them." }
        }
        @for name in names { (pair(name)) }
        @if !of_trials.is_empty() {
            details {
                summary { "Single trials" }
                p.quiet { "The trials that dropped most in each run; they need not be of the same cell." }
                @for name in of_trials { (pair(name)) }
            }
        }
    }
}

fn is_of_a_trial(chart: &str) -> bool {
    ["queue-", "burst-", "connects-"].iter().any(|kind| chart.starts_with(kind))
}

fn chart(place: &Place, charts: &[String], name: &String, side: &str) -> Markup {
    html! {
        figure {
            figcaption.quiet { (side) }
            @if charts.contains(name) {
                @let source = format!("{}/charts/{}.svg", place.link(), url_segment(name));
                a href=(source) { img src=(source) loading="lazy" alt=(format!("{name}, {side}")); }
            } @else {
                span.placeholder { "no " (name) }
            }
        }
    }
}

/// What a chart's file says of how it is drawn.
struct Drawn {
    /// What is written at its axes and scales.
    ticks: Vec<String>,
    /// Of what is drawn, pixels; 0 where it is not known.
    width: f64,
}

/// From so many pixels on two are above each other: half a page would make their
/// letters too small, or show half of each.
const WIDE: f64 = 640.0;

impl Drawn {
    /// None where there is no such chart.
    fn read(root: &Path, place: &Place, name: &str) -> Option<Self> {
        let names =
            [&place.scenario, &place.time, "charts", &format!("{name}.svg")].map(str::to_owned);
        let svg = String::from_utf8(runs::read(root, &names).ok()??).ok()?;
        let texts = svg.split("<text ").skip(1).filter_map(|text| {
            let (tag, rest) = text.split_once('>')?;
            let (text, _) = rest.split_once('<')?;
            // How many marks are at one place is no part of the scale.
            (tag.contains("quiet") && !text.starts_with('×')).then(|| text.trim().to_owned())
        });
        let width = svg.split_once("data-width=\"").and_then(|(_, rest)| rest.split('"').next());
        let width = width.and_then(|width| width.parse().ok()).unwrap_or(0.0);
        Some(Self { ticks: texts.collect(), width })
    }

    fn is_wide(&self) -> bool {
        self.width > WIDE
    }
}
