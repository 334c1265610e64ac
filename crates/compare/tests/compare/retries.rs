//! Retried trials in comparisons.

use compare::{Conclusion, Criteria, Verdict, compare};
use run_record::TrialRecord;
use run_view::Run;
use serde_json::json;

use crate::retried::with_executions;
use crate::synthetic::{Synthetic, compared, judged, slower};

#[test]
fn json_lists_every_violation_as_one_line() {
    let (record, mut trials) = with_executions(&[false, true]);
    let criteria = Criteria::default();
    let compared = |trials: &[TrialRecord]| {
        let run = Run::new(record.clone(), trials.to_vec());
        compare(&run, &run, &criteria).json()
    };
    let held = compared(&trials);
    assert_eq!(held["breaches"].as_array().unwrap().len(), 0, "{held}");
    assert_eq!(held["held_when_run_again"].as_array().unwrap().len(), 1, "{held}");
    let others = trials.iter_mut().filter(|trial| trial.laws[0].held == Some(true));
    let mut broken = 0;
    for trial in others.filter(|trial| trial.retry == 0) {
        for check in &mut trial.invariants {
            (check.held, check.detail) = (Some(false), "one\nand\r\ntwo:".to_owned());
            broken += 1;
        }
    }
    let failed = compared(&trials);
    let breaches = failed["breaches"].as_array().unwrap();
    assert!(broken > 20 && breaches.len() == broken, "{failed}");
    let is_line = |line: &str| line.starts_with("trial ") && line.ends_with("one and  two:");
    assert!(breaches.iter().all(|line| is_line(line.as_str().unwrap())), "{failed}");
    assert_eq!(failed["held_when_run_again"].as_array().unwrap().len(), 1, "{failed}");
}

#[test]
fn a_run_against_itself_fails_only_if_a_trial_failed_in_every_try() {
    let (record, trials) = with_executions(&[false, true]);
    let run = Run::new(record.clone(), trials);
    let comparison = compare(&run, &run, &Criteria::default());
    assert_ne!(comparison.conclusion(), Conclusion::Failed);
    let (_, broken) = with_executions(&[false, false]);
    let comparison = compare(&run, &Run::new(record, broken), &Criteria::default());
    assert_eq!(comparison.conclusion(), Conclusion::Failed);
    assert_ne!(comparison.conclusion(), Conclusion::Judged(Verdict::Held));
}

#[test]
fn a_retry_does_not_count_as_another_trial() {
    let mut new = Synthetic::new(2, 1, 9, 0.02).each_trial(slower);
    let mut retried = new.trials[0].clone();
    retried.retry = 1;
    new.trials.push(retried);
    let comparison = compared(&Synthetic::new(1, 1, 10, 0.02), &new);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Inconclusive));
    let text = comparison.text();
    assert!(text.contains("9 to 10 trials per side"), "{text}");
    assert_eq!(comparison.json()["figures"][0]["trials"], json!({ "baseline": 10, "new": 9 }));
}

/// Failed trials are retried, usually on an idle machine: a retry is not another sample and
/// does not make the run look better.
#[test]
fn a_retried_trial_counts_once_with_its_first_try() {
    let baseline = Synthetic::new(1, 1, 10, 0.02);
    let slow = || Synthetic::new(2, 1, 10, 0.02).each_trial(slower);
    let metrics = |new: &Synthetic| {
        let metrics = compared(&baseline, new).json()["figures"].clone();
        assert!(metrics.as_array().unwrap().len() > 3, "{metrics}");
        metrics
    };
    let mut retried = slow();
    for trial in slow().trials {
        for retry in 1..4 {
            let mut trial = trial.clone();
            trial.retry = retry;
            trial.rates.delivered *= 4.0;
            trial.rates.ingested = trial.rates.ingested.map(|rate| rate * 4.0);
            trial.delivery_latency.p99_ns *= u64::from(retry);
            retried.trials.push(trial);
        }
    }
    assert_eq!(metrics(&retried), metrics(&slow()), "medians, ratios, intervals, deltas and p");
    assert_eq!(judged(&baseline, &retried), Verdict::Regressed);
}
