//! Which run to compare a run with.

use maud::{Markup, html};
use run_record::Interleaved;

use crate::run_folder::RunFolder;
use crate::site::Site;

/// The run to compare a run with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Baseline<'a> {
    /// The run that it was interleaved with.
    Interleaved(&'a RunFolder),
    /// The previous run of the same scenario.
    Previous(&'a RunFolder),
}

impl<'a> Baseline<'a> {
    /// The baseline of the run at `position` of `runs`. A run that is itself a baseline has
    /// none, and the baseline of another run is not a previous run.
    pub(crate) fn find(site: &Site, runs: &'a [RunFolder], position: usize) -> Option<Self> {
        let (run, older) = runs.get(position..)?.split_first()?;
        let summary = site.summary(run).ok();
        if summary.as_ref().is_some_and(|summary| summary.baseline_of().is_some()) {
            return None;
        }
        let is_same_scenario = |other: &&RunFolder| other.scenario == run.scenario;
        if let Some(Interleaved { with, .. }) =
            summary.as_ref().and_then(|s| s.interleaved.as_ref())
            && let Some(base) = runs.iter().filter(is_same_scenario).find(|run| run.time == *with)
        {
            return Some(Self::Interleaved(base));
        }
        let is_baseline = |folder: &RunFolder| {
            site.summary(folder).is_ok_and(|summary| summary.baseline_of().is_some())
        };
        older.iter().filter(is_same_scenario).find(|run| !is_baseline(run)).map(Self::Previous)
    }

    /// The link to the comparison of a new run with this baseline.
    pub(crate) fn link(&self, new: &RunFolder) -> Markup {
        let (base, text) = match self {
            Self::Interleaved(base) => (base, "compare with its baseline"),
            Self::Previous(base) => (base, "compare with the previous run"),
        };
        html! { a href=(base.link_to_comparison(new)) { (text) } }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn folder(scenario: &str, time: &str) -> RunFolder {
        let root = Path::new("/nowhere").to_owned();
        RunFolder { root, scenario: scenario.to_owned(), time: time.to_owned() }
    }

    #[test]
    fn the_previous_run_is_of_the_same_scenario() {
        let runs = [folder("a", "4"), folder("b", "3"), folder("a", "2"), folder("a", "1")];
        let site = Site::new(Path::new("/nowhere"), std::time::Duration::ZERO);
        assert_eq!(Baseline::find(&site, &runs, 0), Some(Baseline::Previous(&runs[2])));
        assert_eq!(Baseline::find(&site, &runs, 1), None);
        assert_eq!(Baseline::find(&site, &runs, 3), None);
    }
}
