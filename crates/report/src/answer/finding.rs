//! The finding of a run: the headline's quantity at the ends of the headline's axis.

use run_record::{Outcome, describe_value};

use super::headline::Plain;
use super::quantity::Quantity;
use super::series::{Series, all_series, relevance};
use run_view::Cell;
use run_view::Run;
use run_view::Trial;
use run_view::number::{count, percent, total};

/// Instead of a finding that a disturbed trial does not decide.
pub(super) const DISTURBED: &str = "No rate, share or time was found: every trial was disturbed.";

/// The same, if other trials of the run were not disturbed.
pub(super) const SOME_DISTURBED: &str =
    "The rest was not found: the trials that would show it were disturbed.";

/// Of an axis with more values, only the ends and extremes are reported.
const MAX_VALUES: usize = 3;

/// The finding of the trials that were not disturbed as a sentence. Only an exact law is also
/// found in the others: the kernel counts the same on a busy machine.
pub(super) fn finding_of_undisturbed(run: &Run) -> String {
    with_undisturbed(run, finding)
}

fn with_undisturbed(run: &Run, find: impl Fn(&Run) -> String) -> String {
    let is_disturbed = run.trials.iter().any(Trial::is_disturbed);
    if !is_disturbed || Plain::new(run).is_exact_law() {
        return find(run);
    }
    let undisturbed = run.undisturbed();
    match undisturbed.trials.is_empty() {
        true => DISTURBED.to_owned(),
        false => find(&undisturbed),
    }
}

/// The finding as a sentence.
fn finding(run: &Run) -> String {
    let cells = Cell::all(run);
    let all = all_series(run, &cells);
    match find(run, &cells, &all) {
        Ok((quantity, series)) => describe(&quantity, series, &all),
        Err(sentence) => sentence,
    }
}

/// The findings of a baseline and of a run that is compared with it: of the same quantity in
/// the same series, if the run has it.
pub(super) fn findings(baseline: &Run, new: &Run) -> [String; 2] {
    let is_undisturbed = |run: &Run| !run.trials.iter().any(Trial::is_disturbed);
    if ![baseline, new].into_iter().all(is_undisturbed) {
        return [baseline, new].map(finding_of_undisturbed);
    }
    let [cells, cells_of_new] = [baseline, new].map(Cell::all);
    let [all, all_of_new] = [all_series(baseline, &cells), all_series(new, &cells_of_new)];
    let same = |quantity: &Quantity, series: &Series<'_>| {
        let same = all_of_new.iter().find(|other| {
            other.axis.path == series.axis.path && other.point().eq(series.point())
        })?;
        let has_it = same.cells.iter().all(|cell| quantity.at(cell).is_some());
        has_it.then(|| describe(quantity, same, &all_of_new))
    };
    match find(baseline, &cells, &all) {
        Ok((quantity, series)) => {
            let of_new = same(&quantity, series).unwrap_or_else(|| finding(new));
            [describe(&quantity, series, &all), of_new]
        }
        Err(sentence) => [sentence, finding(new)],
    }
}

/// The declared quantity along the declared axis, in the series in which it differs most.
/// Without a headline, the most relevant quantity that differs along any axis. If nothing
/// differs, a sentence about every cell.
fn find<'a>(
    run: &Run,
    cells: &[Cell<'_>],
    all: &'a [Series<'a>],
) -> Result<(Quantity, &'a Series<'a>), String> {
    let cells: Vec<_> = cells.iter().filter(|cell| !cell.trials.is_empty()).collect();
    let Plain { quantity: declared, over } = Plain::new(run);
    if let Some(quantity) = &declared
        && let Some(found) = along(quantity, all, over)
    {
        return found;
    }
    let mut steady = None;
    for quantity in declared.into_iter().chain(Quantity::all(run)) {
        // A time that is the same everywhere is more relevant than what follows.
        if quantity.is_minor() && steady.is_some() {
            break;
        }
        if let Some(series) = most_different(&quantity, all, over) {
            return Ok((quantity, series));
        }
        if cells.iter().all(|cell| quantity.at(cell).is_some()) {
            steady = steady.or_else(|| quantity.describe_all(&cells));
        }
    }
    Err(steady.unwrap_or_else(|| describe_total(&cells)))
}

