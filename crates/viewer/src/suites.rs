//! The suites in the list, each with its scenarios.

use std::sync::Arc;

use maud::{Markup, html};
use run_record::{MemberState, SuiteDirectory, SuiteMember, SuiteRecord, SuiteVerdict, Verdict};

use crate::run_folder::RunFolder;
use crate::run_index;
use crate::site::Site;
use crate::summary::Summary;

/// The suites on the page; older ones are in their directories.
const MAX_SUITES: usize = 10;

/// A scenario of a suite, and its run if it is still there.
struct Member {
    verdict: SuiteMember,
    run: Option<RunFolder>,
    trials: u32,
    seconds: f64,
}

/// The newest suites, the first of them open; empty if there are none.
pub(crate) fn section(site: &Site) -> Markup {
    let suites = run_index::list_suites(&site.runs).unwrap_or_default();
    html! {
        @if !suites.is_empty() {
            h2 { "Suites" }
            @for (number, folder) in suites.iter().take(MAX_SUITES).enumerate() {
                (suite(site, folder, number == 0))
            }
            @if suites.len() > MAX_SUITES { p.quiet { "… and " (suites.len() - MAX_SUITES) " older" } }
            h2 { "Runs of scenarios" }
        }
    }
}

fn suite(site: &Site, folder: &RunFolder, is_open: bool) -> Markup {
    let record = match folder
        .open_records()
        .and_then(|opened| SuiteDirectory::read_in(&opened).map_err(|error| error.to_string()))
    {
        Ok(record) => record,
        Err(error) => {
            return html! { p { (folder.name()) ": " span.failed { "✗ failed to " (error) } } };
        }
    };
    let (verdict, members) = members(site, &record);
    html! {
        details open[is_open] {
            summary { strong { (record.suite) } " " (folder.time) " " (headline(&record, verdict, &members)) }
            p { (record.question) }
            div.wide {
                table.members {
                    thead { tr { th { "scenario" } th { "verdict" } th { "report" } th { "trials" } th { "took" } } }
                    tbody { @for member in &members { (row(member)) } }
                }
            }
            @if folder.has_file("summary.md") {
                p { a href=(format!("{}/summary.md", folder.link())) { "summary" } }
            }
        }
    }
}

/// The verdict on a suite and its members, from the runs that are there now: the record of a
/// suite does not know which of them were removed or resumed later.
fn members(site: &Site, record: &SuiteRecord) -> (Verdict, Vec<Member>) {
    let runs: Vec<Option<RunFolder>> = record
        .members
        .iter()
        .map(|member| member.run.as_deref().and_then(|run| find_member(site, run)))
        .collect();
    let summaries: Vec<Option<Result<Arc<Summary>, String>>> =
        runs.iter().map(|run| run.as_ref().map(|run| site.summary(run))).collect();
    let verdicts: Vec<_> = summaries
        .iter()
        .map(|summary| {
            let summary = summary.as_ref()?.as_ref();
            Some(summary.map(|summary| &summary.verdict).map_err(String::as_str))
        })
        .collect();
    let SuiteVerdict { verdict, members } = SuiteVerdict::new(&record.members, &verdicts);
    let members = members.into_iter().zip(runs).zip(&record.members);
    let members = members.map(|((verdict, run), record)| Member {
        verdict,
        run,
        trials: record.trials,
        seconds: record.seconds,
    });
    (verdict, members.collect())
}

/// How many scenarios held.
fn headline(record: &SuiteRecord, verdict: Verdict, members: &[Member]) -> Markup {
    let all = members.len();
    let held = members.iter().filter(|member| member.verdict.state.is_passed()).count();
    let is_skipped = |member: &&Member| member.verdict.state == MemberState::Skipped;
    let skipped = members.iter().filter(is_skipped).count();
    let failed = members.iter().any(|member| member.verdict.state == MemberState::Failed);
    html! {
        @if verdict.is_passed() && skipped == 0 { span.held { "✓ held: all " (all) } }
        @else if verdict.is_passed() {
            span.held { "✓ held: " (held) " of " (all) ", the others were skipped" }
        }
        @else if verdict == Verdict::Inconclusive {
            span.quiet {
                "? inconclusive: " (held) " of " (all) " held, the others were disturbed"
                @if skipped > 0 { " or skipped" }
            }
        }
        @else if failed || record.ended.is_some() {
            span.failed { "✗ " (held) " of " (all) " held" }
        }
        @else { span.quiet { (held) " of " (all) " held; not finished" } }
    }
}

fn row(Member { verdict, run, trials, seconds }: &Member) -> Markup {
    html! {
        tr {
            th scope="row" {
                @match run {
                    Some(run) => a href=(run.link()) { (verdict.scenario) },
                    None => (verdict.scenario),
                }
            }
            td {
                (state(verdict))
                @if let Some(problem) = &verdict.problem { " " span.quiet { (problem) } }
            }
            td {
                @if let Some(run) = run.as_ref().filter(|run| run.has_report()) {
                    a href=(format!("{}/report.html", run.link())) { "report" }
                }
            }
            td { (trials) }
            td { (format!("{seconds:.0} s")) }
        }
    }
}

fn state(member: &SuiteMember) -> Markup {
    html! {
        @match member.state {
            MemberState::Held => span.held { "✓ held" },
            MemberState::HeldOnRetry => span.held {
                "✓ held, " (member.held_on_retry) " only when run again"
            },
            MemberState::Failed => span.failed { "✗ failed" },
            MemberState::Inconclusive => span.quiet {
                "? inconclusive: most trials were disturbed"
            },
            MemberState::Skipped => span.quiet { "skipped" },
            state => span.failed { "✗ " (state.label()) },
        }
    }
}

/// The run that a suite's record names. The record may come from elsewhere: its path is split
/// into names, which are only compared with those of the runs.
fn find_member(site: &Site, run: &str) -> Option<RunFolder> {
    let (scenario, time) = run.strip_prefix("../../")?.split_once('/')?;
    run_index::find_run(&site.runs, scenario, time).ok()?
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_suite_only_links_to_runs_below_the_directory() {
        let root = tempfile::tempdir().unwrap();
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let runs = root.path().join("runs");
        for folder in [runs.join("sweep/1"), root.path().join("secret/1")] {
            fs::create_dir_all(&folder).unwrap();
            fs::copy(sweep.join("run.json"), folder.join("run.json")).unwrap();
            fs::copy(sweep.join("trials.jsonl"), folder.join("trials.jsonl")).unwrap();
        }
        let site = Site::new(&runs, std::time::Duration::ZERO);
        assert_eq!(
            find_member(&site, "../../sweep/1").map(|run| run.name()).as_deref(),
            Some("sweep/1")
        );
        for run in ["../../../secret/1", "../../sweep", "/etc/passwd", "../../sweep/1/run.json", ""]
        {
            assert!(find_member(&site, run).is_none(), "{run}");
        }
    }
}
