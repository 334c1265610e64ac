//! Trials that were run again, in comparisons.

#[path = "../../report/tests/runs/mod.rs"]
mod runs;
#[path = "../../report/tests/runs/tries.rs"]
mod tries;

use compare::{Conclusion, Criteria, Verdict, compare};
use report::Run;
use run_record::TrialRecord;

use crate::tries::with_tries;

#[test]
fn a_breach_is_one_line_of_the_list_whatever_it_says_and_none_is_left_out() {
    let (record, mut trials) = with_tries(&[false, true]);
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
    let (record, trials) = with_tries(&[false, true]);
    let run = Run::new(record.clone(), trials);
    let comparison = compare(&run, &run, &Criteria::default());
    assert_ne!(comparison.conclusion(), Conclusion::Failed);
    let (_, broken) = with_tries(&[false, false]);
    let comparison = compare(&run, &Run::new(record, broken), &Criteria::default());
    assert_eq!(comparison.conclusion(), Conclusion::Failed);
    assert_ne!(comparison.conclusion(), Conclusion::Judged(Verdict::Held));
}
