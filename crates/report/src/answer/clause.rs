//! A clause of a statement: the values along its axis, in one place of the matrix.

use run_record::Axis;
use run_view::Executions;
use run_view::number::Spread;
use run_view::{Cell, Run, TrialView};
use scenario::{Statement, Texts};
use serde_json::Value;

use super::difference::{self, Difference, Ranking};
use super::measure::{Measure, span};
use super::words::{list, setting};

/// The values along the axis of a statement, in one place of the matrix.
pub(super) struct Clause<'a> {
    run: &'a Run,
    statement: &'a Statement,
    measure: Measure<'a>,
    /// The value of the axis `by`.
    by: Option<&'a Value>,
    /// The values of axes that the statement does not name.
    place: Vec<(&'a str, &'a Value)>,
    points: Vec<Point<'a>>,
    /// The values of the axis with trials to come, or only disturbed ones.
    missing: Vec<&'a Value>,
    difference: Difference,
}

/// The trials with one value of the axis.
struct Point<'a> {
    /// The value; `None` if the statement has no axis.
    at: Option<&'a Value>,
    /// What each planned trial measured.
    values: Vec<f64>,
    /// What a law predicted for each of them.
    predicted: Vec<f64>,
}

/// The cells of a clause.
struct Group<'a> {
    /// Their value of the axis `by`.
    by: Option<&'a Value>,
    /// Their values of axes that the statement does not name.
    place: Vec<(&'a str, &'a Value)>,
    cells: Vec<&'a Cell<'a>>,
}

/// The clauses of a statement with measurements, in the order of the matrix; and whether some
/// were left out because all their trials were disturbed.
pub(super) fn clauses<'a>(
    run: &'a Run,
    cells: &'a [Cell<'a>],
    statement: &'a Statement,
    measure: Measure<'a>,
) -> (Vec<Clause<'a>>, bool) {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for cell in cells.iter().filter(|cell| is_at(run, statement, cell)) {
        let is_named = |path: &str| {
            let named = [&statement.over, &statement.by].into_iter().flatten();
            named.chain(statement.at.keys()).any(|name| name == path)
        };
        let by = statement.by.as_deref().and_then(|by| value_of(run, cell, by));
        let place: Vec<_> =
            cell.point.iter().copied().filter(|(path, _)| !is_named(path)).collect();
        match groups.iter_mut().find(|group| (group.by, &group.place) == (by, &place)) {
            Some(group) => group.cells.push(cell),
            None => groups.push(Group { by, place, cells: vec![cell] }),
        }
    }
    let all = groups.len();
    let clauses: Vec<_> = groups
        .into_iter()
        .map(|group| Clause::new(run, statement, measure, group))
        .filter(|clause| !clause.points.is_empty())
        .collect();
    let is_disturbed =
        clauses.len() < all && measure.is_in(&run.trials) && cells.iter().any(Cell::is_disturbed);
    (clauses, is_disturbed)
}

/// Whether a cell has the values that a statement is about. Values that the run does not have
/// do not exclude anything.
fn is_at(run: &Run, statement: &Statement, cell: &Cell<'_>) -> bool {
    statement.at.iter().all(|(path, wanted)| {
        let axis = run.varying_axes().into_iter().find(|axis| axis.path == *path);
        let wanted = axis.map_or(Vec::new(), |axis| chosen(axis, wanted));
        let value = cell.point.iter().find(|(other, _)| other == path);
        wanted.is_empty() || value.is_none_or(|(_, value)| wanted.contains(value))
    })
}

/// The values of an axis that a statement names: one of them, an end, or several in a list.
fn chosen<'a>(axis: &'a Axis, wanted: &Value) -> Vec<&'a Value> {
    let one = |wanted: &Value| {
        let named = axis.values.iter().find(|value| *value == wanted);
        named.or_else(|| match wanted.as_str()? {
            Statement::FIRST => axis.values.first(),
            Statement::LAST => axis.values.last(),
            _ => None,
        })
    };
    match (one(wanted), wanted.as_array()) {
        (Some(value), _) => vec![value],
        (None, several) => several.into_iter().flatten().filter_map(one).collect(),
    }
}

/// The value of an axis in a cell, also of an axis with one value.
fn value_of<'a>(run: &'a Run, cell: &Cell<'a>, path: &str) -> Option<&'a Value> {
    let varying = cell.point.iter().find(|(other, _)| *other == path);
    let fixed = || run.record.axes.iter().find(|axis| axis.path == path)?.values.first();
    varying.map(|(_, value)| *value).or_else(fixed)
}

