//! The list of runs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use run_record::Interleaved;

use crate::page::{self, Page, url_segment};
use crate::runs::{self, Place};
use crate::site::Site;
use crate::suites;
use crate::summaries::Summary;

/// Runs on a page.
const SHOWN: usize = 200;

/// A run in the list.
struct Row<'a> {
    place: &'a Place,
    summary: Result<Arc<Summary>, String>,
    is_running: bool,
    /// What it is to be held against.
    before: Option<Before<'a>>,
}

/// The list, `?from=N` newer runs left out.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Response {
    let from = query.ok().and_then(|Query(query)| query.get("from")?.parse().ok()).unwrap_or(0);
    page::answered(move || match runs::places(&site.runs) {
        Ok(places) => list(&site, &places, from).into_response(),
        Err(error) => page::unreadable(&site.runs, &error).into_response(),
    })
    .await
}

fn list(site: &Site, places: &[Place], from: usize) -> Page {
    let from = from.min(places.len());
    let row = |(position, place)| Row {
        place,
        summary: site.summaries.of(place),
        is_running: place.is_running(),
        before: before(site, places, position),
    };
    let rows: Vec<_> = places.iter().enumerate().skip(from).take(SHOWN).map(row).collect();
    let older = from + rows.len();
    let body = html! {
        h1 { "Runs" }
        @if places.is_empty() { (nothing(&site.runs)) } @else {
            p.quiet {
                (places.len()) " in " code { (site.runs.display()) } ", newest first"
                @if rows.len() < places.len() { "; here " (from + 1) " to " (older) }
            }
            @if from == 0 { (suites::section(site)) }
            form action="/compare" method="get" {
                ol.runs { @for row in &rows { (card(row)) } }
                @if places.len() > 1 {
                    p.bar {
                        button { "Compare" }
                        span.quiet { "the run chosen as " em { "new" } " with its " em { "baseline" } }
                    }
                }
            }
            p {
                @if from > 0 { a href="/" { "← newest runs" } " " }
                @if older < places.len() { a href=(format!("/?from={older}")) { "older runs →" } }
            }
        }
    };
    Page { allowed: "form-action 'self'".to_owned(), ..Page::new("Runs", body) }
}

/// What a run is to be held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Before<'a> {
    /// The run that took turns with it, as its baseline.
    Baseline(&'a Place),
    /// The run before it of the same scenario.
    Older(&'a Place),
}

impl Before<'_> {
    /// The way to the comparison, `new` being the run.
    pub(crate) fn link(&self, new: &Place) -> Markup {
        let (base, words) = match self {
            Self::Baseline(base) => (base, "against its baseline"),
            Self::Older(base) => (base, "against the run before"),
        };
        html! { a href=(base.link_to_compare(new)) { (words) } }
    }
}

/// What the run at `position` of all is to be held against; none of a baseline,
/// and nothing against one of another run.
pub(crate) fn before<'a>(site: &Site, places: &'a [Place], position: usize) -> Option<Before<'a>> {
    let summary = |place: &Place| site.summaries.of(place).ok();
    let is_baseline =
        |place: &Place| summary(place).is_some_and(|summary| summary.baseline_of().is_some());
    let (run, older) = places.get(position..)?.split_first()?;
    let of_run = summary(run);
    if of_run.as_ref().is_some_and(|summary| summary.baseline_of().is_some()) {
        return None;
    }
    let alike = |place: &&Place| place.scenario == run.scenario;
    if let Some(Interleaved { with, .. }) = of_run.as_ref().and_then(|run| run.interleaved.as_ref())
        && let Some(base) = places.iter().filter(alike).find(|place| place.time == *with)
    {
        return Some(Before::Baseline(base));
    }
    older.iter().filter(alike).find(|place| !is_baseline(place)).map(Before::Older)
}

fn nothing(root: &Path) -> Markup {
    html! {
        p { "There is no run in " code { (root.display()) } " yet. One is made by" }
        pre { "queuelab run smoke" }
    }
}

fn card(row: &Row<'_>) -> Markup {
    let Row { place, summary, is_running, before } = row;
    let link = place.link();
    html! {
        li.card {
            a.thumbnail href=(link) tabindex="-1" aria-hidden="true" { (thumbnail(place, *is_running)) }
            div.about {
                h2 {
                    a href=(link) { (place.scenario) }
                    @match summary {
                        Ok(summary) => { " " (verdict(summary, *is_running)) }
                        Err(_) => { " " span.failed { "✗ unreadable" } }
                    }
                }
                @match summary {
                    Ok(summary) => {
                        p { (summary.question) }
                        p.quiet { (facts(summary)) }
                        @if let Some(new) = summary.baseline_of() { p.quiet { "baseline of " (new) } }
                    }
                    Err(error) => p.failed { "failed to " (error) },
                }
                p.choices {
                    @if place.has_report() { a href=(format!("{link}/report.html")) { "report" } }
                    @if let Some(before) = before { (before.link(place)) }
                    @for (side, name) in [("base", "baseline"), ("new", "new")] {
                        label { input type="radio" name=(side) value=(place.name()) required; (name) }
                    }
                }
            }
        }
    }
}

