//! Disturbed trials in reports, and runs that did not record what disturbed them.

use report::{Run, answer, files, summary};
use run_record::{Disturbance, DisturbanceCause, DisturbanceThresholds, RunRecord, TrialRecord};

use crate::runs::load_run;

/// The recorded sweep, of which these trials were disturbed.
fn sweep(is_disturbed: impl Fn(&TrialRecord) -> bool) -> Run {
    let (record, mut trials) = load_run("sweep");
    for trial in trials.iter_mut().filter(|trial| is_disturbed(trial)) {
        trial.disturbance = Some(Disturbance {
            window_seconds: 2.0,
            cpus: 2,
            other_cpu_seconds: 2.52,
            causes: vec![DisturbanceCause::OtherProcesses],
            ..Disturbance::default()
        });
    }
    let disturbance_thresholds = Some(DisturbanceThresholds::CURRENT);
    Run::new(RunRecord { disturbance_thresholds, ..record }, trials)
}

fn page(run: &Run) -> String {
    let no_rows = tempfile::tempdir().unwrap();
    let files = files(run, no_rows.path()).files;
    let (_, bytes) = files.into_iter().find(|(name, _)| name == "report.html").unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_answer_is_that_of_undisturbed_trials() {
    let undisturbed = answer(&sweep(|_| false));
    // Repetitions differ little: a repetition less gives nearly the same answer.
    let run = sweep(|trial| trial.repetition == 0);
    assert!(run.trials.iter().any(|trial| trial.repetition > 0));
    let some = answer(&run);
    assert!(some.contains("trials were disturbed (other processes)"), "{some}");
    assert_ne!(some, undisturbed);
    let all = answer(&sweep(|_| true));
    assert_eq!(all, "No rate, share or time was found: every trial was disturbed.");
}

#[test]
fn a_cell_without_undisturbed_trials_is_marked_in_tables_and_maps() {
    let of_cell = |trial: &TrialRecord| trial.cell == 3;
    let run = sweep(of_cell);
    let text = summary(&run);
    assert!(text.contains("⚠\u{a0}") || text.contains("⚠ "), "{text}");
    assert!(text.contains("every trial of the cell was disturbed"), "{text}");
    let html = page(&run);
    assert!(html.contains("no finding: every trial was disturbed"), "{html}");
    assert!(html.contains("A trial is disturbed if other processes took 20 % of the CPU time"));
    assert!(html.contains("<td>yes, disturbed</td>"), "{html}");
    assert!(!summary(&sweep(|_| false)).contains('⚠'));
}

#[test]
fn a_run_of_an_earlier_version_has_no_disturbance() {
    let (record, trials) = load_run("sweep");
    assert!(record.disturbance_thresholds.is_none());
    let html = page(&Run::new(record, trials));
    let text = "Not recorded: whether other processes disturbed the trials is not known.";
    assert!(html.contains(text), "{html}");
}
