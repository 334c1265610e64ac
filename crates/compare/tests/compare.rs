//! A run held against its baseline: runs made from one that is kept here, with
//! figures that vary from trial to trial as a seed says.

#[path = "../../report/tests/runs/extreme.rs"]
mod extreme;
#[path = "../../report/tests/runs/mod.rs"]
mod runs;

use compare::{Comparison, Conclusion, Criteria, FEWEST_TRIALS, Verdict, compare, compare_laws};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use report::Run;
use run_record::{RunRecord, TrialRecord};
use serde_json::json;

/// What a test says of a run.
struct Made {
    record: RunRecord,
    trials: Vec<TrialRecord>,
}

impl Made {
    /// So many repetitions of each of `cells` cells, with figures around the same
    /// middle: `noise` is their standard deviation, as a part of it.
    fn new(seed: u64, cells: usize, repetitions: u32, noise: f64) -> Self {
        let (mut record, mut kept) = runs::kept("sweep");
        kept.retain(|trial| trial.repetition == 0);
        kept.sort_by_key(|trial| trial.cell);
        kept.truncate(cells);
        record.planned_trials = kept.len() as u32 * repetitions;
        let mut rng = StdRng::seed_from_u64(seed);
        let mut trials = Vec::new();
        for repetition in 0..repetitions {
            for cell in &kept {
                let mut trial = cell.clone();
                trial.id = trials.len() as u32;
                trial.repetition = repetition;
                let mut around = |middle: f64| {
                    // Of twelve, the sum's standard deviation is 1, and its mean 6.
                    let sum: f64 = (0..12).map(|_| rng.random::<f64>()).sum();
                    middle * (1.0 + noise * (sum - 6.0))
                };
                trial.rates.delivered = around(40_000.0);
                trial.rates.ingested = Some(around(1_000.0));
                trial.delivery_latency.p99_ns = around(80e6) as u64;
                trials.push(trial);
            }
        }
        Self { record, trials }
    }

    fn record(mut self, change: impl FnOnce(&mut RunRecord)) -> Self {
        change(&mut self.record);
        self
    }

    fn each(mut self, change: impl FnMut(&mut TrialRecord)) -> Self {
        self.trials.iter_mut().for_each(change);
        self
    }

    fn run(&self) -> Run {
        Run::new(self.record.clone(), self.trials.clone())
    }
}

fn compared(baseline: &Made, new: &Made) -> Comparison {
    compare(&baseline.run(), &new.run(), &Criteria::default())
}

fn judged(baseline: &Made, new: &Made) -> Verdict {
    let comparison = compared(baseline, new);
    match comparison.conclusion() {
        Conclusion::Judged(verdict) => verdict,
        Conclusion::Failed => panic!("{}", comparison.written()),
    }
}

fn slower(trial: &mut TrialRecord) {
    trial.rates.delivered *= 0.75;
    trial.rates.ingested = trial.rates.ingested.map(|rate| rate * 0.75);
}

#[test]
fn of_20_comparisons_of_the_same_none_is_regressed() {
    for seed in 0..20 {
        let made = |seed| Made::new(seed, 8, 10, 0.1);
        let comparison = compared(&made(2 * seed), &made(2 * seed + 1));
        let regressed = comparison.verdicts().find(|(_, _, found)| *found == Verdict::Regressed);
        assert_eq!(regressed, None, "seed {seed}: {}", comparison.written());
        assert_ne!(comparison.conclusion(), Conclusion::Judged(Verdict::Improved));
    }
}

#[test]
fn chance_is_taken_for_a_change_as_seldom_as_asked() {
    // So noisy that the floor alone would find a change nearly every time.
    let changed = |seed: u64| {
        let made = |seed| Made::new(seed, 1, 12, 0.6);
        let comparison = compared(&made(1_000 + 2 * seed), &made(1_001 + 2 * seed));
        let is_change = |found| matches!(found, Verdict::Regressed | Verdict::Improved);
        comparison.verdicts().any(|(_, _, found)| is_change(found))
    };
    let changed = (0..300).filter(|&seed| changed(seed)).count();
    // 5 % of 300, and three standard deviations of that.
    assert!(changed <= 15 + 12, "{changed} of 300");
}

