//! The pages: HTML that needs nothing from anywhere else.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use run_record::{Outcome, RunRecord, TrialRecord};

use super::runs::FoundRun;

const STYLE: &str = include_str!("style.css");

fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · queuelab" }
                // Without it a browser asks for /favicon.ico.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// The list of runs.
pub(super) fn index(root: &Path, runs: &[FoundRun]) -> Markup {
    page(
        "Runs",
        &html! {
            h1 { "Runs" }
            @if runs.is_empty() {
                p { "There is no run in " code { (root.display()) } " yet. One is made by" }
                pre { "queuelab run smoke" }
            } @else {
                p.quiet { (runs.len()) " in " code { (root.display()) } ", newest first" }
                div.wide {
                    table {
                        thead {
                            tr {
                                th { "run" }
                                th { "started (UTC)" }
                                th.number { "trials" }
                                th.number { "attempts" }
                                th.number { "ok" }
                                th { "checks" }
                            }
                        }
                        tbody { @for run in runs { (row(run)) } }
                    }
                }
            }
        },
    )
}

fn link(run: &FoundRun) -> String {
    format!("/runs/{}/{}", url_segment(&run.scenario), url_segment(&run.time))
}

fn row(run: &FoundRun) -> Markup {
    let link = link(run);
    html! {
        tr {
            @match &run.contents {
                Ok((record, trials)) => {
                    @let attempts = trials.iter().map(|trial| trial.attempts).sum::<u64>();
                    @let ok = trials.iter().map(|trial| trial.outcomes.get(Outcome::Ok)).sum::<u64>();
                    td {
                        a href=(link) { (run.scenario) }
                        @if run.has_report { " · " a href=(format!("{link}/report.html")) { "report" } }
                        div.quiet { (record.scenario.question) }
                    }
                    td.time { (record.started.strftime("%Y-%m-%d %H:%M:%S")) }
                    td.number { (trials.len()) " / " (record.planned_trials) }
                    td.number { (report::count(attempts as i64)) }
                    td.number { (report::count(ok as i64)) }
                    td { (verdict(record, trials)) }
                }
                Err(error) => {
                    td { (run.scenario) div.quiet { (run.time) } }
                    td.failed colspan="5" { "failed to " (error) }
                }
            }
        }
    }
}

fn verdict(record: &RunRecord, trials: &[TrialRecord]) -> Markup {
    let breaches: usize = trials.iter().map(|trial| trial.breaches().count()).sum();
    match breaches {
        0 if trials.len() < record.planned_trials as usize => html! { "not finished" },
        0 => html! { span.held { "held" } },
        n => html! { span.failed { (n) " failed" } },
    }
}

/// One run.
pub(super) fn run(run: FoundRun) -> Markup {
    let title = format!("{} {}", run.scenario, run.time);
    let report = run.has_report.then(|| format!("{}/report.html", link(&run)));
    let body = match run.contents {
        Ok((record, trials)) => html! {
            (facts(&record, &trials))
            pre { (report::summary(&report::Run::new(record, trials))) }
        },
        Err(error) => html! { p.failed { "failed to " (error) } },
    };
    page(
        &title,
        &html! {
            p { a href="/" { "← all runs" } }
            h1 { (run.scenario) }
            @if let Some(report) = report { p { a href=(report) { "The report, with its charts" } } }
            (body)
        },
    )
}

fn facts(record: &RunRecord, trials: &[TrialRecord]) -> Markup {
    let machine = &record.machine;
    let gib = machine.memory_bytes as f64 / f64::from(1 << 30);
    let facts = [
        ("started", format!("{} UTC", record.started.strftime("%Y-%m-%d %H:%M:%S"))),
        ("trials", format!("{} of {}", trials.len(), record.planned_trials)),
        ("hosts", format!("{}: {}", record.backend.name, record.backend.details)),
        ("machine", format!("Linux {}, {} CPUs, {gib:.1} GiB", machine.kernel, machine.cpus)),
        ("made by", format!("queuelab {}", record.tool.version)),
    ];
    html! {
        dl {
            @for (name, value) in facts { dt { (name) } dd { (value) } }
            dt { "checks" } dd { (verdict(record, trials)) }
        }
    }
}

/// Where nothing is.
pub(super) fn not_found() -> Markup {
    page("Not found", &html! { h1 { "There is no such run." } p { a href="/" { "← all runs" } } })
}

/// Where the runs' directory itself fails.
pub(super) fn unreadable(root: &Path, error: &std::io::Error) -> Markup {
    page(
        "Unreadable",
        &html! {
            h1 { "The runs cannot be read." }
            p.failed { "failed to read " code { (root.display()) } ": " (error) }
        },
    )
}

/// A name as one segment of a URL's path: whatever is not unreserved there is
/// written as its bytes' numbers.
fn url_segment(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::url_segment;

    #[test]
    fn a_name_is_one_segment_of_a_link_whatever_is_in_it() {
        assert_eq!(url_segment("2026-01-02T03-04-05Z"), "2026-01-02T03-04-05Z");
        assert_eq!(url_segment("a b/c?d#é"), "a%20b%2Fc%3Fd%23%C3%A9");
    }
}
