//! Figures of a cell that can answer a question.

use indexmap::IndexMap;
use run_record::{LawCheck, Outcome, TrialRecord};

use crate::laws::range;
use run_view::Cell;
use run_view::Run;
use run_view::number::decimal;
use run_view::number::{Spread, count, percent, total};
use run_view::{Metric, metrics};

/// The law of every listener: it is about the setting, not about its effect.
const OF_EVERY_LISTENER: &str = "listen-limit";

/// Metrics that a machine's noise moves: they are reported if trials were repeated.
const NOISY: [&str; 3] = ["offered", "ingested", "delivered"];

/// What an answer can be about.
#[derive(Clone)]
pub(super) enum Quantity {
    /// The share of attempts that succeeded.
    Success,
    /// How attempts ended.
    Outcomes,
    /// What a law of the kernel predicts, and whether that is a time.
    Law(String, bool),
    /// A figure of the tables.
    Figure(&'static Metric),
}

impl Quantity {
    /// Those that a run has, the most telling first.
    pub(super) fn all(run: &Run) -> Vec<Self> {
        let mut laws: IndexMap<String, bool> = IndexMap::new();
        for law in run.trials.iter().flat_map(|trial| &trial.laws) {
            if law.measured.is_some() && law.id != OF_EVERY_LISTENER {
                *laws.entry(law.heading()).or_default() |= law.latest.is_some();
            }
        }
        let (timed, exact): (Vec<_>, Vec<_>) = laws.into_iter().partition(|(_, timed)| *timed);
        let law = |(name, timed): (String, bool)| Self::Law(name, timed);
        let figures = || metrics(run).filter(|figure| !figure.name.contains("first-try"));
        let (noisy, others): (Vec<_>, Vec<_>) =
            figures().partition(|figure| NOISY.contains(&figure.name));
        timed
            .into_iter()
            .map(law)
            .chain([Self::Success, Self::Outcomes])
            .chain(exact.into_iter().map(law))
            .chain(others.into_iter().filter(|figure| figure.name != "success").map(Self::Figure))
            // What arrived before what was sent.
            .chain(noisy.into_iter().rev().map(Self::Figure))
            .collect()
    }

    /// The metric with the name that scenarios use; none if the run does not have it.
    pub(super) fn named(run: &Run, name: &str) -> Option<Self> {
        match name {
            "success" => Some(Self::Success),
            "outcomes" => Some(Self::Outcomes),
            _ => metrics(run).find(|metric| metric.name == name).map(Self::Figure),
        }
    }

    /// The law with that id; none if the run did not measure it.
    pub(super) fn of_law(run: &Run, id: &str) -> Option<Self> {
        let checks = run.trials.iter().flat_map(|trial| &trial.laws);
        let law = { checks }.find(|law| law.id == id && law.measured.is_some())?;
        Some(Self::Law(law.heading(), law.latest.is_some()))
    }

    /// Whether a time that is the same everywhere says more.
    pub(super) fn is_minor(&self) -> bool {
        matches!(self, Self::Law(_, false) | Self::Figure(_))
    }

