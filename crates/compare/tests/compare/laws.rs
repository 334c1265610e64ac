//! Laws compared.

use compare::{Comparison, Conclusion, Verdict};
use run_record::{LawCheck, LawNotApplied, TrialRecord};
use serde_json::json;

use crate::synthetic::{Synthetic, compared, judged};

#[test]
fn laws_are_compared_across_machines() {
    let baseline =
        || Synthetic::new(1, 2, 10, 0.02).record(|run| run.machine.kernel = "6.1".to_owned());
    let new = |change: fn(&mut TrialRecord)| Synthetic::new(2, 2, 10, 0.02).each_trial(change);
    let another = new(|trial| {
        trial.laws[0].predicted += 1.0;
        trial.laws[0].measured = Some(trial.laws[0].predicted);
    });
    let comparison = compared(&baseline(), &another);
    assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Regressed));
    let text = words(&comparison);
    assert!(text.contains("predicts 10 in the baseline, 11 in the new run"), "{text}");

    let same_machine = Synthetic::new(1, 2, 10, 0.02);
    let undecided = new(|trial| trial.laws[0].held = None);
    assert_eq!(judged(&same_machine, &undecided), Verdict::Inconclusive);
    let text = compared(&same_machine, &new(|trial| trial.laws.clear())).text();
    assert!(text.contains("Verdict: inconclusive (2 laws undecided, 12 metrics held)"), "{text}");

    // With other settings, another prediction is expected.
    let other = another.record(|run| run.scenario.resolved["load"]["size"] = json!(31));
    assert_eq!(judged(&baseline(), &other), Verdict::NoBaseline);
}

#[test]
fn laws_are_matched_by_id_and_not_by_title() {
    let baseline = Synthetic::new(1, 2, 10, 0.02);
    let renamed = |change: fn(&mut LawCheck)| {
        Synthetic::new(2, 2, 10, 0.02).each_trial(|trial| trial.laws.iter_mut().for_each(change))
    };
    let title = renamed(|law| law.title = "another title".to_owned());
    assert_eq!(judged(&baseline, &title), Verdict::Held);
    let id = renamed(|law| law.id = "another-id".to_owned());
    assert_eq!(judged(&baseline, &id), Verdict::Inconclusive);
}

#[test]
fn the_reason_why_a_law_was_not_applied_is_printed() {
    let baseline = Synthetic::new(1, 1, 10, 0.02);
    let new = Synthetic::new(2, 1, 10, 0.02).each_trial(|trial| {
        let law = trial.laws.remove(0);
        let reason = "the server sets its own backlog".to_owned();
        trial.laws_not_applied.push(LawNotApplied { id: law.id, title: law.title, reason });
    });
    let reason = "; not applied: the server sets its own backlog";
    let text = words(&compared(&baseline, &new));
    assert!(text.contains(reason), "{text}");
}

#[test]
fn the_reason_why_a_law_was_not_decided_is_printed() {
    let baseline = Synthetic::new(1, 1, 10, 0.02);
    let new = Synthetic::new(2, 1, 10, 0.02).each_trial(|trial| {
        trial.server_died = Some("SIGKILL".to_owned());
        (trial.laws[0].measured, trial.laws[0].held) = (None, None);
    });
    let text = words(&compared(&baseline, &new));
    assert!(text.contains("; not decided: the server died before it could be measured"), "{text}");
}

/// The comparison as text, without its line breaks.
fn words(comparison: &Comparison) -> String {
    comparison.text().split_whitespace().collect::<Vec<_>>().join(" ")
}
