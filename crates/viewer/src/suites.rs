//! The suites of the list: what became of each scenario of them.

use maud::{Markup, html};
use run_record::{MemberRecord, MemberVerdict, SuiteDirectory, SuiteRecord};

use crate::list;
use crate::runs::{self, Place};
use crate::site::Site;

/// Suites that are shown; older ones are in their directories.
const SHOWN: usize = 10;

/// The newest suites, each to be opened; nothing where there is none.
pub(crate) fn section(site: &Site) -> Markup {
    let suites = runs::suites(&site.runs).unwrap_or_default();
    html! {
        @if !suites.is_empty() {
            h2 { "Suites" }
            @for (number, place) in suites.iter().take(SHOWN).enumerate() {
                (suite(site, place, number == 0))
            }
            @if suites.len() > SHOWN { p.quiet { "… and " (suites.len() - SHOWN) " older" } }
            h2 { "Runs of scenarios" }
        }
    }
}

fn suite(site: &Site, place: &Place, is_open: bool) -> Markup {
    let record = match place
        .check_suite()
        .and_then(|()| SuiteDirectory::read(&place.path).map_err(|error| error.to_string()))
    {
        Ok(record) => record,
        Err(error) => {
            return html! { p { (place.name()) ": " span.failed { "✗ failed to " (error) } } };
        }
    };
    html! {
        details open[is_open] {
            summary { strong { (record.suite) } " " (place.time) " " (verdict(&record)) }
            p { (record.question) }
            div.wide {
                table.members {
                    thead { tr { th { "scenario" } th { "verdict" } th { "report" } th { "trials" } th { "took" } } }
                    tbody { @for member in &record.members { (row(site, member)) } }
                }
            }
            @if place.has_file("summary.md") {
                p { a href=(format!("{}/summary.md", place.link())) { "its summary" } }
            }
        }
    }
}

/// How many held, of all.
fn verdict(record: &SuiteRecord) -> Markup {
    let all = record.members.len();
    let of = |verdict| record.members.iter().filter(|member| member.verdict == verdict).count();
    let (held, failed) = (of(MemberVerdict::Held), of(MemberVerdict::Failed));
    html! {
        @if record.held() { span.held { "✓ held: all " (all) } }
        @else if failed > 0 || record.ended.is_some() {
            span.failed { "✗ " (held) " of " (all) " held" }
        }
        @else { span.quiet { (held) " of " (all) " held; it did not come to its end" } }
    }
}

fn row(site: &Site, member: &MemberRecord) -> Markup {
    let place = member.run.as_deref().and_then(|run| of_member(site, run));
    let summary = place.as_ref().and_then(|place| site.summaries.of(place).ok());
    html! {
        tr {
            th scope="row" {
                @match &place {
                    Some(place) => a href=(place.link()) { (member.scenario) },
                    None => (member.scenario),
                }
            }
            td {
                // What its run says counts, whatever the suite's record says of it.
                @match (&summary, member.verdict) {
                    (_, MemberVerdict::NotRun) => span.failed { "✗ not run" },
                    (None, _) => span.failed { "✗ its run is gone" },
                    (Some(_), MemberVerdict::Failed) => span.failed { "✗ failed" },
                    (Some(summary), _) => (list::verdict(summary, false)),
                }
                @if let Some(problem) = &member.problem { " " span.quiet { (problem) } }
            }
            td {
                @if let Some(place) = place.filter(Place::has_report) {
                    a href=(format!("{}/report.html", place.link())) { "report" }
                }
            }
            td { (member.trials) }
            td { (format!("{:.0} s", member.seconds)) }
        }
    }
}

/// The run that a suite's record names. The record may be a stranger's: its path is
/// taken apart, and what it names is looked for among the runs.
fn of_member(site: &Site, run: &str) -> Option<Place> {
    let (scenario, time) = run.strip_prefix("../../")?.split_once('/')?;
    runs::find(&site.runs, scenario, time).ok()?
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_suite_that_names_what_is_not_among_the_runs_leads_nowhere() {
        let root = tempfile::tempdir().unwrap();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let runs = root.path().join("runs");
        for place in [runs.join("sweep/1"), root.path().join("secret/1")] {
            fs::create_dir_all(&place).unwrap();
            fs::copy(kept.join("run.json"), place.join("run.json")).unwrap();
            fs::copy(kept.join("trials.jsonl"), place.join("trials.jsonl")).unwrap();
        }
        let site = Site::new(&runs);
        assert_eq!(
            of_member(&site, "../../sweep/1").map(|place| place.name()).as_deref(),
            Some("sweep/1")
        );
        for run in ["../../../secret/1", "../../sweep", "/etc/passwd", "../../sweep/1/run.json", ""]
        {
            assert!(of_member(&site, run).is_none(), "{run}");
        }
    }
}