fn facts(summary: &Summary) -> Markup {
    html! {
        (summary.started.strftime("%Y-%m-%d %H:%M:%S")) " UTC · "
        (summary.done) " / " (summary.planned) " trials"
        @if summary.is_quick { " (quick)" }
        " · " (run_view::number::count(summary.ok)) " of " (run_view::number::count(summary.attempts)) " ok"
        " · Linux " (summary.kernel) " · " (summary.backend)
    }
}

/// What became of a run, in a word or two.
pub(crate) fn verdict(summary: &Summary, is_running: bool) -> Markup {
    html! {
        @if is_running { span.running { "● running" } " " }
        @match summary.failed {
            0 if summary.is_finished => span.held {
                "✓ held" @if summary.flaky > 0 { ", " (summary.flaky) " only when run again" }
            },
            0 if is_running => {},
            0 => span.quiet { "not finished" },
            failed => span.failed { "✗ " (failed) " failed" },
        }
    }
}

/// The chart that tells most of a run.
fn thumbnail(place: &Place, is_running: bool) -> Markup {
    let charts = place.charts();
    match charts.iter().min_by_key(|name| rank(name)) {
        Some(name) => {
            let source = format!("{}/charts/{}.svg", place.link(), url_segment(name));
            html! { img src=(source) loading="lazy" alt=(name); }
        }
        None => html! {
            span.placeholder { @if is_running { "in progress" } @else { "no chart" } }
        },
    }
}

/// Who got in, over the whole matrix; else along an axis; else how it ended.
pub(crate) fn rank(chart: &str) -> usize {
    const ORDER: [&str; 6] =
        ["heat-success", "lines-success", "lines-", "heat-", "outcomes", "connect-latency"];
    ORDER.iter().position(|start| chart.starts_with(start)).unwrap_or(ORDER.len())
}

#[cfg(test)]
mod tests {
    use run_record::InterleavedRole;

    use super::*;

    #[test]
    fn a_heat_map_of_success_tells_most_and_one_trial_least() {
        let order = [
            "heat-success-snapshot",
            "lines-success",
            "lines-throughput",
            "heat-delivered",
            "outcomes",
            "connect-latency",
            "queue-00003",
        ];
        assert!(order.is_sorted_by_key(|name| rank(name)));
    }

    #[test]
    fn the_run_before_is_of_the_same_scenario() {
        let places = [place("a", "4"), place("b", "3"), place("a", "2"), place("a", "1")];
        let site = Site::new(Path::new("/nowhere"));
        assert_eq!(before(&site, &places, 0), Some(Before::Older(&places[2])));
        assert_eq!(before(&site, &places, 1), None);
        assert_eq!(before(&site, &places, 3), None);
    }

    fn place(scenario: &str, time: &str) -> Place {
        let path = Path::new("/nowhere").join(scenario).join(time);
        Place { scenario: scenario.to_owned(), time: time.to_owned(), path }
    }

    #[test]
    fn a_run_is_held_against_its_own_baseline_and_none_against_another_s() {
        let root = tempfile::tempdir().unwrap();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (record, _) = run_record::RunDirectory::read(&kept).unwrap();
        let put = |time: &str, interleaved: Option<(InterleavedRole, &str)>| {
            let mut record = record.clone();
            record.interleaved =
                interleaved.map(|(role, with)| Interleaved { role, with: with.to_owned() });
            let path = root.path().join("a").join(time);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        };
        put("1", None);
        put("2", Some((InterleavedRole::New, "2-base")));
        put("2-base", Some((InterleavedRole::Baseline, "2")));
        put("3", None);
        let site = Site::new(root.path());
        let places = runs::places(root.path()).unwrap();
        let at = |time: &str| places.iter().position(|place| place.time == time).unwrap();
        let before = |time: &str| before(&site, &places, at(time));
        assert_eq!(before("3"), Some(Before::Older(&places[at("2")])));
        assert_eq!(before("2"), Some(Before::Baseline(&places[at("2-base")])));
        assert_eq!(before("2-base"), None);
        assert_eq!(before("1"), None);
        let page = list(&site, &places, 0).body.0;
        assert_eq!(page.matches("baseline of 2").count(), 1, "{page}");
        assert_eq!(page.matches("against its baseline").count(), 1, "{page}");
    }
}