impl<'a> Clause<'a> {
    fn new(
        run: &'a Run,
        statement: &'a Statement,
        measure: Measure<'a>,
        Group { by, place, cells }: Group<'a>,
    ) -> Self {
        let (mut points, mut missing) = (Vec::new(), Vec::new());
        for cell in cells {
            let at = statement.over.as_deref().and_then(|over| value_of(run, cell, over));
            let trials = cell.executions();
            let all = |of: &dyn Fn(&Executions<'_>) -> Option<f64>| {
                trials.iter().filter_map(of).collect::<Vec<_>>()
            };
            let values = all(&|trial| measure.value(trial));
            if !values.is_empty() {
                points.push(Point {
                    at,
                    values,
                    predicted: all(&|trial| measure.predicted(trial)),
                });
            } else if cell.trials.is_empty()
                || (cell.is_disturbed() && measure.is_in(cell.trials.iter().copied()))
            {
                missing.extend(at);
            }
        }
        let difference = found(measure, &points);
        Self { run, statement, measure, by, place, points, missing, difference }
    }

    /// The fewest trials of a value of the axis if they are too few to know a difference.
    pub(super) fn too_few_trials(&self) -> Option<usize> {
        match self.difference {
            Difference::Unknown { trials } => Some(trials),
            Difference::Single if self.measure.is_noisy() => {
                Some(self.points[0].values.len()).filter(|trials| *trials < 2)
            }
            _ => None,
        }
    }

    /// How much the values differ, to choose one of several places.
    pub(super) fn effect(&self) -> f64 {
        let medians = self.points.iter().filter_map(|point| Some(point.spread()?.median));
        Spread::from_values(medians).map_or(0.0, |spread| spread.max - spread.min)
    }

    /// The finding as texts name it; the best value if there is one.
    pub(super) fn finding(&self) -> Option<String> {
        let leaders = match &self.difference {
            Difference::Single => return None,
            Difference::Unknown { .. } => return Some(Texts::UNKNOWN.to_owned()),
            Difference::Same => return Some(Texts::SAME.to_owned()),
            Difference::Differs(ranking) => &ranking.leaders,
        };
        let best = if let [best] = leaders[..] { self.setting_of(best) } else { None };
        Some(best.unwrap_or_else(|| Texts::DIFFERS.to_owned()))
    }

    /// The best value and those that do not differ from it; empty if the finding is not that one
    /// or several are the best.
    pub(super) fn leaders(&self) -> Vec<String> {
        let leaders = self.ranking().map_or(&[][..], |ranking| &ranking.leaders);
        leaders.iter().filter_map(|leader| self.setting_of(*leader)).collect()
    }

    fn ranking(&self) -> Option<&Ranking> {
        if let Difference::Differs(ranking) = &self.difference { Some(ranking) } else { None }
    }

    /// The clause as text, without its place; and whether it is without the scenario's words.
    pub(super) fn text(&self, find: &dyn Fn(&str) -> Option<String>) -> (String, bool) {
        let words = self.statement.say.as_ref().and_then(|say| {
            let finding = self.finding()?;
            let differs = || say.of(Texts::DIFFERS).filter(|_| finding != Texts::SAME);
            let text = say.of(&finding).or_else(differs).or_else(|| say.of_any())?;
            self.fill(text, find).map(|filled| (filled, say.of(Texts::SAME).is_some()))
        });
        let any = || {
            let text = self.statement.say.as_ref()?.of_any()?;
            self.fill(text, find).map(|filled| (filled, false))
        };
        let words = words.or_else(any);
        let is_generic = words.is_none();
        let (mut text, names_same) = words.unwrap_or_else(|| (self.generic(), false));
        if self.difference == Difference::Same && self.measure.is_noisy() && !names_same {
            text += " (no difference that is larger than the variation between trials)";
        }
        if !self.missing.is_empty() {
            let over = self.statement.over.as_deref().unwrap_or_default();
            let missing: Vec<_> = self.missing.iter().map(|at| setting(over, at)).collect();
            let axis = self.run.axis_name(over);
            text += &format!(" (nothing measured with {axis} {})", list(&missing));
        }
        (text, is_generic)
    }

    /// Whether its axis has only one value.
    pub(super) fn is_single(&self) -> bool {
        self.statement.over.is_some() && self.points.len() == 1 && self.missing.is_empty()
    }

    /// Its place on the axes that the statement does not name; empty if it names all.
    pub(super) fn place(&self) -> String {
        self.run.describe_point(self.place.iter().copied())
    }