#[test]
fn a_quarter_slower_is_found_and_nothing_else() {
    let baseline = Made::new(1, 8, 12, 0.05);
    let new = Made::new(2, 8, 12, 0.05).each(|trial| {
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
    let text = comparison.written();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::assert_snapshot!(text);

    assert_eq!(judged(&new, &baseline), Verdict::Improved, "the other way round");
}

#[test]
fn a_long_table_shows_what_did_not_hold() {
    let many = |seed, change: fn(&mut TrialRecord)| {
        let mut made = Made::new(seed, 8, 10, 0.02);
        let more = made.trials.iter().flat_map(|trial| {
            (1..=3).map(move |times| {
                let mut trial = trial.clone();
                trial.id += 1_000 * times;
                trial.cell += 8 * times;
                trial.point.insert("load.messages".to_owned(), json!(times));
                trial
            })
        });
        made.trials = more.collect();
        made.each(change)
    };
    let same: fn(&mut TrialRecord) = |_| {};
    let new = many(2, |trial| {
        if trial.cell == 20 {
            slower(trial);
        }
    });
    let text = compared(&many(1, same), &new).written();
    assert!(text.contains("… and 23 cells in which it held"), "{text}");
    assert!(text.contains("attempts (more is better; 10 trials a side): held"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn fewer_than_ten_trials_decide_nothing() {
    let fewest = FEWEST_TRIALS as u32;
    let baseline = Made::new(1, 2, fewest, 0.02);
    let few = Made::new(2, 2, fewest - 1, 0.02).each(slower);
    assert_eq!(judged(&baseline, &few), Verdict::Inconclusive);
    let enough = Made::new(2, 2, fewest, 0.02).each(slower);
    assert_eq!(judged(&baseline, &enough), Verdict::Regressed);
}

#[test]
fn figures_compare_on_the_same_machine_and_of_the_same_scenario_only() {
    let baseline = Made::new(1, 2, 10, 0.02);
    let with = |change: fn(&mut RunRecord)| Made::new(2, 2, 10, 0.02).record(change);
    type Change = fn(&mut RunRecord);
    let unlike: [(Change, &str); 9] = [
        (|run| run.machine.kernel = "6.1.0".to_owned(), "kernel: 6.18.44-fc-v595 in the baseline"),
        (|run| run.machine.architecture = "aarch64".to_owned(), "architecture: x86_64"),
        (|run| run.machine.cpus = 8, "CPUs: 2 in the baseline, 8 here"),
        (|run| run.machine.memory_bytes = run.machine.memory_bytes / 100 * 94, "memory: "),
        (|run| run.backend.name = "docker".to_owned(), "backend: netns in the baseline"),
        (|run| run.scenario.name = "other".to_owned(), "scenario: backlog-sweep in the baseline"),
        (
            |run| run.scenario.resolved["server"]["accept_delay"] = json!("5ms"),
            "server.accept_delay: 0s in the baseline, 5ms here",
        ),
        (
            |run| run.scenario.resolved["load"]["new_setting"] = json!([1, 2]),
            "load.new_setting: nothing in the baseline, [1,2] here",
        ),
        (|run| run.axes.truncate(2), "axes: load.clients, server.backlog, server.design in the"),
    ];
    for (change, said) in unlike {
        let comparison = compared(&baseline, &with(change).each(slower));
        let text = comparison.written();
        assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::NoBaseline), "{text}");
        assert!(text.contains(said) && comparison.verdicts().next().is_none(), "{said}: {text}");
    }
    let alike: [fn(&mut RunRecord); 5] = [
        |run| run.machine.memory_bytes = run.machine.memory_bytes / 100 * 96,
        |run| run.tool.commit = Some("another".to_owned()),
        |run| run.scenario.resolved["repeat"] = json!(10),
        |run| run.scenario.resolved["record"] = json!({ "attempts": true, "timelines": true }),
        |run| run.backend.details = "in an unprivileged user namespace".to_owned(),
    ];
    for change in alike {
        assert_eq!(judged(&baseline, &with(change)), Verdict::Held);
    }
}

#[test]
fn what_fails_in_the_new_run_fails_whatever_the_baseline() {
    let sound = Made::new(1, 2, 10, 0.02);
    let break_one = |made: Made| {
        made.each(|trial| {
            if trial.id == 7 {
                trial.invariants[0].held = Some(false);
            }
        })
    };
    let broken = break_one(Made::new(2, 2, 10, 0.02)).each(slower);
    let elsewhere = Made::new(1, 2, 10, 0.02).record(|run| run.machine.cpus = 64);
    for baseline in [&sound, &elsewhere, &broken] {
        let comparison = compared(baseline, &broken);
        assert_eq!(comparison.conclusion(), Conclusion::Failed);
        let text = comparison.written();
        let (failed, verdict) = (text.find("FAILED: 1 of").unwrap(), text.find("Verdict: FAILED"));
        assert!(failed < 400 && verdict.is_some(), "told first: {text}");
    }
    let comparison = compared(&break_one(Made::new(2, 2, 10, 0.02)), &sound);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Held));
    assert!(comparison.written().contains("Not everything held in the baseline itself"));
}

#[test]
fn laws_bind_across_machines() {
    let baseline = || Made::new(1, 2, 10, 0.02).record(|run| run.machine.kernel = "6.1".to_owned());
    let new = |change: fn(&mut TrialRecord)| Made::new(2, 2, 10, 0.02).each(change);
    let another = new(|trial| {
        trial.laws[0].predicted += 1.0;
        trial.laws[0].measured = Some(trial.laws[0].predicted);
    });
    let comparison = compared(&baseline(), &another);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Regressed));
    let text = comparison.written();
    let words: Vec<_> = text.split_whitespace().collect();
    assert!(words.join(" ").contains("predicts 10 in the baseline, 11 here"), "{text}");

    let same_machine = Made::new(1, 2, 10, 0.02);
    let undecided = new(|trial| trial.laws[0].held = None);
    assert_eq!(judged(&same_machine, &undecided), Verdict::Inconclusive);
    let text = compared(&same_machine, &new(|trial| trial.laws.clear())).written();
    assert!(text.contains("Verdict: inconclusive (2 laws undecided, 12 figures held)"), "{text}");

    // Of other settings, another prediction is no wonder.
    let other = another.record(|run| run.scenario.resolved["load"]["size"] = json!(31));
    assert_eq!(judged(&baseline(), &other), Verdict::NoBaseline);
}

