//! The charts of two runs, those with the same name side by side.

use std::io::Read;

use maud::{Markup, html};

use crate::run_folder::RunFolder;
use crate::thumbnail::rank;
use crate::url::url_segment;

/// A pair for each name of a chart of either run.
pub(crate) fn pairs(base: &RunFolder, new: &RunFolder) -> Markup {
    let (base_charts, new_charts) = (base.charts(), new.charts());
    let mut names: Vec<_> = base_charts.iter().chain(&new_charts).collect();
    names.sort_by_key(|name| (rank(name), *name));
    names.dedup();
    // The charts of single trials show different trials in each run.
    let (trial_charts, names): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| is_of_one_trial(name));
    let pair = |name: &String| {
        let files = [base, new].map(|folder| ChartFile::read(folder, name));
        let is_wide = |file: &Option<ChartFile>| file.as_ref().is_some_and(ChartFile::is_wide);
        let class = if files.iter().any(is_wide) { "pair stacked" } else { "pair" };
        html! {
            div class=(class) {
                (chart(base, &base_charts, name, "baseline"))
                (chart(new, &new_charts, name, "new"))
            }
            @match files {
                [Some(base), Some(new)] if base.ticks == new.ticks => {
                    p.quiet { "Both on the same scale." }
                }
                [Some(_), Some(_)] => p.quiet.scales { "Their scales differ." },
                _ => {}
            }
        }
    };
    html! {
        @if names.is_empty() && trial_charts.is_empty() {
            p.quiet { "Neither run has charts. To draw them: " code { "queuelab report RUN" } }
        }
        @for name in names { (pair(name)) }
        @if !trial_charts.is_empty() {
            details {
                summary { "Single trials" }
                p.quiet { "The trials of each run that dropped most; they can be of different cells." }
                @for name in trial_charts { (pair(name)) }
            }
        }
    }
}

fn is_of_one_trial(chart: &str) -> bool {
    ["queue-", "burst-", "connects-"].iter().any(|kind| chart.starts_with(kind))
}

fn chart(folder: &RunFolder, charts: &[String], name: &String, side: &str) -> Markup {
    html! {
        figure {
            figcaption.quiet { (side) }
            @if charts.contains(name) {
                @let source = format!("{}/charts/{}.svg", folder.link(), url_segment(name));
                a href=(source) { img src=(source) loading="lazy" alt=(format!("{name}, {side}")); }
            } @else {
                span.placeholder { "no " (name) }
            }
        }
    }
}

/// The layout of a chart, read from its file.
struct ChartFile {
    /// The labels of its axes and scales.
    ticks: Vec<String>,
    /// Its width, pixels; 0 if unknown.
    width: f64,
}

/// The width from which on two charts are placed one above the other, pixels: half a page
/// would make their labels too small, or cut them off.
const MIN_STACKED_WIDTH: f64 = 640.0;

/// The bytes of a chart that are read: more than the largest one has.
const MAX_CHART: u64 = 16 << 20;

impl ChartFile {
    /// `None` if there is no such chart.
    fn read(folder: &RunFolder, name: &str) -> Option<Self> {
        let charts = folder.open().ok()?.folder("charts").ok()??;
        let file = charts.read(&format!("{name}.svg")).ok()??;
        let mut svg = String::new();
        file.take(MAX_CHART).read_to_string(&mut svg).ok()?;
        let texts = svg.split("<text ").skip(1).filter_map(|text| {
            let (tag, rest) = text.split_once('>')?;
            let (text, _) = rest.split_once('<')?;
            // The number of marks at one place is not part of the scale.
            (tag.contains("quiet") && !text.starts_with('×')).then(|| text.trim().to_owned())
        });
        let width = svg.split_once("data-width=\"").and_then(|(_, rest)| rest.split('"').next());
        let width = width.and_then(|width| width.parse().ok()).unwrap_or(0.0);
        Some(Self { ticks: texts.collect(), width })
    }

    fn is_wide(&self) -> bool {
        self.width > MIN_STACKED_WIDTH
    }
}
