//! The verdict on a run in a word or two.

use maud::{Markup, html};
use run_record::{RunVerdict, Verdict};

pub(crate) fn verdict(verdict: &RunVerdict, is_running: bool) -> Markup {
    html! {
        @if is_running { span.running { "● running" } " " }
        @match verdict.verdict {
            Verdict::Held => span.held { "✓ held" },
            Verdict::HeldOnRetry => span.held {
                "✓ held, " (verdict.held_on_retry().count()) " only when run again"
            },
            Verdict::NotChecked => span.quiet { "nothing checked" },
            Verdict::Failed => span.failed { "✗ " (verdict.failed_checks()) " failed" },
            Verdict::Inconclusive => span.quiet { "? inconclusive" },
            Verdict::Incomplete => @if !is_running { span.quiet { "not finished" } },
        }
        @if verdict.disturbed_trials() > 0 {
            span.quiet { " · ⚠ " (verdict.disturbed_trials()) " of " (verdict.trials) " disturbed" }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::{Disturbance, DisturbanceCause, RunDirectory, RunRecord, TrialRecord};

    use super::*;

    #[test]
    fn a_run_that_held_on_retry_or_is_not_finished_is_marked() {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (mut record, mut trials) = RunDirectory::read(&sweep).unwrap();
        let retried = TrialRecord { retry: 1, ..trials[0].clone() };
        trials[0].laws[0].held = Some(false);
        trials.push(retried);
        let text = |record: &RunRecord| verdict(&RunVerdict::new(record, &trials), false).0;
        assert!(text(&record).contains("✓ held, 1 only when run again"), "{}", text(&record));
        record.ended = None;
        assert!(text(&record).contains("not finished"), "{}", text(&record));
    }

    #[test]
    fn a_run_with_disturbed_trials_is_marked() {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (record, mut trials) = RunDirectory::read(&sweep).unwrap();
        let mut disturb = |count: usize| {
            for trial in &mut trials[..count] {
                let causes = vec![DisturbanceCause::Steal];
                trial.disturbance = Some(Disturbance { causes, ..Disturbance::default() });
            }
            verdict(&RunVerdict::new(&record, &trials), false).0
        };
        let some = disturb(2);
        assert!(some.contains("✓ held") && some.contains("⚠ 2 of 16 disturbed"), "{some}");
        let most = disturb(9);
        assert!(most.contains("? inconclusive") && most.contains("9 of 16 disturbed"), "{most}");
        assert!(!most.contains('✓') && !most.contains('✗'), "{most}");
    }
}
