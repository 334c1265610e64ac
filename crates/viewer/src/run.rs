//! The page of one run: its summary, or how it goes on.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use run_record::{Machine, RunRecord};
use run_view::number::gibibytes;
use run_view::prose::several;

use crate::list;
use crate::live::Followed;
use crate::page::{self, Page};
use crate::runs::{self, Place};
use crate::site::Site;
use crate::summaries::Summary;

const SCRIPT: &str = include_str!("live.js");

/// A run's page.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    UrlPath((scenario, time)): UrlPath<(String, String)>,
) -> Response {
    page::answered(move || match runs::find(&site.runs, &scenario, &time) {
        Ok(Some(place)) => run(&site, &place).into_response(),
        Ok(None) => page::not_found().into_response(),
        Err(error) => page::unreadable(&site.runs, &error).into_response(),
    })
    .await
}

fn run(site: &Site, place: &Place) -> Page {
    let title = format!("{} {}", place.scenario, place.time);
    let is_running = place.is_running();
    let (record, trials) = match place.read() {
        Ok(contents) => contents,
        Err(error) => {
            let body = html! {
                (page::all_runs()) h1 { (place.scenario) } p.failed { "failed to " (error) }
            };
            return Page::new(title, body);
        }
    };
    let summary = Summary::of(&record, &trials);
    let top = html! {
        (page::all_runs())
        p.quiet { (place.scenario) @if summary.is_quick { " · quick" } }
        h1 { (summary.question) }
        (facts(&record, &summary, is_running))
    };
    if is_running {
        return progress(title, &top, place, record);
    }
    let places = runs::places(&site.runs).unwrap_or_default();
    let position = places.iter().position(|other| other == place);
    let before = position.and_then(|position| list::before(site, &places, position));
    let body = html! {
        (top)
        p.choices {
            @if place.has_report() {
                a href=(format!("{}/report.html", place.link())) { "The report, with its charts" }
            }
            @if let Some(before) = before { (before.link(place)) }
            @if let Some(new) = summary.baseline_of() { span.quiet { "baseline of " (new) } }
        }
        pre { (report::summary(&run_view::Run::new(record, trials))) }
    };
    Page::new(title, body)
}

/// The page of a run in progress. Its script is the page's alone: a number that
/// nobody can guess says so.
fn progress(title: String, top: &Markup, place: &Place, record: RunRecord) -> Page {
    let shown = Followed::new(place.clone(), record).look();
    let nonce = format!("{:016x}{:016x}", unguessable(), unguessable());
    let head = html! { noscript { meta http-equiv="refresh" content="3"; } };
    let body = html! {
        (top)
        section #live data-events=(format!("{}/events", place.link())) {
            div #end role="status" { (PreEscaped(shown.end.unwrap_or_default())) }
            div #progress { (PreEscaped(shown.progress)) }
            div #now { (PreEscaped(shown.now)) }
            div #cells { (PreEscaped(shown.cells)) }
            p.quiet #connection { noscript { "Without JavaScript this page is loaded again every 3 s." } }
        }
        script nonce=(nonce) { (PreEscaped(SCRIPT)) }
    };
    let allowed = format!("form-action 'none'; script-src 'nonce-{nonce}'; connect-src 'self'");
    Page { head, allowed, ..Page::new(title, body) }
}

/// A number of its own, from the keys that the system gives each process.
fn unguessable() -> u64 {
    RandomState::new().hash_one(())
}

/// A machine in a line.
fn machine_told(machine: &Machine) -> String {
    let cpus = several(machine.cpus.into(), "CPU");
    format!("Linux {}, {cpus}, {}", machine.kernel, gibibytes(machine.memory_bytes))
}

fn facts(record: &RunRecord, summary: &Summary, is_running: bool) -> Markup {
    let machine = &record.machine;
    let facts = [
        ("started", format!("{} UTC", record.started.strftime("%Y-%m-%d %H:%M:%S"))),
        ("hosts", format!("{}: {}", record.backend.name, record.backend.details)),
        ("machine", machine_told(machine)),
        ("made by", format!("queuelab {}", record.tool.version)),
    ];
    html! {
        dl {
            @for (name, value) in facts { dt { (name) } dd { (value) } }
            @if let Some(build) = &record.build { dt { "parts in the hosts" } dd { (build) } }
            @if !is_running {
                dt { "trials" } dd { (summary.done) " of " (summary.planned) }
                dt { "checks" } dd { (list::verdict(summary, is_running)) }
            }
        }
    }
}
