//! Disturbed trials in comparisons.

use compare::{Conclusion, Verdict, compare_laws};
use run_record::{Disturbance, DisturbanceCause, TrialRecord};
use serde_json::json;

use crate::synthetic::{Synthetic, compared, judged, slower};

fn disturb(trial: &mut TrialRecord) {
    let causes = vec![DisturbanceCause::OtherProcesses];
    trial.disturbance = Some(Disturbance { causes, ..Disturbance::default() });
}

#[test]
fn rates_of_disturbed_trials_are_no_finding() {
    let baseline = Synthetic::new(1, 2, 20, 0.02);
    let slow_and_disturbed = |repetitions: u32| {
        Synthetic::new(2, 2, 20, 0.02).each_trial(|trial| {
            if trial.repetition < repetitions {
                slower(trial);
                disturb(trial);
            }
        })
    };
    assert_eq!(judged(&baseline, &slow_and_disturbed(10)), Verdict::Held, "ten are left");
    assert_eq!(judged(&slow_and_disturbed(10), &baseline), Verdict::Held);
    let most = slow_and_disturbed(11);
    assert_eq!(judged(&baseline, &most), Verdict::Inconclusive, "too few are left");
    let comparison = compared(&baseline, &most);
    assert_eq!(comparison.json()["figures"][0]["trials"], json!({ "baseline": 20, "new": 9 }));
    let text: Vec<_> = comparison.text().split_whitespace().map(str::to_owned).collect();
    let text = text.join(" ");
    assert!(text.contains("the new run: 22 of 40 trials were disturbed"), "{text}");
    assert!(text.contains("run it again while the machine is idle"), "{text}");
    assert!(comparison.markdown().contains("Disturbed, and not compared"), "{text}");
    assert_eq!(comparison.json()["disturbed"].as_array().unwrap().len(), 1);
    let all = slow_and_disturbed(20);
    for (baseline, new) in [(&baseline, &all), (&all, &baseline), (&all, &all)] {
        assert_eq!(judged(baseline, new), Verdict::Inconclusive, "no metric is left");
    }
}

#[test]
fn a_mostly_disturbed_run_is_no_baseline_and_its_exact_laws_are_compared() {
    let baseline = Synthetic::new(1, 2, 1, 0.02);
    let disturbed = || Synthetic::new(2, 2, 1, 0.02).each_trial(disturb);
    let laws = compare_laws(&baseline.run(), &disturbed().run());
    assert_eq!(laws.conclusion(), Conclusion::Judged(Verdict::Held));
    assert!(laws.has_inconclusive_part(), "it cannot be the next baseline");
    assert_eq!(judged(&baseline, &disturbed()), Verdict::Inconclusive, "metrics");
    let changed = disturbed().each_trial(|trial| trial.laws[0].predicted += 1.0);
    let laws = compare_laws(&baseline.run(), &changed.run());
    assert_eq!(laws.conclusion(), Conclusion::Judged(Verdict::Regressed));
    assert!(laws.has_inconclusive_part(), "a regression does not hide it");
    let elsewhere = Synthetic::new(1, 2, 1, 0.02).record(|run| run.machine.cpus = 64);
    let comparison = compared(&elsewhere, &disturbed());
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::NoBaseline));
    assert!(comparison.has_inconclusive_part(), "it cannot be the next baseline");
}

#[test]
fn a_trial_counts_with_its_first_undisturbed_execution() {
    let baseline = Synthetic::new(1, 1, 10, 0.02);
    let mut new = Synthetic::new(2, 1, 10, 0.02);
    let mut again: Vec<_> = new.trials.clone();
    for (first, again) in new.trials.iter_mut().zip(&mut again) {
        again.retry = 1;
        slower(first);
        disturb(first);
    }
    new.trials.extend(again.clone());
    assert_eq!(judged(&baseline, &new), Verdict::Held, "the retries were not disturbed");
    again.iter_mut().for_each(|trial| {
        trial.retry = 2;
        slower(trial);
    });
    new.trials.extend(again);
    assert_eq!(judged(&baseline, &new), Verdict::Held, "later ones do not count");
}
