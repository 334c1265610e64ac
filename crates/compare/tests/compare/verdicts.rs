//! The verdict on metrics.

use compare::{Conclusion, Criteria, MIN_TRIALS, Verdict, compare, compare_laws};
use serde_json::json;

use crate::extreme;
use crate::synthetic::{Synthetic, compared, judged, slower};

#[test]
fn no_comparison_of_20_pairs_of_equal_runs_finds_a_change() {
    for seed in 0..20 {
        let run = |seed| Synthetic::new(seed, 8, 10, 0.1);
        let comparison = compared(&run(2 * seed), &run(2 * seed + 1));
        let regressed = comparison.verdicts().find(|(_, _, found)| *found == Verdict::Regressed);
        assert_eq!(regressed, None, "seed {seed}: {}", comparison.text());
        assert_ne!(comparison.conclusion(), Conclusion::Judged(Verdict::Improved));
    }
}

#[test]
fn the_rate_of_false_changes_is_at_most_alpha() {
    // With this much noise, the median moves by more than the floor nearly every time.
    let changed = |seed: u64| {
        let run = |seed| Synthetic::new(seed, 1, 12, 0.6);
        let comparison = compared(&run(1_000 + 2 * seed), &run(1_001 + 2 * seed));
        let is_change = |found| matches!(found, Verdict::Regressed | Verdict::Improved);
        comparison.verdicts().any(|(_, _, found)| is_change(found))
    };
    let changed = (0..300).filter(|&seed| changed(seed)).count();
    // 5 % of 300, and three standard deviations of that.
    assert!(changed <= 15 + 12, "{changed} of 300");
}

#[test]
fn a_cell_that_is_25_percent_slower_is_found_and_nothing_else() {
    let baseline = Synthetic::new(1, 8, 12, 0.05);
    let new = Synthetic::new(2, 8, 12, 0.05).each_trial(|trial| {
        if trial.cell == 3 {
            slower(trial);
        }
    });
    let comparison = compared(&baseline, &new);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Regressed));
    let changed: Vec<_> =
        comparison.verdicts().filter(|(_, _, found)| *found != Verdict::Held).collect();
    let names: Vec<_> = changed.iter().map(|&(name, _, found)| (name, found)).collect();
    assert_eq!(names, [("delivered", Verdict::Regressed), ("ingested", Verdict::Regressed)]);
    assert!(changed.iter().all(|(_, place, _)| *place == changed[0].1), "{changed:?}");
    let text = comparison.text();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::assert_snapshot!(text);

    assert_eq!(judged(&new, &baseline), Verdict::Improved, "the other way round");
}

#[test]
fn fewer_than_10_trials_are_inconclusive() {
    let fewest = MIN_TRIALS as u32;
    let baseline = Synthetic::new(1, 2, fewest, 0.02);
    let few = Synthetic::new(2, 2, fewest - 1, 0.02).each_trial(slower);
    assert_eq!(judged(&baseline, &few), Verdict::Inconclusive);
    let enough = Synthetic::new(2, 2, fewest, 0.02).each_trial(slower);
    assert_eq!(judged(&baseline, &enough), Verdict::Regressed);
}

#[test]
fn cells_are_matched_by_their_place_on_the_axes() {
    let both = Synthetic::new(1, 2, 10, 0.02);
    let mut first = Synthetic::new(2, 1, 10, 0.02);
    // Another number, as in a run of only some of the cells.
    first = first.each_trial(|trial| trial.cell = 5);
    assert_eq!(judged(&both, &first), Verdict::Inconclusive, "a cell was not run");
    assert_eq!(judged(&first, &both), Verdict::NoBaseline, "a cell is new");
    let place = |run: &Synthetic| compared(&first, run).verdicts().next().unwrap();
    assert_eq!(place(&both).2, Verdict::Held);
    let nothing = Synthetic { record: both.record.clone(), trials: Vec::new() };
    assert_eq!(judged(&both, &nothing), Verdict::Inconclusive);
    assert_eq!(judged(&nothing, &nothing), Verdict::NoBaseline);
}