#[test]
fn cells_are_matched_by_their_place() {
    let both = Made::new(1, 2, 10, 0.02);
    let mut first = Made::new(2, 1, 10, 0.02);
    // Numbered otherwise, as a run of some of the cells is.
    first = first.each(|trial| trial.cell = 5);
    assert_eq!(judged(&both, &first), Verdict::Inconclusive, "a cell was not run");
    assert_eq!(judged(&first, &both), Verdict::NoBaseline, "a cell is new");
    let place = |run: &Made| compared(&first, run).verdicts().next().unwrap();
    assert_eq!(place(&both).2, Verdict::Held);
    let nothing = Made { record: both.record.clone(), trials: Vec::new() };
    assert_eq!(judged(&both, &nothing), Verdict::Inconclusive);
    assert_eq!(judged(&nothing, &nothing), Verdict::NoBaseline);
}

#[test]
fn a_run_that_came_to_no_end_is_never_held() {
    let whole = || Made::new(1, 2, 10, 0.02);
    assert_eq!(judged(&whole(), &Made::new(2, 2, 10, 0.02)), Verdict::Held);
    let short = Made::new(2, 2, 10, 0.02).record(|record| record.planned_trials = 24);
    let unended = || Made::new(2, 2, 10, 0.02).record(|record| record.ended = None);
    assert_eq!(judged(&whole(), &unended()), Verdict::Inconclusive);
    assert_eq!(judged(&short, &whole()), Verdict::Inconclusive);
    assert_eq!(judged(&whole(), &unended().each(slower)), Verdict::Regressed, "that stays one");
    let comparison = compared(&whole(), &short);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Inconclusive));
    let line = "the new run: 20 of 24 trials were run";
    assert!(comparison.written().contains(line), "{}", comparison.written());
    assert!(comparison.markdown().contains(line), "{}", comparison.markdown());
    assert_eq!(comparison.json()["unfinished"], json!([line]));
    let laws = compare_laws(&whole().run(), &short.run());
    assert_eq!(laws.conclusion(), Conclusion::Judged(Verdict::Inconclusive));
}

#[test]
fn another_try_is_not_another_trial() {
    let mut new = Made::new(2, 1, 9, 0.02).each(slower);
    let mut again = new.trials[0].clone();
    again.retry = 1;
    new.trials.push(again);
    let comparison = compared(&Made::new(1, 1, 10, 0.02), &new);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Inconclusive));
    let text = comparison.written();
    assert!(text.contains("9 to 10 trials a side"), "{text}");
    assert_eq!(comparison.json()["figures"][0]["trials"], json!({ "baseline": 10, "new": 9 }));
}

/// What did not hold is run again, mostly when the machine is at rest: that is no
/// further sample, and does not make the run look better.
#[test]
fn a_trial_that_was_run_again_counts_once_with_its_first_try() {
    let baseline = Made::new(1, 1, 10, 0.02);
    let slow = || Made::new(2, 1, 10, 0.02).each(slower);
    let figures = |new: &Made| {
        let figures = compared(&baseline, new).json()["figures"].clone();
        assert!(figures.as_array().unwrap().len() > 3, "{figures}");
        figures
    };
    let mut again = slow();
    for trial in slow().trials {
        for retry in 1..4 {
            let mut trial = trial.clone();
            trial.retry = retry;
            trial.rates.delivered *= 4.0;
            trial.rates.ingested = trial.rates.ingested.map(|rate| rate * 4.0);
            trial.delivery_latency.p99_ns *= u64::from(retry);
            again.trials.push(trial);
        }
    }
    assert_eq!(figures(&again), figures(&slow()), "medians, ratios, intervals, deltas and p");
    assert_eq!(judged(&baseline, &again), Verdict::Regressed);
}

