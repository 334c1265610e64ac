//! A set of a run's trials, and values over all of them.

use std::collections::{BTreeMap, BTreeSet};

use linux_net::Counter;
use run_record::{ExecutionId, Outcome, describe_value};
use run_view::number::{Spread, total};
use run_view::{Run, TrialView};

use crate::words::{self, counted, listed, several};

/// A set of a run's trials.
#[derive(Debug, Clone)]
pub(crate) struct TrialSet<'a> {
    trials: Vec<TrialView<'a>>,
    /// The number of the run's cells that have a trial.
    cells_of_run: usize,
}

impl<'a> TrialSet<'a> {
    pub(crate) fn new(run: &'a Run) -> Self {
        let trials: Vec<_> =
            run.trials.iter().map(|trial| TrialView::new(&run.record, trial)).collect();
        let cells_of_run = cells(&trials);
        Self { trials, cells_of_run }
    }

    /// The trials that satisfy a predicate.
    pub(crate) fn filter(&self, predicate: impl Fn(&TrialView<'a>) -> bool) -> Self {
        let trials = self.trials.iter().filter(|trial| predicate(trial)).copied().collect();
        Self { trials, ..*self }
    }

    /// The trials that satisfy a predicate; `None` if no trial does.
    pub(crate) fn filter_some(&self, predicate: impl Fn(&TrialView<'a>) -> bool) -> Option<Self> {
        Some(self.filter(predicate)).filter(|trials| !trials.is_empty())
    }

    /// Groups the trials by a key, in the order of the keys; those without a key are left out.
    pub(crate) fn group_by<K: Ord>(
        &self,
        key: impl Fn(&TrialView<'a>) -> Option<K>,
    ) -> BTreeMap<K, Self> {
        let mut groups: BTreeMap<K, Self> = BTreeMap::new();
        for trial in &self.trials {
            let Some(key) = key(trial) else { continue };
            let empty = || Self { trials: Vec::new(), ..*self };
            groups.entry(key).or_insert_with(empty).trials.push(*trial);
        }
        groups
    }

    /// The executions of these trials.
    pub(crate) fn executions(&self) -> Vec<ExecutionId> {
        self.trials.iter().map(|trial| trial.record.execution_id()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.trials.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.trials.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &TrialView<'a>> {
        self.trials.iter()
    }

    pub(crate) fn first(&self) -> Option<&TrialView<'a>> {
        self.trials.first()
    }

    pub(crate) fn any(&self, predicate: impl Fn(&TrialView<'a>) -> bool) -> bool {
        self.trials.iter().any(predicate)
    }

    pub(crate) fn all(&self, predicate: impl Fn(&TrialView<'a>) -> bool) -> bool {
        self.trials.iter().all(predicate)
    }

    pub(crate) fn sum(&self, of: impl Fn(&TrialView<'a>) -> u64) -> u64 {
        total(self.trials.iter().map(of))
    }

    /// The increase of a counter of the server's host.
    pub(crate) fn server(&self, counter: Counter) -> u64 {
        self.sum(|trial| trial.server(counter))
    }

    /// The increase of a counter of the client's host.
    pub(crate) fn client(&self, counter: Counter) -> u64 {
        self.sum(|trial| trial.client(counter))
    }

    /// The number of attempts with an outcome.
    pub(crate) fn attempts_with(&self, outcome: Outcome) -> u64 {
        self.sum(|trial| trial.attempts_with(outcome))
    }

    /// The attempts with an outcome, as `1 attempt` or `97 attempts`.
    pub(crate) fn attempts(&self, outcome: Outcome) -> String {
        several(self.attempts_with(outcome), "attempt")
    }

    /// The attempts that timed out, as [`Self::attempts`], except those of `load.half_open`.
    pub(crate) fn timed_out(&self) -> String {
        several(self.sum(TrialView::timed_out), "attempt")
    }

    /// The minimum, median and maximum of a value.
    pub(crate) fn spread(&self, of: impl Fn(&TrialView<'a>) -> Option<f64>) -> Option<Spread> {
        Spread::from_values(self.trials.iter().filter_map(of))
    }

    /// The range of an integer, as `11` or `11 to 139`.
    pub(crate) fn range(&self, of: impl Fn(&TrialView<'a>) -> Option<u64>) -> Option<String> {
        let numbers: BTreeSet<u64> = self.trials.iter().filter_map(of).collect();
        let written = |number: u64| counted(number).to_string();
        match (numbers.first()?, numbers.last()?) {
            (least, most) if least == most => Some(written(*least)),
            (least, most) => Some(format!("{} to {}", written(*least), written(*most))),
        }
    }

    /// The range of a measured time, as `3.06 s` or `3.06 s to 3.24 s`.
    pub(crate) fn seconds(&self, of: impl Fn(&TrialView<'a>) -> Option<f64>) -> Option<String> {
        let spread = self.spread(of)?;
        let (least, most) = (words::seconds(spread.min), words::seconds(spread.max));
        Some(if least == most { most } else { format!("{least} to {most}") })
    }

    /// How many sockets of the server's host were observed in a state at once, as
    /// [`Self::range`].
    pub(crate) fn most_in(&self, state: &str) -> Option<String> {
        self.range(|trial| Some(trial.state(state)?.most.into()))
    }

    /// The values of a setting that is a duration, as `2 s` or `900 ms and 2 s`.
    pub(crate) fn durations(&self, path: &str) -> Option<String> {
        let durations: BTreeSet<_> =
            self.trials.iter().filter_map(|trial| trial.duration(path)).collect();
        listed(&durations.into_iter().map(words::duration).collect::<Vec<_>>())
    }

    /// The values of a setting, as `64`, `0, 1 and 5` or `10 to 300`.
    pub(crate) fn values(&self, path: &str) -> Option<String> {
        let number = |trial: &TrialView<'a>| trial.number(path);
        let numbers: BTreeSet<i64> = self.trials.iter().filter_map(number).collect();
        if let (Some(least), Some(most), 4..) = (numbers.first(), numbers.last(), numbers.len()) {
            return Some(format!("{least} to {most}"));
        }
        let mut texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
        if texts.is_empty() {
            let values: BTreeSet<String> = self
                .trials
                .iter()
                .filter_map(|trial| trial.setting(path))
                .map(describe_value)
                .collect();
            texts.extend(values);
        }
        listed(&texts)
    }

    /// The values of a sysctl, which `of` reads from the right host.
    pub(crate) fn sysctls(&self, of: impl Fn(&TrialView<'a>) -> Option<&'a str>) -> Option<String> {
        let texts: BTreeSet<&str> = self.trials.iter().filter_map(of).collect();
        let mut numbers: Vec<i64> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        numbers.sort_unstable();
        let texts: Vec<String> = match numbers.len() == texts.len() {
            true => numbers.iter().map(i64::to_string).collect(),
            false => texts.into_iter().map(|text| text.replace('\t', " ")).collect(),
        };
        match (texts.first(), texts.last(), texts.len()) {
            (Some(least), Some(most), 5..) => Some(format!("{least} to {most}")),
            _ => listed(&texts),
        }
    }

    /// The share of the run's cells that have these trials, after a space: ` in 7 of 9
    /// cells`; empty if the run has one cell.
    pub(crate) fn place(&self) -> String {
        match (cells(&self.trials), self.cells_of_run) {
            (_, ..=1) => String::new(),
            (2, 2) => " in both cells".to_owned(),
            (these, all) if these == all => format!(" in all {all} cells"),
            (these, all) => format!(" in {these} of {all} cells"),
        }
    }
}

fn cells(trials: &[TrialView<'_>]) -> usize {
    trials.iter().map(|trial| trial.record.cell).collect::<BTreeSet<_>>().len()
}

/// Whether attempts had to retransmit their SYN, those of half-open clients left out.
pub(crate) fn waited(trial: &TrialView<'_>) -> bool {
    trial.retransmitting_attempts() > 0
}
