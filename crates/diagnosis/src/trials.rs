//! Some of a run's trials, and what can be said of all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::{counted, listed};
use run_view::Run;
use run_view::TrialView;
use run_view::number::{Spread, total, value};

/// Some of a run's trials.
#[derive(Debug, Clone)]
pub(crate) struct TrialSet<'a> {
    cases: Vec<TrialView<'a>>,
    /// Cells of the run that have a trial.
    cells_of_run: usize,
}

impl<'a> TrialSet<'a> {
    pub(crate) fn of(run: &'a Run) -> Self {
        let cases: Vec<_> =
            run.trials.iter().map(|trial| TrialView::new(&run.record, trial)).collect();
        let cells_of_run = cells(&cases);
        Self { cases, cells_of_run }
    }

    /// Those of which something is so.
    pub(crate) fn that(&self, is_so: impl Fn(&TrialView<'a>) -> bool) -> Self {
        let cases = self.cases.iter().filter(|case| is_so(case)).copied().collect();
        Self { cases, ..*self }
    }

    /// Those of which something is so; none where it is of no trial.
    pub(crate) fn some_that(&self, is_so: impl Fn(&TrialView<'a>) -> bool) -> Option<Self> {
        Some(self.that(is_so)).filter(|cases| !cases.is_empty())
    }

    /// By what something of them is, in order.
    pub(crate) fn by<K: Ord>(
        &self,
        key: impl Fn(&TrialView<'a>) -> Option<K>,
    ) -> BTreeMap<K, Self> {
        let mut groups: BTreeMap<K, Self> = BTreeMap::new();
        for case in &self.cases {
            let Some(key) = key(case) else { continue };
            let empty = || Self { cases: Vec::new(), ..*self };
            groups.entry(key).or_insert_with(empty).cases.push(*case);
        }
        groups
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    pub(crate) fn trials(&self) -> usize {
        self.cases.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &TrialView<'a>> {
        self.cases.iter()
    }

    pub(crate) fn first(&self) -> Option<&TrialView<'a>> {
        self.cases.first()
    }

    pub(crate) fn any(&self, is_so: impl Fn(&TrialView<'a>) -> bool) -> bool {
        self.cases.iter().any(is_so)
    }

    pub(crate) fn all(&self, is_so: impl Fn(&TrialView<'a>) -> bool) -> bool {
        self.cases.iter().all(is_so)
    }

    pub(crate) fn sum(&self, of: impl Fn(&TrialView<'a>) -> u64) -> u64 {
        total(self.cases.iter().map(of))
    }

    /// The least, the middle and the largest of a figure.
    pub(crate) fn spread(&self, of: impl Fn(&TrialView<'a>) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.cases.iter().filter_map(of))
    }

    /// The least and the largest of a whole number, as `11` or `11 to 139`.
    pub(crate) fn range(&self, of: impl Fn(&TrialView<'a>) -> Option<u64>) -> Option<String> {
        let numbers: BTreeSet<u64> = self.cases.iter().filter_map(of).collect();
        let written = |number: u64| counted(number).to_string();
        match (numbers.first()?, numbers.last()?) {
            (least, most) if least == most => Some(written(*least)),
            (least, most) => Some(format!("{} to {}", written(*least), written(*most))),
        }
    }

    /// The values of a setting in them, as `64`, `0, 1 and 5` or `10 to 300`.
    pub(crate) fn values(&self, path: &str) -> Option<String> {
        let number = |case: &TrialView<'a>| case.number(path);
        let numbers: BTreeSet<i64> = self.cases.iter().filter_map(number).collect();
        if let (Some(least), Some(most), 4..) = (numbers.first(), numbers.last(), numbers.len()) {
            return Some(format!("{least} to {most}"));
        }
        let mut texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
        if texts.is_empty() {
            let values: BTreeSet<String> =
                self.cases.iter().filter_map(|case| case.setting(path)).map(value).collect();
            texts.extend(values);
        }
        listed(&texts)
    }

    /// The values of a sysctl in them: of the host whose it is, by `of`.
    pub(crate) fn sysctls(&self, of: impl Fn(&TrialView<'a>) -> Option<&'a str>) -> Option<String> {
        let texts: BTreeSet<&str> = self.cases.iter().filter_map(of).collect();
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

    /// Where they are among the run's cells, with a blank before it: ` in 7 of 9
    /// cells`; nothing where the run has one cell.
    pub(crate) fn place(&self) -> String {
        match (cells(&self.cases), self.cells_of_run) {
            (_, ..=1) => String::new(),
            (2, 2) => " in both cells".to_owned(),
            (these, all) if these == all => format!(" in all {all} cells"),
            (these, all) => format!(" in {these} of {all} cells"),
        }
    }
}

fn cells(cases: &[TrialView<'_>]) -> usize {
    cases.iter().map(|case| case.trial.cell).collect::<BTreeSet<_>>().len()
}
