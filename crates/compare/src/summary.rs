//! Sentences that several renderers print.

use run_view::number::percent;
use run_view::prose::{sentence, several};

use crate::comparison::{Comparison, Scope};
use crate::conclusion::Conclusion;
use crate::criteria::MIN_TRIALS;
use crate::format::trials;
use crate::law_changes::LawChanges;
use crate::metric_comparison::MetricComparison;
use crate::verdict::Verdict;

impl Comparison {
    /// The result in a sentence or two, problems first.
    pub fn describe(&self) -> String {
        let mut problems = self.unfinished.clone();
        problems.extend(self.disturbed.iter().cloned());
        if self.new_verdict.verdict.is_failed() {
            problems.push(format!(
                "in the new run, {}",
                self.new_verdict.headline().trim_end_matches('.')
            ));
        }
        if self.baseline_verdict.verdict.is_failed() {
            problems.push("some checks failed in the baseline".to_owned());
        }
        problems.extend(self.describe_laws());
        let metrics = self.describe_metrics();
        if problems.is_empty() {
            let held = match self.laws.same {
                0 => "all checks held in both",
                _ => "every law held in both",
            };
            return sentence(&format!("{metrics}; {held}."));
        }
        let problems = sentence(&format!("{}.", problems.join("; ")));
        format!("{problems} {}.", sentence(&metrics))
    }

    fn describe_laws(&self) -> Option<String> {
        let undecided = self.laws.undecided.len() as u64;
        match (self.laws.predicted.len(), undecided) {
            (0, 0) => None,
            (0, _) => Some(format!("{} could not be decided", several(undecided, "law"))),
            (1, _) => Some("1 law predicts something else than in the baseline".to_owned()),
            (n, _) => Some(format!("{n} laws predict something else than in the baseline")),
        }
    }

    /// The verdicts on metrics as a fragment of a sentence.
    pub(crate) fn describe_metrics(&self) -> String {
        if self.metrics.is_empty() {
            let different: Vec<_> = self.differences().map(|one| one.what.as_str()).collect();
            return match different.is_empty() {
                true => "there are no metrics to compare".to_owned(),
                false => format!(
                    "metrics cannot be compared, because these differ: {}",
                    different.join(", ")
                ),
            };
        }
        if !self.metrics.iter().any(MetricComparison::has_enough_trials) {
            return format!(
                "{} per side in each cell: too few to compare metrics, which takes {MIN_TRIALS}",
                self.trials_per_side()
            );
        }
        let counts: Vec<_> =
            [Verdict::Regressed, Verdict::Improved, Verdict::Held, Verdict::Inconclusive]
                .into_iter()
                .map(|verdict| (self.count(verdict), verdict))
                .filter(|(count, _)| *count > 0)
                .map(|(count, verdict)| format!("{count} {verdict}"))
                .collect();
        let all = several(self.metrics.len() as u64, "metric");
        format!("of {all}, {}", counts.join(", "))
    }

    /// How many trials per side count in each cell: `0 to 1 undisturbed trials`.
    pub(crate) fn trials_per_side(&self) -> String {
        let all = trials(&self.metrics.iter().collect::<Vec<_>>());
        if self.disturbed.is_empty() { all } else { all.replace("trial", "undisturbed trial") }
    }

    /// What was compared, if only laws and checks were.
    pub(crate) fn describe_scope(&self) -> String {
        let LawChanges { same, cells, .. } = self.laws;
        format!(
            "Only laws and checks were compared: {same} predictions are unchanged, in {cells} cells."
        )
    }

    /// What the columns of a table of metrics mean.
    pub(crate) fn describe_method(&self) -> String {
        let tests = self.metrics.iter().filter(|metric| metric.p.is_some()).count();
        format!(
            "Medians over undisturbed trials; a retried trial counts once, with its first try \
             that was not disturbed. Ratio: new ÷ \
             baseline, with its bootstrap interval (trials resampled, seed {}). Delta: Cliff's \
             delta, the share of pairs of trials in which the new one is larger minus the share \
             in which it is smaller. p: two-sided Mann–Whitney test, adjusted by Holm's method \
             over {tests} {}. A metric changed if p ≤ {} and its median moved by {} % or more. \
             With such a median and a larger p it is inconclusive, and so it is with fewer than \
             {MIN_TRIALS} trials per side.",
            self.criteria.seed,
            if tests == 1 { "test" } else { "tests" },
            self.criteria.alpha,
            percent(self.criteria.floor),
        )
    }

    /// The metrics that regressed, a line each.
    pub(crate) fn regressed(&self) -> Vec<String> {
        let regressed = self.verdicts().filter(|(_, _, verdict)| *verdict == Verdict::Regressed);
        regressed
            .map(|(name, place, _)| match place.is_empty() {
                true => name.to_owned(),
                false => format!("{name} ({place})"),
            })
            .collect()
    }

    /// The conclusion with its counts and what to do next, in a line.
    pub(crate) fn verdict_line(&self) -> String {
        let laws = [
            (self.laws.predicted.len(), "law", "changed".to_owned()),
            (self.laws.undecided.len(), "law", "undecided".to_owned()),
        ];
        let metrics = [
            Verdict::Regressed,
            Verdict::Inconclusive,
            Verdict::NoBaseline,
            Verdict::Improved,
            Verdict::Held,
        ]
        .map(|verdict| (self.count(verdict), "metric", verdict.to_string()));
        let counts: Vec<_> = (laws.into_iter().chain(metrics))
            .filter(|(count, ..)| *count > 0)
            .map(|(count, noun, verdict)| format!("{} {verdict}", several(count as u64, noun)))
            .collect();
        let counts = match counts.is_empty() {
            true => String::new(),
            false => format!(" ({})", counts.join(", ")),
        };
        let (word, next) = match self.conclusion() {
            Conclusion::Failed => ("FAILED".to_owned(), "; the failed checks are at the top"),
            Conclusion::Judged(verdict) => (verdict.to_string(), self.hint(verdict)),
        };
        format!("Verdict: {word}{counts}{next}.")
    }

    /// What to do about a verdict.
    fn hint(&self, verdict: Verdict) -> &'static str {
        match (verdict, self.scope) {
            (Verdict::Inconclusive, _) if !self.unfinished.is_empty() => {
                "; finish the unfinished run first: queuelab run --resume RUN"
            }
            (Verdict::Held | Verdict::Regressed, _) => "",
            (Verdict::Improved, _) => "; if that was intended, use this run as the next baseline",
            (Verdict::Inconclusive, _) if !self.disturbed.is_empty() => {
                "; run it again while the machine is idle, or with --retry-disturbed"
            }
            (Verdict::Inconclusive, Scope::All) => "; more repetitions (--repeat) may decide it",
            (Verdict::Inconclusive, Scope::Laws) => "; parts of the baseline were not compared",
            (Verdict::NoBaseline, Scope::All) => {
                "; compare with a run of the same scenario on the same machine"
            }
            (Verdict::NoBaseline, Scope::Laws) => "; compare with a run of the same scenario",
        }
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.metrics.iter().filter(|metric| metric.verdict == verdict).count()
    }
}
