//! The charts of two runs, those of the same kind side by side.

use charts::Chart;
use maud::{Markup, html};

use crate::run_folder::RunFolder;
use crate::thumbnail::rank;
use crate::url::url_segment;

/// The width from which on two charts are placed one above the other, pixels: half a page
/// would make their labels too small, or cut them off.
const MIN_STACKED_WIDTH: f64 = 640.0;

/// The names of the sides.
const SIDES: [&str; 2] = ["baseline", "new"];

/// The charts of both runs, which have the same scales, and the files of the charts of single
/// trials, which do not.
pub(crate) fn all(folders: [&RunFolder; 2], charts: &[Vec<Chart>; 2]) -> Markup {
    let pairs = paired([&charts[0], &charts[1]]);
    let reports =
        folders.map(|folder| folder.has_report().then(|| format!("{}/report.html", folder.link())));
    html! {
        @if pairs.is_empty() {
            p.quiet { "Neither run has anything to draw." }
        } @else {
            p.quiet {
                "The charts of both runs have the same scales: equal colours, heights and positions are \
                 equal values."
            }
        }
        @for pair in &pairs { (row(pair, &reports)) }
        (single_trials(folders))
    }
}

/// A chart of each side.
type Pair<'a> = [Option<&'a Chart>; 2];

/// The pairs with the same name. A chart without one is paired with one of the same kind, which
/// shows the same metric at another place in the matrix.
fn paired(sides: [&[Chart]; 2]) -> Vec<Pair<'_>> {
    let find = |charts: &'_ [Chart], name: &str| charts.iter().any(|chart| chart.name == name);
    let [base, new] = sides;
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for chart in base.iter().filter(|chart| find(new, &chart.name)) {
        pairs.push([Some(chart), new.iter().find(|other| other.name == chart.name)]);
    }
    let mut others: Vec<_> = new.iter().filter(|chart| !find(base, &chart.name)).collect();
    for chart in base.iter().filter(|chart| !find(new, &chart.name)) {
        let same = others.iter().position(|other| kind(other) == kind(chart));
        pairs.push([Some(chart), same.map(|at| others.remove(at))]);
    }
    pairs.extend(others.into_iter().map(|chart| [None, Some(chart)]));
    let name = |pair: &Pair<'_>| pair.iter().flatten().next().map(|chart| chart.name.clone());
    pairs.sort_by_key(|pair| name(pair).map(|name| (rank(&name), name)));
    pairs
}

/// What a chart shows, without its place in the matrix: its title names the place last.
fn kind(chart: &Chart) -> (&str, &str) {
    let drawn = chart.name.split('-').next().unwrap_or_default();
    (drawn, chart.title.split(" · ").next().unwrap_or_default())
}

fn row(pair: &Pair<'_>, reports: &[Option<String>; 2]) -> Markup {
    let is_wide = pair.iter().flatten().any(|chart| chart.width > MIN_STACKED_WIDTH);
    html! {
        div class=(if is_wide { "pair stacked" } else { "pair" }) {
            @for ((chart, report), side) in pair.iter().zip(reports).zip(SIDES) {
                div {
                    p.side { (side) }
                    @match chart {
                        Some(chart) => (linked(chart, report.as_deref())),
                        None => p.quiet { "nothing to draw" },
                    }
                }
            }
        }
    }
}

/// A chart with links into the report of its run; without links if there is none.
fn linked(chart: &Chart, report: Option<&str>) -> Markup {
    chart.relinked(|id| Some(format!("{}#{id}", report?))).inline()
}

/// The files of the charts of single trials, folded.
fn single_trials(folders: [&RunFolder; 2]) -> Markup {
    let charts = folders.map(|folder| {
        let mut charts = folder.charts();
        charts.retain(|name| is_of_one_trial(name));
        charts
    });
    html! {
        @if charts.iter().any(|charts| !charts.is_empty()) {
            details {
                summary { "Single trials" }
                p.quiet {
                    "The trials of each run that dropped most; they can be of different cells. Each \
                     chart has the axes of its own trial."
                }
                @for ((folder, charts), side) in folders.iter().zip(&charts).zip(SIDES) {
                    @for name in charts {
                        @let source = format!("{}/charts/{}.svg", folder.link(), url_segment(name));
                        figure.trial-chart {
                            figcaption.side { (side) }
                            a href=(source) { img src=(source) loading="lazy" alt=(format!("{name}, {side}")); }
                        }
                    }
                }
            }
        }
    }
}

fn is_of_one_trial(chart: &str) -> bool {
    ["queue-", "burst-", "connects-"].iter().any(|kind| chart.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    fn chart(name: &str, title: &str) -> Chart {
        let (name, title) = (name.to_owned(), title.to_owned());
        Chart { name, title, width: 100.0, height: 10.0, body: html! { a href="#cell-1" { "x" } } }
    }

    #[test]
    fn charts_of_one_metric_are_paired_although_the_matrices_differ() {
        let base = [
            chart("heat-success-design-a", "Success · design a"),
            chart("heat-success-design-b", "Success · design b"),
            chart("outcomes", "Outcomes"),
        ];
        let new = [chart("outcomes", "Outcomes"), chart("heat-success", "Success")];
        let names =
            |pair: &Pair<'_>| pair.map(|chart| chart.map_or("", |chart| &chart.name).to_owned());
        let pairs: Vec<_> = paired([&base, &new]).iter().map(names).collect();
        let expected = [
            ["heat-success-design-a", "heat-success"],
            ["heat-success-design-b", ""],
            ["outcomes", "outcomes"],
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn charts_lead_to_the_report_of_their_run_if_it_has_one() {
        let chart = chart("outcomes", "Outcomes");
        let with = linked(&chart, Some("/runs/sweep/1/report.html")).0;
        assert!(with.contains("href=\"/runs/sweep/1/report.html#cell-1\""), "{with}");
        assert!(!linked(&chart, None).0.contains("href"));
    }
}
