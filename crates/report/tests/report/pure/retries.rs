//! Retried trials in reports, and runs of the schema without retries.

use report::{Run, files, summary};
use run_record::RunVerdict;

use crate::retried::with_executions;
use crate::runs::load_run;

fn file(run: &Run, name: &str) -> String {
    let no_rows = tempfile::tempdir().unwrap();
    let files = files(run, no_rows.path()).files;
    let (_, bytes) = files.into_iter().find(|(found, _)| found == name).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_run_of_the_first_schema_is_read_and_reported() {
    for name in ["sweep", "server-death"] {
        let (record, trials) = load_run(name);
        assert_eq!(
            (record.schema_version, record.retries),
            (1, 0),
            "unchanged since it was written"
        );
        assert!(!trials.is_empty() && trials.iter().all(|trial| trial.retry == 0));
        let run = Run::new(record, trials);
        assert!(summary(&run).contains(" checks passed") && !summary(&run).contains("run again"));
        assert!(file(&run, "junit.xml").contains("flakes=\"0\""));
    }
}

#[test]
fn trials_that_held_on_retry_are_reported_in_every_format() {
    let (record, trials) = with_executions(&[false, false, true]);
    let id = trials[3].id;
    let run = Run::new(record, trials);
    let text = summary(&run);
    assert!(text.contains("Passed, but 1 trial held only when run again (2 of"), "{text}");
    assert!(text.contains(&format!("\n  trial {id}, retry 1 (")) && !text.contains("Not finished"));
    let junit = file(&run, "junit.xml");
    let suites = roxmltree::Document::parse(&junit).unwrap();
    let named = |name: &'static str| suites.descendants().filter(move |n| n.has_tag_name(name));
    assert_eq!((named("failure").count(), named("rerunFailure").count()), (0, 0), "{junit}");
    let flaky: Vec<_> = named("flakyFailure").collect();
    assert_eq!(flaky.len(), 2, "{junit}");
    let message = flaky[0].attribute("message").unwrap();
    assert!(message.starts_with(&format!("trial {id}: law `")), "{message}");
    assert!(flaky[0].parent().unwrap().has_tag_name("testcase"));
    assert_eq!(flaky[0].first_element_child().unwrap().tag_name().name(), "stackTrace");
    assert_eq!(named("testsuite").next().unwrap().attribute("flakes"), Some("1"));
    let markdown = file(&run, "summary.md");
    assert!(
        markdown.contains("⚠️ **16 of 16 trials. Passed, but 1 trial held only when run again"),
        "{markdown}"
    );
    let page = file(&run, "report.html");
    assert!(page.contains("held only when run again") && page.contains(&format!("{id}, retry 2")));
    let annotation = report::run_annotation(&run).unwrap();
    assert!(annotation.starts_with(
        "::warning title=queuelab backlog-sweep::16 of 16 trials. Passed, but 1 trial"
    ));
}

/// Formats render the stored verdict, and do not decide again from the trials.
#[test]
fn every_format_reads_the_stored_verdict_of_a_trial_and_a_cell() {
    let (mut record, mut trials) = with_executions(&[false]);
    record.verdict = Some(RunVerdict::new(&record, &trials));
    let id = trials[3].id;
    // Its trials by themselves would hold.
    trials[3].laws[0].held = Some(true);
    let run = Run::new(record, trials);
    let csv = file(&run, "cells.csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "breaches").unwrap();
    let breaches: Vec<u32> =
        rows.records().map(|row| row.unwrap()[column].parse().unwrap()).collect();
    assert_eq!(breaches.iter().sum::<u32>(), 1, "{csv}");
    let junit = file(&run, "junit.xml");
    assert!(junit.contains(&format!("trial {id}: FAILED; ")), "{junit}");
    let page = file(&run, "report.html");
    assert!(page.contains(&format!("<td>{id}</td><td>no</td>")), "{page}");
    assert!(page.contains(&format!("<li>trial {id}: law `")), "{page}");
}

#[test]
fn a_trial_that_never_held_fails_with_all_its_executions() {
    let (record, trials) = with_executions(&[false, false]);
    let run = Run::new(record, trials);
    assert!(summary(&run).contains("FAILED: 2 of"), "{}", summary(&run));
    let junit = file(&run, "junit.xml");
    assert_eq!(junit.matches("<failure ").count(), 1);
    assert_eq!(junit.matches("<rerunFailure ").count(), 1);
    assert!(!junit.contains("<flakyFailure ") && junit.contains("failures=\"1\""), "{junit}");
    assert!(report::run_annotation(&run).unwrap().starts_with("::error "));
}

#[test]
fn a_violated_invariant_fails_despite_a_retry() {
    let (record, mut trials) = with_executions(&[false, true]);
    trials[3].invariants[0].held = Some(false);
    let run = Run::new(record, trials);
    assert!(summary(&run).contains("FAILED: "), "{}", summary(&run));
    assert!(file(&run, "junit.xml").contains("<failure "), "{}", file(&run, "junit.xml"));
}

#[test]
fn every_execution_is_counted() {
    let (record, trials) = with_executions(&[false, true]);
    let attempts: u64 = trials.iter().map(|trial| trial.attempts).sum();
    let planned = record.planned_trials;
    let run = Run::new(record, trials);
    let thousands = report::count(attempts as i64);
    assert!(summary(&run).contains(&format!("{thousands} attempts in {} trials", planned + 1)));
}
