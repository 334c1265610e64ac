//! Trials compared with their simulations.

use crate::support::{all_output, assert_passed, out_directory, run, text};
use run_record::{Agreement, Outcome, TrialRecord};

#[test]
fn deterministic_trials_are_simulated_exactly() {
    let out = out_directory();
    let (output, record, trials) =
        run(out.path(), &["accept-queue-capacity", "--set", "load.connect_deadline=300ms"]);
    assert_passed(&output);
    for trial in &trials {
        let simulated = trial.simulated.as_ref().expect("a trial that the simulator covers");
        assert_eq!(Some(simulated.accepted), trial.accepted, "{:?}", trial.point);
        assert_eq!(simulated.timed_out, trial.outcomes.get(Outcome::TimedOut), "{:?}", trial.point);
        assert_eq!(simulated.syn_retransmits, trial.syn_retransmits, "{:?}", trial.point);
        let dropped = trial.evidence.server.get("TcpExt.ListenDrops").copied().unwrap_or(0);
        assert_eq!(i64::try_from(simulated.listen_drops), Ok(dropped), "{:?}", trial.point);
    }
    // The report counts only undisturbed trials; these agree in any.
    let counted = trials.iter().filter(|trial| !trial.is_disturbed()).count();
    let line = format!("within 5 points of success in {counted} of {counted} trials");
    let has_line = text(&output.stdout).contains(&line);
    assert_eq!(has_line, counted > 0, "{}", all_output(&output));
    let undisturbed: Vec<_> =
        trials.iter().map(|trial| TrialRecord { disturbance: None, ..trial.clone() }).collect();
    let all = trials.len() as u64;
    let agreements = Agreement::by_design(&undisturbed);
    assert_eq!((agreements[0].simulated, agreements[0].agreeing), (all, all), "{agreements:?}");

    let rule = record.kernel_rules.syn_queue_full;
    assert!(
        matches!(rule.as_deref(), Some("more_than_limit" | "at_limit")),
        "the kernel's rule was determined: {rule:?}"
    );
}
