//! Quantities of a cell that can answer a question.

use indexmap::IndexMap;
use run_record::Outcome;
use scenario::law_and_port;

use super::difference::{Difference, difference, extreme, ratio};
use super::measure::Better;
use crate::laws::range;
use run_view::Cell;
use run_view::Law;
use run_view::Run;
use run_view::Trial;
use run_view::number::decimal;
use run_view::number::{Spread, count, percent, total};
use run_view::prose::several;
use run_view::{Metric, metric_names, metrics};

/// A law that is about a setting, not about its effect.
const LAW_ABOUT_SETTING: &str = "listen-limit";

/// Metrics that depend on the noise of the machine: they need repeated trials.
const NOISY: [&str; 3] = ["offered", "ingested", "delivered"];

/// A quantity that an answer can be about.
#[derive(Clone)]
pub(super) enum Quantity {
    /// The share of attempts that succeeded.
    Success,
    /// The outcomes of the attempts.
    Outcomes,
    /// The prediction of a law.
    Law(PredictedBy),
    /// A metric.
    Metric(&'static Metric),
}

/// A law whose predictions are a quantity.
#[derive(Clone)]
pub(super) struct PredictedBy {
    id: String,
    heading: String,
    /// Whether it predicts a time.
    is_timed: bool,
}

impl PredictedBy {
    fn new(law: &Law) -> Self {
        let is_timed = law.latest.is_some();
        Self { id: law.id.to_string(), heading: law.heading(), is_timed }
    }

    pub(super) fn is_timed(&self) -> bool {
        self.is_timed
    }
}

impl Quantity {
    /// The quantities of a run, the most relevant first.
    pub(super) fn all(run: &Run) -> Vec<Self> {
        let mut laws: IndexMap<&str, PredictedBy> = IndexMap::new();
        for law in run.trials.iter().flat_map(|trial| &*trial.laws) {
            // Of one of several destinations too.
            let (id, _) = law_and_port(&law.id);
            if law.measured.is_some() && id != LAW_ABOUT_SETTING {
                let known = laws.entry(&law.id).or_insert_with(|| PredictedBy::new(law));
                known.is_timed |= law.latest.is_some();
            }
        }
        let (timed, exact): (Vec<_>, Vec<_>) = laws.into_values().partition(|law| law.is_timed);
        let all = || metrics(run).filter(|metric| !metric.name.contains("first-try"));
        let (noisy, others): (Vec<_>, Vec<_>) =
            all().partition(|metric| NOISY.contains(&metric.name));
        timed
            .into_iter()
            .map(Self::Law)
            .chain([Self::Success, Self::Outcomes])
            .chain(exact.into_iter().map(Self::Law))
            .chain(others.into_iter().filter(|metric| metric.name != "success").map(Self::Metric))
            // Deliveries first.
            .chain(noisy.into_iter().rev().map(Self::Metric))
            .collect()
    }

    /// The quantity with the name that scenarios use; `None` if the run does not have it.
    pub(super) fn named(run: &Run, name: &str) -> Option<Self> {
        match name {
            "success" => Some(Self::Success),
            "outcomes" => Some(Self::Outcomes),
            _ => metrics(run).find(|metric| metric.name == name).map(Self::Metric),
        }
    }

    /// Whether [`Quantity::named`] knows the name.
    pub(super) fn has_name(name: &str) -> bool {
        ["success", "outcomes"].contains(&name) || metric_names().any(|known| known == name)
    }

    /// The law with that id; `None` if the run did not measure it.
    pub(super) fn of_law(run: &Run, id: &str) -> Option<Self> {
        let checks = run.trials.iter().flat_map(|trial| &*trial.laws);
        let law = { checks }.find(|law| *law.id == *id && law.measured.is_some())?;
        Some(Self::Law(PredictedBy::new(law)))
    }