    /// Whether it says nothing of these cells, be it for chance.
    pub(super) fn is_mute(&self, cells: &[&Cell<'_>]) -> bool {
        match self {
            Self::Figure(figure) if NOISY.contains(&figure.name) => {
                cells.iter().any(|cell| cell.trials.len() < 2)
            }
            _ => false,
        }
    }

    /// By how much these cells differ, none where one of them does not have it.
    pub(super) fn effect(&self, cells: &[&Cell<'_>]) -> Option<f64> {
        let figures = cells.iter().map(|cell| self.at(cell)).collect::<Option<Vec<_>>>()?;
        let differ = match self {
            Self::Outcomes => {
                let ended = |cell: &&Cell<'_>| Outcome::ALL.map(|outcome| share(cell, outcome));
                let all: Vec<_> = cells.iter().map(ended).collect();
                let apart = |one: &[f64; 8], other: &[f64; 8]| -> f64 {
                    one.iter().zip(other).map(|(one, other)| (one - other).abs()).sum()
                };
                all.iter().map(|ended| apart(ended, &all[0])).fold(0.0, f64::max)
            }
            _ => {
                let spread = Spread::of(figures.into_iter())?;
                spread.max - spread.min
            }
        };
        (differ > 0.0).then_some(differ)
    }

    /// As a number: of a law what it predicts, so that lateness is no effect.
    pub(super) fn at(&self, cell: &Cell<'_>) -> Option<f64> {
        let of = |of: &dyn Fn(&TrialRecord) -> Option<f64>| Some(cell.spread(of)?.median);
        match self {
            Self::Success => Some(share(cell, Outcome::Ok)),
            Self::Outcomes => Some(0.0),
            Self::Law(name, _) => of(&|trial| {
                let law = law(trial, name).filter(|law| law.measured.is_some())?;
                Some(law.predicted)
            }),
            Self::Figure(figure) => of(&figure.of),
        }
    }

    /// A sentence of it in some cells along an axis, `place` being where on the
    /// others.
    pub(super) fn told(&self, axis: &str, cells: &[(String, &Cell<'_>)], place: &str) -> String {
        let with = |(number, (at, cell)): (usize, &(String, &Cell<'_>))| {
            let with = if number == 0 { format!("With {axis} {at}") } else { format!("with {at}") };
            format!("{with}, {}", self.written(cell, number == 0))
        };
        let of = |(number, (at, cell)): (usize, &(String, &Cell<'_>))| {
            let axis = if number == 0 { format!("{axis} ") } else { String::new() };
            format!("{} with {axis}{at}", self.written(cell, number == 0))
        };
        let all = cells;
        let cells = cells.iter().enumerate();
        match self {
            Self::Success | Self::Outcomes => {
                format!("{}{place}.", cells.map(with).collect::<Vec<_>>().join("; "))
            }
            _ => {
                let figures = cells.map(of).collect::<Vec<_>>().join("; ");
                let overlap = if self.overlaps(all) { "; their ranges overlap" } else { "" };
                format!("{}: {figures}{place}{overlap}.", self.name())
            }
        }
    }

    /// Of all cells alike, where that tells something: a time does.
    pub(super) fn told_of_all(&self, cells: &[&Cell<'_>]) -> Option<String> {
        let Self::Law(name, true) = self else { return None };
        let checks = || cells.iter().flat_map(|cell| &cell.trials).filter_map(|at| law(at, name));
        let predicted = Spread::of(checks().map(|law| law.predicted));
        let measured = Spread::of(checks().filter_map(|law| law.measured));
        Some(format!(
            "{}: {}{}, predicted {}.",
            self.name(),
            range(measured, decimal),
            match cells.len() {
                1 => String::new(),
                2 => " in both cells".to_owned(),
                cells => format!(" in all {cells} cells"),
            },
            range(predicted, decimal)
        ))
    }

    /// Whether what noise moves may be as large in one as in another.
    fn overlaps(&self, cells: &[(String, &Cell<'_>)]) -> bool {
        let Self::Figure(figure) = self else { return false };
        let spreads: Vec<_> = cells.iter().filter_map(|(_, cell)| cell.spread(figure.of)).collect();
        let apart = |one: &Spread, other: &Spread| one.max < other.min || other.max < one.min;
        let pairs = spreads.iter().enumerate();
        let mut pairs =
            pairs.flat_map(|(at, one)| spreads[..at].iter().map(move |other| (one, other)));
        pairs.any(|(one, other)| !apart(one, other))
    }

    fn name(&self) -> String {
        match self {
            Self::Success | Self::Outcomes => "Attempts".to_owned(),
            Self::Law(name, _) => format!("The kernel's law “{name}”, measured"),
            Self::Figure(figure) => figure.title.to_owned(),
        }
    }

    fn written(&self, cell: &Cell<'_>, is_first: bool) -> String {
        let attempts = total(cell.trials.iter().map(|trial| trial.attempts));
        match self {
            Self::Success => {
                let ok = total(cell.trials.iter().map(|trial| trial.outcomes.get(Outcome::Ok)));
                let (all, of) =
                    (count(attempts), if is_first { " attempts succeeded" } else { "" });
                format!("{} of {all}{of} ({} %)", count(ok), percent(share(cell, Outcome::Ok)))
            }
            Self::Outcomes => {
                let ended = Outcome::ALL.map(|outcome| {
                    let of = |trial: &&TrialRecord| trial.outcomes.get(outcome);
                    (outcome, total(cell.trials.iter().map(of)))
                });
                let ended = ended.iter().filter(|(_, attempts)| *attempts > 0);
                let ended: Vec<_> = ended
                    .map(|(outcome, attempts)| format!("{} {outcome}", count(*attempts)))
                    .collect();
                let of = if is_first {
                    format!(" of {} attempts", count(attempts))
                } else {
                    String::new()
                };
                format!("{}{of}", ended.join(", "))
            }
            Self::Law(name, _) => {
                let measured = |trial: &TrialRecord| law(trial, name)?.measured;
                cell.spread(measured).map_or("·".to_owned(), |spread| spread.written(decimal))
            }
            Self::Figure(figure) => cell
                .spread(figure.of)
                .map_or("·".to_owned(), |spread| spread.written(figure.write)),
        }
    }
}

fn law<'a>(trial: &'a TrialRecord, name: &str) -> Option<&'a LawCheck> {
    trial.laws.iter().find(|law| law.heading() == name)
}

/// The share of a cell's attempts that ended so.
fn share(cell: &Cell<'_>, outcome: Outcome) -> f64 {
    let attempts = total(cell.trials.iter().map(|trial| trial.attempts));
    let ended = total(cell.trials.iter().map(|trial| trial.outcomes.get(outcome)));
    if attempts == 0 { 0.0 } else { ended as f64 / attempts as f64 }
}
