//! The page of a run: its summary, or the live view while it is in progress.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use run_record::{Machine, RunRecord};
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

const SCRIPT: &str = include_str!("live.js");

/// The page of a run.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    UrlPath((scenario, time)): UrlPath<(String, String)>,
) -> Response {
    page::from_files(move || match run_index::find_run(&site.runs, &scenario, &time) {
        Ok(Some(folder)) => run(&site, &folder).into_response(),
        Ok(None) => page::not_found().into_response(),
        Err(error) => page::unreadable(&site.runs, &error).into_response(),
    })
    .await
}

fn run(site: &Site, folder: &RunFolder) -> Page {
    let title = format!("{} {}", folder.scenario, folder.time);
    let is_running = folder.is_running();
    let (record, trials) = match folder.read() {
        Ok(contents) => contents,
        Err(error) => {
            let body = html! {
                (page::all_runs()) h1 { (folder.scenario) } p.failed { "failed to " (error) }
            };
            return Page::new(title, body);
        }
    };
    let run = Run::new(record, trials);
    let summary = Summary::new(&run);
    let top = html! {
        (page::all_runs())
        p.quiet { (folder.scenario) @if summary.is_quick { " · quick" } }
        h1 { (summary.question) }
        (facts(&run, is_running))
    };
    if is_running {
        return live(title, &top, folder, run.record);
    }
    let runs = run_index::list_runs(&site.runs).unwrap_or_default();
    let position = runs.iter().position(|other| other == folder);
    let baseline = position.and_then(|position| Baseline::find(site, &runs, position));
    let body = html! {
        (top)
        p.choices {
            @if folder.has_report() {
                a href=(format!("{}/report.html", folder.link())) { "The report, with its charts" }
            }
            @if let Some(baseline) = baseline { (baseline.link(folder)) }
            @if let Some(new) = summary.baseline_of() { span.quiet { "baseline of " (new) } }
        }
        pre { (report::summary(&run)) }
    };
    Page::new(title, body)
}

/// The page of a run in progress. Only its own script may run, which a nonce marks.
fn live(title: String, top: &Markup, folder: &RunFolder, record: RunRecord) -> Page {
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
    Page { head, directives, ..Page::new(title, body) }
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