/// The declared quantity along the declared axis, also if it is the same in all of its cells;
/// `None` if the run does not have it.
fn along<'a>(
    quantity: &Quantity,
    all: &'a [Series<'a>],
    over: Option<&str>,
) -> Option<Result<(Quantity, &'a Series<'a>), String>> {
    let over = over?;
    let has_it = |series: &&Series<'_>| {
        series.axis.path == over
            && !quantity.is_uncertain(&series.cells)
            && series.cells.iter().all(|cell| quantity.at(cell).is_some())
    };
    let candidates = || all.iter().filter(has_it);
    let effects = candidates().filter_map(|series| Some((quantity.effect(&series.cells)?, series)));
    // The first of those that differ as much.
    let most = effects.reduce(|most, series| if series.0 > most.0 { series } else { most });
    let series = most.map(|(_, series)| series);
    if series.is_none() {
        let cells: Vec<_> = candidates().flat_map(|series| &series.cells).copied().collect();
        if !cells.is_empty()
            && let Some(sentence) = quantity.describe_all(&cells)
        {
            return Some(Err(sentence));
        }
    }
    series.or_else(|| candidates().next()).map(|series| Ok((quantity.clone(), series)))
}

/// The series along which a quantity differs most: by the relevance of the axis, then by the
/// difference.
fn most_different<'a>(
    quantity: &Quantity,
    all: &'a [Series<'a>],
    over: Option<&str>,
) -> Option<&'a Series<'a>> {
    let certain = all.iter().filter(|series| !quantity.is_uncertain(&series.cells));
    let found = certain.filter_map(|series| {
        Some((relevance(over, series.axis), quantity.effect(&series.cells)?, series))
    });
    // The first of those that differ as much.
    let most = found.reduce(|most, found| {
        let is_more = (found.0, found.1) > (most.0, most.1);
        if is_more { found } else { most }
    });
    most.map(|(_, _, series)| series)
}

/// A sentence about a series, with its place unless it applies to all series of the axis.
fn describe(quantity: &Quantity, series: &Series<'_>, all: &[Series<'_>]) -> String {
    let without_place = describe_at(quantity, series, "");
    let mut others = all.iter().filter(|other| other.axis.path == series.axis.path);
    let place = match series.place() {
        place if place.is_empty() => place,
        _ if others.all(|other| describe_at(quantity, other, "") == without_place) => String::new(),
        place => format!(" ({place})"),
    };
    describe_at(quantity, series, &place)
}

fn describe_at(quantity: &Quantity, series: &Series<'_>, place: &str) -> String {
    let path = series.axis.path.as_str();
    let at = |cell: &Cell<'_>| {
        let at = cell.point.iter().find(|(other, _)| *other == path);
        at.map_or(String::new(), |(_, at)| describe_value(at))
    };
    let cells: Vec<_> =
        selected(quantity, &series.cells).into_iter().map(|cell| (at(cell), cell)).collect();
    quantity.describe(series.axis_name(), &cells, place)
}

/// The cells at the ends, and those with values beyond both ends.
fn selected<'a>(quantity: &Quantity, cells: &[&'a Cell<'a>]) -> Vec<&'a Cell<'a>> {
    let at = |index: usize| quantity.at(cells[index]).unwrap_or(0.0);
    let last = cells.len() - 1;
    let order = |one: &usize, other: &usize| at(*one).total_cmp(&at(*other));
    let (low, high) = (at(0).min(at(last)), at(0).max(at(last)));
    let most = (0..=last).max_by(order).filter(|&index| at(index) > high);
    let least = (0..=last).min_by(order).filter(|&index| at(index) < low);
    let is_selected = |index: &usize| {
        last < MAX_VALUES || [0, last].contains(index) || [most, least].contains(&Some(*index))
    };
    (0..=last).filter(is_selected).map(|index| cells[index]).collect()
}

/// The success of all cells together, if nothing differs.
fn describe_total(cells: &[&Cell<'_>]) -> String {
    let trials = || cells.iter().flat_map(|cell| &cell.trials);
    let attempts = total(trials().map(|trial| trial.attempts));
    let ok = total(trials().map(|trial| trial.outcomes.get(Outcome::Ok)));
    let share = if attempts == 0 { 0.0 } else { ok as f64 / attempts as f64 };
    let shares: Vec<_> = cells.iter().map(|cell| Quantity::Success.at(cell)).collect();
    let equal = match shares.len() {
        cells if cells > 1 && shares.iter().all(|share| *share == shares[0]) => {
            format!(", the same in each of {cells} cells")
        }
        _ => String::new(),
    };
    format!(
        "{} of {} attempts succeeded ({} %){equal}.",
        count(ok),
        count(attempts),
        percent(share)
    )
}