#[test]
fn the_summary_page_says_what_was_not_looked_at() {
    let new = Made::new(2, 1, 10, 0.02);
    let laws = compare_laws(&Made::new(1, 2, 10, 0.02).run(), &new.run()).markdown();
    assert!(laws.contains("Cells that were not run:\n\n- "), "{laws}");
    assert!(laws.contains("\nLaws and checks alone: "), "{laws}");
    let all = compared(&Made::new(1, 2, 10, 0.02), &new).markdown();
    assert!(!all.contains("+0.00"), "no delta to a cell that is not there: {all}");
}

#[test]
fn the_cpus_model_counts_where_both_know_it() {
    let with = |model: Option<&str>| {
        let model = model.map(str::to_owned);
        Made::new(2, 2, 10, 0.02).record(|run| run.machine.cpu_model = model)
    };
    assert_eq!(judged(&with(Some("EPYC 7763")), &with(Some("EPYC 9V74"))), Verdict::NoBaseline);
    assert_eq!(judged(&with(Some("EPYC 7763")), &with(Some("EPYC 7763"))), Verdict::Held);
    assert_eq!(judged(&with(None), &with(Some("EPYC 9V74"))), Verdict::Held);
}

#[test]
fn a_sentence_or_two_say_what_there_is_to_know() {
    let told = |baseline: &Made, new: &Made| compared(baseline, new).told();
    let few = |seed| Made::new(seed, 4, 1, 0.0);
    let sentence = "1 trial a side in each cell: nothing can be decided about rates, which takes 10; \
                    every law held in both.";
    assert_eq!(told(&few(1), &few(2)), sentence);
    let many = |seed| Made::new(seed, 4, 12, 0.01);
    let regressed = told(&many(1), &many(2).each(slower));
    assert!(regressed.starts_with("Of ") && regressed.contains(" regressed, "), "{regressed}");
    let elsewhere = many(2).record(|record| record.machine.kernel = "9.9".to_owned());
    let cannot =
        "Measured figures cannot be compared, as these differ: kernel; every law held in both.";
    assert_eq!(told(&many(1), &elsewhere), cannot);
    let failed = few(2).each(|trial| trial.invariants[0].held = Some(false));
    let told = told(&few(1), &failed);
    assert!(told.starts_with("In the new run, FAILED: 4 of "), "what is wrong is first: {told}");
    assert!(
        told.contains(". 1 trial a side in each cell: ") && !told.contains("every law"),
        "{told}"
    );
}

#[test]
fn a_page_has_what_changed_and_the_rest_closed() {
    let page = |baseline: &Made, new: &Made| compared(baseline, new).html().0;
    let many = |seed| Made::new(seed, 4, 12, 0.01);
    let changed = page(&many(1), &many(2).each(slower));
    let (open, closed) = changed.split_once("<details").unwrap();
    assert!(open.contains("<td>regressed</td>") && !open.contains("<td>held</td>"), "{open}");
    assert!(closed.contains("<td>held</td>") && closed.contains("<pre>"), "{closed}");
    assert!(open.contains("as in the baseline."), "laws: {open}");
    let same = page(&Made::new(1, 4, 1, 0.0), &Made::new(2, 4, 1, 0.0));
    let (open, closed) = same.split_once("<details>").unwrap();
    assert!(open.contains("None is known to have changed.") && !open.contains("inconclusive"));
    assert!(closed.contains("<td>inconclusive</td>"), "{closed}");
    let law = Made::new(2, 4, 1, 0.0).each(|trial| trial.laws[0].predicted += 1.0);
    let law = page(&Made::new(1, 4, 1, 0.0), &law);
    assert!(law.contains("<p>They predict something else:</p><ul><li>"), "{law}");
}

#[test]
fn runs_of_the_largest_and_the_smallest_numbers_are_compared() {
    let largest = [json!(u64::MAX), json!(i64::MAX), json!(u32::MAX), json!(u8::MAX)];
    let smallest = [json!(i64::MIN), json!(0)];
    for name in ["sweep", "server-death", "bursts"] {
        let large = extreme::with_extremes(name, &largest);
        let small = extreme::with_extremes(name, &smallest);
        for run in [&large, &small] {
            assert!(!compare(&large, run, &Criteria::default()).written().is_empty());
        }
    }
}