    /// The value of the axis `by`, to keep the clauses of different values apart.
    pub(super) fn by(&self) -> Option<&'a Value> {
        self.by
    }

    fn fill(&self, text: &str, find: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        super::words::fill(text, |name| self.find(name).or_else(|| find(name)))
    }

    /// The value of a placeholder.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let Statement { over, by, .. } = self.statement;
        let samples = || self.points.iter().map(|point| point.values.clone()).collect::<Vec<_>>();
        let extreme =
            |highest| difference::extreme(&samples(), highest).filter(|_| self.ranking().is_some());
        let best = || Some(self.ranking()?.best.as_slice());
        let worst = || Some(self.ranking()?.worst.as_slice());
        match name {
            "values" => {
                Some(list(&self.points.iter().map(|it| self.value(it)).collect::<Vec<_>>()))
            }
            "over" => {
                let over = over.as_deref()?;
                let settings = self.points.iter().filter_map(|point| point.at);
                Some(list(&settings.map(|at| setting(over, at)).collect::<Vec<_>>()))
            }
            "by" => Some(setting(by.as_deref()?, self.by?)),
            "range" => {
                let all = self.points.iter().flat_map(|point| point.values.iter().copied());
                Some(span(self.measure, Spread::from_values(all)?))
            }
            "first" => self.points.get(..2).map(|points| self.value(&points[0])),
            "last" => {
                let several = self.points.len() > 1;
                self.points.last().filter(|_| several).map(|point| self.value(point))
            }
            "best" => self.settings_of(best()?),
            "best_value" => self.values_of(best()?),
            "worst" => self.settings_of(worst()?),
            "worst_value" => self.values_of(worst()?),
            "ratio" => {
                let (low, high) = (extreme(false)?, extreme(true)?);
                difference::ratio(&self.points[low].values, &self.points[high].values)
            }
            path if Some(path) == over.as_deref() => self.find("over"),
            path if Some(path) == by.as_deref() => self.find("by"),
            path => {
                let trial = self.run.trials.iter().find(|trial| {
                    self.place.iter().all(|(axis, value)| trial.point.get(*axis) == Some(*value))
                        && self.is_at_trial(&trial.point)
                })?;
                let view = TrialView::new(&self.run.record, trial);
                view.setting(path).map(|value| setting(path, value))
            }
        }
    }

    /// Whether a trial has the values of `at`.
    fn is_at_trial(&self, point: &indexmap::IndexMap<String, Value>) -> bool {
        self.statement.at.iter().all(|(path, wanted)| {
            let axis = self.run.record.axes.iter().find(|axis| axis.path == *path);
            let wanted = axis.map_or(Vec::new(), |axis| chosen(axis, wanted));
            wanted.is_empty() || point.get(path).is_some_and(|value| wanted.contains(&value))
        })
    }

    /// The value of the axis at a point.
    fn setting_of(&self, point: usize) -> Option<String> {
        Some(setting(self.statement.over.as_deref()?, self.points[point].at?))
    }

    /// The values of the axis at some points that do not differ; `None` of none.
    fn settings_of(&self, points: &[usize]) -> Option<String> {
        let settings: Vec<_> = points.iter().filter_map(|point| self.setting_of(*point)).collect();
        match settings.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(format!("{} alike", list(several))),
        }
    }

    /// The values at some points that do not differ: of several, the range of their medians.
    fn values_of(&self, points: &[usize]) -> Option<String> {
        if let [only] = points {
            return Some(self.value(&self.points[*only]));
        }
        let medians = points.iter().filter_map(|point| Some(self.points[*point].spread()?.median));
        Some(span(self.measure, Spread::from_values(medians)?))
    }

    /// The value at a point: the median of a noisy metric, and the range of anything else.
    fn value(&self, point: &Point<'_>) -> String {
        match point.spread() {
            Some(spread) if self.measure.is_noisy() => self.measure.format(spread.median),
            Some(spread) => span(self.measure, spread),
            None => String::new(),
        }
    }

    /// The values without words of the scenario.
    fn generic(&self) -> String {
        let Statement { over, by, .. } = self.statement;
        let with = |path: &Option<String>, name: &str| {
            let path = path.as_deref()?;
            Some(format!("{} {}", self.run.axis_name(path), self.find(name)?))
        };
        let with: Vec<_> = [with(over, "over"), with(by, "by")].into_iter().flatten().collect();
        let place =
            if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
        let values = self.find("values").unwrap_or_default();
        format!("{values}{place}")
    }
}

impl Point<'_> {
    fn spread(&self) -> Option<Spread> {
        Spread::from_values(self.values.iter().copied())
    }
}

/// What differs along the axis. What a law measured is only late or wrong by chance: its
/// predictions decide.
fn found(measure: Measure<'_>, points: &[Point<'_>]) -> Difference {
    let of = |point: &Point<'_>| match measure {
        Measure::Law(..) => point.predicted.clone(),
        _ => point.values.clone(),
    };
    let samples: Vec<_> = points.iter().map(of).collect();
    difference::difference(&samples, measure.is_noisy(), measure.better())
}