#[test]
fn an_unfinished_run_never_holds() {
    let complete = || Synthetic::new(1, 2, 10, 0.02);
    assert_eq!(judged(&complete(), &Synthetic::new(2, 2, 10, 0.02)), Verdict::Held);
    let short = Synthetic::new(2, 2, 10, 0.02).record(|record| record.planned_trials = 24);
    let unended = || Synthetic::new(2, 2, 10, 0.02).record(|record| record.ended = None);
    assert_eq!(judged(&complete(), &unended()), Verdict::Inconclusive);
    assert_eq!(judged(&short, &complete()), Verdict::Inconclusive);
    assert_eq!(
        judged(&complete(), &unended().each_trial(slower)),
        Verdict::Regressed,
        "a regression remains one"
    );
    let comparison = compared(&complete(), &short);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Inconclusive));
    let line = "the new run: 20 of 24 trials are recorded, without 20, 21, 22 and 23";
    assert!(comparison.text().contains(line), "{}", comparison.text());
    assert!(comparison.markdown().contains(line), "{}", comparison.markdown());
    assert_eq!(comparison.json()["unfinished"], json!([line]));
    let laws = compare_laws(&complete().run(), &short.run());
    assert_eq!(laws.conclusion(), Conclusion::Judged(Verdict::Inconclusive));
}

/// The conclusion of each comparison is a worse verdict, which must not hide that a part could
/// not be decided: such a run is no baseline.
#[test]
fn an_inconclusive_part_is_reported_whatever_the_conclusion_is() {
    let complete = |seed| Synthetic::new(seed, 2, 10, 0.02);
    let elsewhere = || complete(1).record(|run| run.machine.kernel = "6.1".to_owned());
    let undecided = || complete(2).each_trial(|trial| trial.laws[0].held = None);
    let unended = || complete(2).record(|run| run.ended = None);
    let mut missing = complete(2);
    missing.trials.pop();
    let one_cell = Synthetic::new(2, 1, 10, 0.02);
    let few = Synthetic::new(2, 2, 9, 0.02);
    for (part, baseline, new, conclusion) in [
        ("an undecided law", elsewhere(), undecided(), Verdict::NoBaseline),
        ("an undecided law", complete(1), undecided().each_trial(slower), Verdict::Regressed),
        ("no end", elsewhere(), unended(), Verdict::NoBaseline),
        ("no end", complete(1), unended().each_trial(slower), Verdict::Regressed),
        ("a missing trial", elsewhere(), missing, Verdict::NoBaseline),
        ("an unended baseline", unended(), complete(2).each_trial(slower), Verdict::Regressed),
        ("a cell that was not run", elsewhere(), one_cell, Verdict::NoBaseline),
        ("too few trials", complete(1), few, Verdict::Inconclusive),
    ] {
        let comparison = compared(&baseline, &new);
        assert_eq!(comparison.conclusion(), Conclusion::Judged(conclusion), "{part}");
        assert!(comparison.has_inconclusive_part(), "{part}: {}", comparison.text());
        assert_eq!(comparison.json()["inconclusive"], true, "{part}");
    }
    for (baseline, new, conclusion) in [
        (elsewhere(), complete(2), Verdict::NoBaseline),
        (complete(1), complete(2).each_trial(slower), Verdict::Regressed),
        (complete(1), complete(2), Verdict::Held),
    ] {
        let comparison = compared(&baseline, &new);
        assert_eq!(comparison.conclusion(), Conclusion::Judged(conclusion));
        assert!(!comparison.has_inconclusive_part(), "{}", comparison.text());
    }
}

#[test]
fn a_failed_check_of_the_new_run_fails_the_comparison_with_any_baseline() {
    let sound = Synthetic::new(1, 2, 10, 0.02);
    let break_one = |made: Synthetic| {
        made.each_trial(|trial| {
            if trial.id == 7 {
                trial.invariants[0].held = Some(false);
            }
        })
    };
    let broken = break_one(Synthetic::new(2, 2, 10, 0.02)).each_trial(slower);
    let elsewhere = Synthetic::new(1, 2, 10, 0.02).record(|run| run.machine.cpus = 64);
    for baseline in [&sound, &elsewhere, &broken] {
        let comparison = compared(baseline, &broken);
        assert_eq!(comparison.conclusion(), Conclusion::Failed);
        let text = comparison.text();
        let (failed, verdict) = (text.find("FAILED: 1 of").unwrap(), text.find("Verdict: FAILED"));
        assert!(failed < 400 && verdict.is_some(), "before the rest: {text}");
    }
    let comparison = compared(&break_one(Synthetic::new(2, 2, 10, 0.02)), &sound);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Held));
    assert!(comparison.text().contains("Some checks failed in the baseline."));
}

#[test]
fn runs_with_extreme_numbers_are_compared() {
    let largest = [json!(u64::MAX), json!(i64::MAX), json!(u32::MAX), json!(u8::MAX)];
    let smallest = [json!(i64::MIN), json!(0)];
    for name in ["sweep", "server-death", "bursts"] {
        let large = extreme::with_extremes(name, &largest);
        let small = extreme::with_extremes(name, &smallest);
        for run in [&large, &small] {
            assert!(!compare(&large, run, &Criteria::default()).text().is_empty());
        }
    }
}
