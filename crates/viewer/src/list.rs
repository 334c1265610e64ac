//! The list of runs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use run_view::number::count;

use crate::baseline::Baseline;
use crate::page::{self, Page};
use crate::run_folder::RunFolder;
use crate::site::Site;
use crate::summary::Summary;
use crate::thumbnail::thumbnail;
use crate::verdict::verdict;
use crate::{run_index, suites, watches};

/// The runs on a page.
const PAGE_SIZE: usize = 200;

/// A run in the list.
struct Row<'a> {
    folder: &'a RunFolder,
    summary: Result<Arc<Summary>, String>,
    is_running: bool,
    baseline: Option<Baseline<'a>>,
}

/// The list; `?from=N` skips the N newest runs.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Response {
    let from = query.ok().and_then(|Query(query)| query.get("from")?.parse().ok()).unwrap_or(0);
    let pages = site.pages.clone();
    let page = move || match run_index::list_runs(&site.runs) {
        Ok(runs) => list(&site, &runs, from),
        Err(error) => page::unreadable(&format!("read {}: {error}", site.runs.display())),
    };
    pages.run(page).await.into_response()
}

fn list(site: &Site, runs: &[RunFolder], from: usize) -> Page {
    let from = from.min(runs.len());
    let row = |(position, folder): (usize, _)| Row {
        folder,
        summary: site.summary(folder),
        is_running: folder.is_running(),
        baseline: Baseline::find(site, runs, position),
    };
    let rows: Vec<_> = runs.iter().enumerate().skip(from).take(PAGE_SIZE).map(row).collect();
    let older = from + rows.len();
    let body = html! {
        h1 { "Runs" }
        @if from == 0 { (watches::section(site)) }
        @if runs.is_empty() { (no_runs(&site.runs)) } @else {
            p.quiet {
                (runs.len()) " in " code { (site.runs.display()) } ", newest first"
                @if rows.len() < runs.len() { "; here " (from + 1) " to " (older) }
            }
            @if from == 0 { (suites::section(site)) }
            form action="/compare" method="get" {
                ol.runs { @for row in &rows { (card(row)) } }
                @if runs.len() > 1 {
                    p.bar {
                        button { "Compare" }
                        span.quiet { "the run chosen as " em { "new" } " with its " em { "baseline" } }
                    }
                }
            }
            p {
                @if from > 0 { a href="/" { "← newest runs" } " " }
                @if older < runs.len() { a href=(format!("/?from={older}")) { "older runs →" } }
            }
        }
    };
    Page { directives: "form-action 'self'".to_owned(), ..Page::new("Runs", body) }
}

fn no_runs(root: &Path) -> Markup {
    html! {
        p { "There is no run in " code { (root.display()) } " yet. To make one:" }
        pre { "queuelab run smoke" }
    }
}

fn card(row: &Row<'_>) -> Markup {
    let Row { folder, summary, is_running, baseline } = row;
    let link = folder.link();
    html! {
        li.card {
            a.thumbnail href=(link) tabindex="-1" aria-hidden="true" { (thumbnail(folder, *is_running)) }
            div.about {
                h2 {
                    a href=(link) { (folder.scenario) }
                    @match summary {
                        Ok(summary) => { " " (verdict(&summary.verdict, *is_running)) }
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
                    @if folder.has_report() { a href=(format!("{link}/report.html")) { "report" } }
                    @if let Some(baseline) = baseline { (baseline.link(folder)) }
                    @for (side, name) in [("base", "baseline"), ("new", "new")] {
                        label { input type="radio" name=(side) value=(folder.name()) required; (name) }
                    }
                }
            }
        }
    }
}

fn facts(summary: &Summary) -> Markup {
    html! {
        (summary.started.strftime("%Y-%m-%d %H:%M:%S")) " UTC · "
        (summary.verdict.trials) " / " (summary.verdict.planned) " trials"
        @if summary.is_quick { " (quick)" }
        " · " (count(summary.ok)) " of " (count(summary.attempts)) " ok"
        " · Linux " (summary.kernel) " · " (summary.backend)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use run_record::{Interleaved, InterleavedRole, RunDirectory};

    use super::*;

    #[test]
    fn an_interleaved_run_has_its_own_baseline_and_no_other_run_has_that() {
        let root = tempfile::tempdir().unwrap();
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (record, _) = RunDirectory::read(&sweep).unwrap();
        let put = |time: &str, interleaved: Option<(InterleavedRole, &str)>| {
            let mut record = record.clone();
            record.interleaved =
                interleaved.map(|(role, with)| Interleaved { role, with: with.to_owned() });
            let path = root.path().join("a").join(time);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        };
        put("1", None);
        put("2", Some((InterleavedRole::New, "2-base")));
        put("2-base", Some((InterleavedRole::Baseline, "2")));
        put("3", None);
        let site = Site::new(root.path(), std::time::Duration::ZERO);
        let runs = run_index::list_runs(root.path()).unwrap();
        let at = |time: &str| runs.iter().position(|run| run.time == time).unwrap();
        let baseline = |time: &str| Baseline::find(&site, &runs, at(time));
        assert_eq!(baseline("3"), Some(Baseline::Previous(&runs[at("2")])));
        assert_eq!(baseline("2"), Some(Baseline::Interleaved(&runs[at("2-base")])));
        assert_eq!(baseline("2-base"), None);
        assert_eq!(baseline("1"), None);
        let page = list(&site, &runs, 0).body.0;
        assert_eq!(page.matches("baseline of 2").count(), 1, "{page}");
        assert_eq!(page.matches("compare with its baseline").count(), 1, "{page}");
    }
}
