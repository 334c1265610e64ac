//! The page of a run: its summary, or the live view while it is in progress.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use run_record::Machine;
use run_view::Run;
use run_view::number::gibibytes;
use run_view::prose::several;

use crate::baseline::Baseline;
use crate::live::FollowedRun;
use crate::page::{self, Page};
use crate::run_folder::RunFolder;
use crate::run_index;
use crate::site::Site;
use crate::summary::Summary;
use crate::verdict::verdict;
use crate::watches;

const SCRIPT: &str = include_str!("live.js");

/// The page of a run.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    UrlPath((scenario, time)): UrlPath<(String, String)>,
) -> Response {
    let pages = site.pages.clone();
    let page = move || match run_index::find_run(&site.runs, &scenario, &time) {
        Ok(Some(folder)) => run(&site, &folder),
        Ok(None) => page::not_found(),
        Err(error) => page::unreadable(&error),
    };
    pages.run(page).await.into_response()
}

/// What the page of a run shows of its contents.
#[derive(Debug)]
pub(crate) struct RunText {
    /// Its beginning, as HTML.
    top: String,
    /// The summary that `queuelab run` prints.
    summary: String,
    /// The run whose baseline it is, if it is one.
    baseline_of: Option<String>,
}

fn run(site: &Site, folder: &RunFolder) -> Page {
    if folder.is_watch() {
        return watches::page(site, folder);
    }
    let title = format!("{} {}", folder.scenario, folder.time);
    let page = match folder.is_running() {
        true => live(&title, folder),
        false => ended(&title, site, folder),
    };
    page.unwrap_or_else(|error| {
        let body = html! {
            (page::all_runs()) h1 { (folder.scenario) } p.failed { "failed to " (error) }
        };
        Page::new(title, body)
    })
}

/// The page of a run that is not in progress.
fn ended(title: &str, site: &Site, folder: &RunFolder) -> Result<Page, String> {
    let text = site.texts.get([folder], |stamps| {
        let run = folder.read()?;
        let summary = Summary::new(&run);
        let text = RunText {
            top: top(folder, &run, &summary, false).0,
            summary: report::summary(&run),
            baseline_of: summary.baseline_of().map(str::to_owned),
        };
        // It was read for this one, too.
        site.summaries.put([folder.clone()], stamps, summary);
        Ok::<_, String>(text)
    })?;
    let runs = run_index::list_runs(&site.runs).unwrap_or_default();
    let position = runs.iter().position(|other| other == folder);
    let baseline = position.and_then(|position| Baseline::find(site, &runs, position));
    let body = html! {
        (PreEscaped(&text.top))
        p.choices {
            @if folder.has_report() {
                a href=(format!("{}/report.html", folder.link())) { "The report, with its charts" }
            }
            @if let Some(baseline) = baseline { (baseline.link(folder)) }
            @if let Some(new) = &text.baseline_of { span.quiet { "baseline of " (new) } }
        }
        pre { (text.summary) }
    };
    Ok(Page::new(title, body))
}

/// The beginning of the page.
fn top(folder: &RunFolder, run: &Run, summary: &Summary, is_running: bool) -> Markup {
    html! {
        (page::all_runs())
        p.quiet { (folder.scenario) @if summary.is_quick { " · quick" } }
        h1 { (summary.question) }
        (facts(run, is_running))
    }
}

/// The page of a run in progress. Only its own script may run, which a nonce marks.
fn live(title: &str, folder: &RunFolder) -> Result<Page, String> {
    let run = folder.read()?;
    let top = top(folder, &run, &Summary::new(&run), true);
    let Run { record, .. } = run;
    let parts = FollowedRun::new(folder.clone(), record).update();
    let nonce = format!("{:016x}{:016x}", random(), random());
    let head = html! { noscript { meta http-equiv="refresh" content="3"; } };
    let body = html! {
        (top)
        section #live data-events=(format!("{}/events", folder.link())) {
            div #end role="status" { (PreEscaped(parts.end.unwrap_or_default())) }
            div #progress { (PreEscaped(parts.progress)) }
            div #now { (PreEscaped(parts.now)) }
            div #cells { (PreEscaped(parts.cells)) }
            p.quiet #connection { noscript { "Without JavaScript, this page reloads every 3 s." } }
        }
        script nonce=(nonce) { (PreEscaped(SCRIPT)) }
    };
    let directives = format!("form-action 'none'; script-src 'nonce-{nonce}'; connect-src 'self'");
    Ok(Page { head, directives, ..Page::new(title, body) })
}

/// A number that cannot be predicted, from the hash keys that the standard library takes from
/// the system.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

fn describe_machine(machine: &Machine) -> String {
    let cpus = several(machine.cpus.into(), "CPU");
    format!("Linux {}, {cpus}, {}", machine.kernel, gibibytes(machine.memory_bytes))
}

fn facts(run: &Run, is_running: bool) -> Markup {
    let record = &run.record;
    let facts = [
        ("started", format!("{} UTC", record.started.strftime("%Y-%m-%d %H:%M:%S"))),
        ("hosts", format!("{}: {}", record.backend.name, record.backend.details)),
        ("machine", describe_machine(&record.machine)),
        ("program", format!("queuelab {}", record.tool.version)),
    ];
    html! {
        dl {
            @for (name, value) in facts { dt { (name) } dd { (value) } }
            @if let Some(build) = &record.build { dt { "workers" } dd { (build) } }
            @if !is_running {
                dt { "trials" } dd { (run.verdict.trials) " of " (run.verdict.planned) }
                dt { "checks" } dd { (verdict(&run.verdict, is_running)) }
            }
        }
    }
}
