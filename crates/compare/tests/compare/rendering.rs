//! The comparison as text, Markdown and HTML.

use compare::{Criteria, compare, compare_laws};
use run_record::{Axis, TrialRecord};
use serde_json::json;

use crate::synthetic::{Synthetic, compared, slower};

#[test]
fn a_long_table_lists_only_cells_that_did_not_hold() {
    let many = |seed, change: fn(&mut TrialRecord)| {
        let mut made = Synthetic::new(seed, 8, 10, 0.02);
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
        made.each_trial(change)
    };
    let same: fn(&mut TrialRecord) = |_| {};
    let new = many(2, |trial| {
        if trial.cell == 20 {
            slower(trial);
        }
    });
    let text = compared(&many(1, same), &new).text();
    assert!(text.contains("… and 23 cells in which it held"), "{text}");
    assert!(text.contains("attempts (higher is better; 10 trials per side): held"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn markdown_lists_what_was_not_compared() {
    let new = Synthetic::new(2, 1, 10, 0.02);
    let laws = compare_laws(&Synthetic::new(1, 2, 10, 0.02).run(), &new.run()).markdown();
    assert!(laws.contains("Cells that were not run:\n\n- "), "{laws}");
    assert!(laws.contains("\nOnly laws and checks were compared: "), "{laws}");
    let all = compared(&Synthetic::new(1, 2, 10, 0.02), &new).markdown();
    assert!(!all.contains("+0.00"), "no delta to a missing cell: {all}");
}

#[test]
fn the_description_is_a_sentence_or_two_problems_first() {
    let describe = |baseline: &Synthetic, new: &Synthetic| compared(baseline, new).describe();
    let few = |seed| Synthetic::new(seed, 4, 1, 0.0);
    let sentence = "1 trial per side in each cell: too few to compare metrics, which takes 10; \
                    every law held in both.";
    assert_eq!(describe(&few(1), &few(2)), sentence);
    let many = |seed| Synthetic::new(seed, 4, 12, 0.01);
    let regressed = describe(&many(1), &many(2).each_trial(slower));
    assert!(regressed.starts_with("Of ") && regressed.contains(" regressed, "), "{regressed}");
    let elsewhere = many(2).record(|record| record.machine.kernel = "9.9".to_owned());
    let cannot =
        "Metrics cannot be compared, because these differ: kernel; every law held in both.";
    assert_eq!(describe(&many(1), &elsewhere), cannot);
    let failed = few(2).each_trial(|trial| trial.invariants[0].held = Some(false));
    let text = describe(&few(1), &failed);
    assert!(text.starts_with("In the new run, FAILED: 4 of "), "problems first: {text}");
    assert!(
        text.contains(". 1 trial per side in each cell: ") && !text.contains("every law"),
        "{text}"
    );
}

#[test]
fn the_page_shows_changes_and_closes_the_rest() {
    let page = |baseline: &Synthetic, new: &Synthetic| compared(baseline, new).html().0;
    let many = |seed| Synthetic::new(seed, 4, 12, 0.01);
    let changed = page(&many(1), &many(2).each_trial(slower));
    let (open, closed) = changed.split_once("<details").unwrap();
    assert!(open.contains("<td>regressed</td>") && !open.contains("<td>held</td>"), "{open}");
    assert!(closed.contains("<td>held</td>") && closed.contains("<pre>"), "{closed}");
    assert!(open.contains("as in the baseline."), "laws: {open}");
    let same = page(&Synthetic::new(1, 4, 1, 0.0), &Synthetic::new(2, 4, 1, 0.0));
    let (open, closed) = same.split_once("<details>").unwrap();
    assert!(open.contains("No metric is known to have changed.") && !open.contains("inconclusive"));
    assert!(closed.contains("<td>inconclusive</td>"), "{closed}");
    let law = Synthetic::new(2, 4, 1, 0.0).each_trial(|trial| trial.laws[0].predicted += 1.0);
    let law = page(&Synthetic::new(1, 4, 1, 0.0), &law);
    assert!(law.contains("<p>Laws with a different prediction:</p><ul><li>"), "{law}");
}

#[test]
fn a_comparison_of_many_cells_is_bounded_and_the_worst_come_first() {
    const CELLS: u32 = 300;
    let many = |slow: u32| {
        let mut made = Synthetic::new(1, 1, 1, 0.0);
        let values = (1..=CELLS).map(Into::into).collect();
        made.record.axes = vec![Axis { path: "server.backlog".to_owned(), values }];
        made.record.planned_trials = CELLS * 5;
        let trial = made.trials.remove(0);
        made.trials.extend((0..CELLS * 5).map(|id| {
            let cell = id % CELLS;
            let point = [("server.backlog".to_owned(), (cell + 1).into())].into_iter().collect();
            let mut trial =
                TrialRecord { id, cell, repetition: id / CELLS, point, ..trial.clone() };
            // In every cell it moved, but with so many tests none of it is certain.
            trial.rates.delivered *= 1.0 - f64::from(cell + slow) / 1_000.0;
            trial
        }));
        made.run()
    };
    let comparison = compare(&many(0), &many(200), &Criteria::default());
    let text = comparison.text();
    assert!(text.contains("… and 200 other cells, which `--format json` has"), "{text}");
    assert!(text.len() < 100_000, "{}", text.len());
    let html = comparison.html().0;
    assert!(html.contains(" more, which <code>queuelab compare --format json</code> has"));
    assert!(html.len() < 400_000, "{}", html.len());
    // The largest changes are those of the last cells.
    let table = text.split("Delivered").nth(1).unwrap();
    let first = table.lines().find(|line| line.starts_with("│ ") && line.contains("0.7"));
    assert!(first.is_some_and(|line| line.contains(" 300 ")), "{table}");
}