    /// The metric that it is.
    pub(super) fn metric(&self) -> Option<&'static Metric> {
        match self {
            Self::Metric(metric) => Some(metric),
            _ => None,
        }
    }

    /// The id of the law that it is.
    pub(super) fn law(self) -> Option<String> {
        match self {
            Self::Law(law) => Some(law.id),
            _ => None,
        }
    }

    /// Whether a time that is the same everywhere is more relevant.
    pub(super) fn is_minor(&self) -> bool {
        match self {
            Self::Law(law) => !law.is_timed,
            Self::Metric(_) => true,
            Self::Success | Self::Outcomes => false,
        }
    }

    /// Whether its differences between these cells can be due to chance.
    pub(super) fn is_uncertain(&self, cells: &[&Cell<'_>]) -> bool {
        match self {
            Self::Metric(metric) if NOISY.contains(&metric.name) => {
                cells.iter().any(|cell| cell.trials.len() < 2)
            }
            _ => false,
        }
    }

    /// The difference between these cells; `None` if there is none, or a cell does not have the
    /// quantity.
    pub(super) fn effect(&self, cells: &[&Cell<'_>]) -> Option<f64> {
        let values = cells.iter().map(|cell| self.at(cell)).collect::<Option<Vec<_>>>()?;
        let difference = match self {
            Self::Outcomes => {
                let shares = |cell: &&Cell<'_>| Outcome::ALL.map(|outcome| share(cell, outcome));
                let all: Vec<_> = cells.iter().map(shares).collect();
                let distance = |one: &[f64], other: &[f64]| -> f64 {
                    one.iter().zip(other).map(|(one, other)| (one - other).abs()).sum()
                };
                all.iter().map(|shares| distance(shares, &all[0])).fold(0.0, f64::max)
            }
            _ => {
                let spread = Spread::from_values(values.into_iter())?;
                spread.max - spread.min
            }
        };
        (difference > 0.0).then_some(difference)
    }

    /// Its value in a cell. For a law this is the prediction: lateness is not an effect.
    pub(super) fn at(&self, cell: &Cell<'_>) -> Option<f64> {
        let of = |of: &dyn Fn(&Trial) -> Option<f64>| Some(cell.spread(of)?.median);
        match self {
            Self::Success => Some(share(cell, Outcome::Ok)),
            Self::Outcomes => Some(0.0),
            Self::Law(PredictedBy { id, .. }) => of(&|trial| {
                let law = law(trial, id).filter(|law| law.measured.is_some())?;
                Some(law.predicted)
            }),
            Self::Metric(metric) => of(&metric.value),
        }
    }

    /// A sentence about some cells along an axis; `place` describes the others.
    pub(super) fn describe(
        &self,
        axis: &str,
        cells: &[(String, &Cell<'_>)],
        place: &str,
    ) -> String {
        let with = |(number, (at, cell)): (usize, &(String, &Cell<'_>))| {
            let with = if number == 0 { format!("With {axis} {at}") } else { format!("with {at}") };
            format!("{with}, {}", self.describe_cell(cell, number == 0))
        };
        let of = |(number, (at, cell)): (usize, &(String, &Cell<'_>))| {
            let axis = if number == 0 { format!("{axis} ") } else { String::new() };
            format!("{} with {axis}{at}", self.describe_cell(cell, number == 0))
        };
        let all = cells;
        let cells = cells.iter().enumerate();
        match self {
            Self::Success | Self::Outcomes => {
                format!("{}{place}.", cells.map(with).collect::<Vec<_>>().join("; "))
            }
            _ => {
                let values = cells.map(of).collect::<Vec<_>>().join("; ");
                format!("{}: {values}{place}{}.", self.name(), self.compare(all))
            }
        }
    }

    /// A sentence about all cells with the same prediction; only for times.
    pub(super) fn describe_all(&self, cells: &[&Cell<'_>]) -> Option<String> {
        let Self::Law(PredictedBy { id, is_timed: true, .. }) = self else { return None };
        let checks = || cells.iter().flat_map(|cell| &cell.trials).filter_map(|at| law(at, id));
        let predicted = Spread::from_values(checks().map(|law| law.predicted));
        let measured = Spread::from_values(checks().filter_map(|law| law.measured));
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

    /// How a noisy metric differs between these cells, as the end of a sentence.
    fn compare(&self, cells: &[(String, &Cell<'_>)]) -> String {
        let Self::Metric(metric) = self else { return String::new() };
        if !NOISY.contains(&metric.name) {
            return String::new();
        }
        let values = |(_, cell): &(String, &Cell<'_>)| {
            let measured = cell.executions().into_iter().filter_map(|trial| trial.measured());
            measured.filter_map(metric.value).collect::<Vec<_>>()
        };
        let samples: Vec<_> = cells.iter().map(values).collect();
        match difference(&samples, true, Some(Better::Higher)) {
            Difference::Single => String::new(),
            Difference::Same => {
                "; no difference that is larger than the variation between trials".to_owned()
            }
            Difference::Unknown { trials } => {
                format!("; {} per cell: variation unknown", several(trials as u64, "trial"))
            }
            Difference::Differs { .. } => {
                let ends = extreme(&samples, false).zip(extreme(&samples, true));
                let text = ends.and_then(|(low, high)| {
                    let ratio = ratio(&samples[low], &samples[high])?;
                    let [low, high] = [low, high].map(|at| &cells[at].0);
                    Some(format!("; {ratio} as much with {high} as with {low}"))
                });
                text.unwrap_or_default()
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Success | Self::Outcomes => "Attempts".to_owned(),
            Self::Law(law) => format!("The kernel's law “{}”, measured", law.heading),
            Self::Metric(metric) => metric.title.to_owned(),
        }
    }

    fn describe_cell(&self, cell: &Cell<'_>, is_first: bool) -> String {
        let attempts = total(cell.trials.iter().map(|trial| trial.attempts));
        match self {
            Self::Success => {
                let ok = total(cell.trials.iter().map(|trial| trial.outcomes.get(Outcome::Ok)));
                let (all, of) =
                    (count(attempts), if is_first { " attempts succeeded" } else { "" });
                format!("{} of {all}{of} ({} %)", count(ok), percent(share(cell, Outcome::Ok)))
            }
            Self::Outcomes => {
                let counts = Outcome::ALL.map(|outcome| {
                    let of = |trial: &&Trial| trial.outcomes.get(outcome);
                    (outcome, total(cell.trials.iter().map(of)))
                });
                let counts = counts.iter().filter(|(_, attempts)| *attempts > 0);
                let counts: Vec<_> = counts
                    .map(|(outcome, attempts)| format!("{} {outcome}", count(*attempts)))
                    .collect();
                let of = if is_first {
                    format!(" of {} attempts", count(attempts))
                } else {
                    String::new()
                };
                format!("{}{of}", counts.join(", "))
            }
            Self::Law(PredictedBy { id, .. }) => {
                let measured = |trial: &Trial| law(trial, id)?.measured;
                cell.spread(measured).map_or("·".to_owned(), |spread| spread.describe(decimal))
            }
            Self::Metric(metric) => cell
                .spread(metric.value)
                .map_or("·".to_owned(), |spread| spread.describe(metric.format)),
        }
    }
}

fn law<'a>(trial: &'a Trial, id: &str) -> Option<&'a Law> {
    trial.laws.iter().find(|law| *law.id == *id)
}

/// The share of a cell's attempts with this outcome.
fn share(cell: &Cell<'_>, outcome: Outcome) -> f64 {
    let attempts = total(cell.trials.iter().map(|trial| trial.attempts));
    let matching = total(cell.trials.iter().map(|trial| trial.outcomes.get(outcome)));
    if attempts == 0 { 0.0 } else { matching as f64 / attempts as f64 }
}
