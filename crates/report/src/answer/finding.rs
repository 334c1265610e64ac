//! What a run found: the headline's figure at the ends of the headline's axis.

use run_record::Outcome;

use super::headline::Headline;
use super::quantity::Quantity;
use super::subject::{Lane, lanes, relevance};
use run_view::Cell;
use run_view::Run;
use run_view::number::{count, percent, total, value};

/// So many values of an axis are told all; of more, the ends.
const ALL: usize = 3;

/// The finding as a sentence.
pub(super) fn finding(run: &Run) -> String {
    let cells = Cell::all(run);
    let lanes = lanes(run, &cells);
    match found(run, &cells, &lanes) {
        Ok((quantity, lane)) => told(&quantity, lane, &lanes),
        Err(told) => told,
    }
}

/// The finding of a baseline, and of a run that is held against it in the same
/// place, where it has that.
pub fn findings(baseline: &Run, new: &Run) -> [String; 2] {
    let [cells, cells_of_new] = [baseline, new].map(Cell::all);
    let [lanes, lanes_of_new] = [lanes(baseline, &cells), lanes(new, &cells_of_new)];
    let same = |quantity: &Quantity, lane: &Lane<'_>| {
        let same = lanes_of_new
            .iter()
            .find(|other| other.axis.path == lane.axis.path && other.point().eq(lane.point()))?;
        let has_it = same.cells.iter().all(|cell| quantity.at(cell).is_some());
        has_it.then(|| told(quantity, same, &lanes_of_new))
    };
    match found(baseline, &cells, &lanes) {
        Ok((quantity, lane)) => {
            let of_new = same(&quantity, lane).unwrap_or_else(|| finding(new));
            [told(&quantity, lane, &lanes), of_new]
        }
        Err(told) => [told, finding(new)],
    }
}

/// The declared figure along the declared axis, where it differs most. Without a
/// headline, the most telling figure that differs along any axis. If nothing differs, a
/// sentence that holds in every cell.
fn found<'a>(
    run: &Run,
    cells: &[Cell<'_>],
    lanes: &'a [Lane<'a>],
) -> Result<(Quantity, &'a Lane<'a>), String> {
    let cells: Vec<_> = cells.iter().filter(|cell| !cell.trials.is_empty()).collect();
    let Headline { quantity: declared, over } = Headline::new(run);
    if let Some(quantity) = &declared
        && let Some(found) = along(quantity, lanes, over)
    {
        return found;
    }
    let mut steady = None;
    for quantity in declared.into_iter().chain(Quantity::all(run)) {
        // A time that is the same everywhere says more than what follows.
        if quantity.is_minor() && steady.is_some() {
            break;
        }
        if let Some(lane) = most(&quantity, lanes, over) {
            return Ok((quantity, lane));
        }
        if cells.iter().all(|cell| quantity.at(cell).is_some()) {
            steady = steady.or_else(|| quantity.told_of_all(&cells));
        }
    }
    Err(steady.unwrap_or_else(|| alike(&cells)))
}

/// The declared figure along the declared axis, also if it is the same in all of its
/// cells; none if the run does not show it.
fn along<'a>(
    quantity: &Quantity,
    lanes: &'a [Lane<'a>],
    over: Option<&str>,
) -> Option<Result<(Quantity, &'a Lane<'a>), String>> {
    let over = over?;
    let shows = |lane: &&Lane<'_>| {
        lane.axis.path == over
            && !quantity.is_mute(&lane.cells)
            && lane.cells.iter().all(|cell| quantity.at(cell).is_some())
    };
    let lanes = || lanes.iter().filter(shows);
    let effects = lanes().filter_map(|lane| Some((quantity.effect(&lane.cells)?, lane)));
    // The first of those that differ as much.
    let most = effects.reduce(|most, lane| if lane.0 > most.0 { lane } else { most });
    let lane = most.map(|(_, lane)| lane);
    if lane.is_none() {
        let cells: Vec<_> = lanes().flat_map(|lane| &lane.cells).copied().collect();
        if !cells.is_empty()
            && let Some(everywhere) = quantity.told_of_all(&cells)
        {
            return Some(Err(everywhere));
        }
    }
    lane.or_else(|| lanes().next()).map(|lane| Ok((quantity.clone(), lane)))
}

/// The lane along which a figure differs, by the axis first, then by how much.
fn most<'a>(
    quantity: &Quantity,
    lanes: &'a [Lane<'a>],
    over: Option<&str>,
) -> Option<&'a Lane<'a>> {
    let found = lanes
        .iter()
        .filter(|lane| !quantity.is_mute(&lane.cells))
        .filter_map(|lane| Some((relevance(over, lane.axis), quantity.effect(&lane.cells)?, lane)));
    // The first of those that differ as much.
    let most = found.reduce(|most, found| {
        let is_more = (found.0, found.1) > (most.0, most.1);
        if is_more { found } else { most }
    });
    most.map(|(_, _, lane)| lane)
}

/// A sentence of a lane, and of where it is, unless it is so in all of that axis.
fn told(quantity: &Quantity, lane: &Lane<'_>, lanes: &[Lane<'_>]) -> String {
    let anywhere = told_at(quantity, lane, "");
    let mut others = lanes.iter().filter(|other| other.axis.path == lane.axis.path);
    let place = match lane.place() {
        place if place.is_empty() => place,
        _ if others.all(|other| told_at(quantity, other, "") == anywhere) => String::new(),
        place => format!(" ({place})"),
    };
    told_at(quantity, lane, &place)
}

fn told_at(quantity: &Quantity, lane: &Lane<'_>, place: &str) -> String {
    let path = lane.axis.path.as_str();
    let at = |cell: &Cell<'_>| {
        let found = cell.point.iter().find(|(other, _)| *other == path);
        found.map_or(String::new(), |(_, at)| value(at))
    };
    let shown: Vec<_> =
        shown(quantity, &lane.cells).into_iter().map(|cell| (at(cell), cell)).collect();
    quantity.told(lane.axis_name(), &shown, place)
}

/// The ends, and what lies beyond both of them.
fn shown<'a>(quantity: &Quantity, cells: &[&'a Cell<'a>]) -> Vec<&'a Cell<'a>> {
    let figure = |at: usize| quantity.at(cells[at]).unwrap_or(0.0);
    let last = cells.len() - 1;
    let order = |one: &usize, other: &usize| figure(*one).total_cmp(&figure(*other));
    let (low, high) = (figure(0).min(figure(last)), figure(0).max(figure(last)));
    let most = (0..=last).max_by(order).filter(|&at| figure(at) > high);
    let least = (0..=last).min_by(order).filter(|&at| figure(at) < low);
    let is_shown =
        |at: &usize| last < ALL || [0, last].contains(at) || [most, least].contains(&Some(*at));
    (0..=last).filter(is_shown).map(|at| cells[at]).collect()
}

/// Where nothing differs.
fn alike(cells: &[&Cell<'_>]) -> String {
    let trials = || cells.iter().flat_map(|cell| &cell.trials);
    let attempts = total(trials().map(|trial| trial.attempts));
    let ok = total(trials().map(|trial| trial.outcomes.get(Outcome::Ok)));
    let share = if attempts == 0 { 0.0 } else { ok as f64 / attempts as f64 };
    let shares: Vec<_> = cells.iter().map(|cell| Quantity::Success.at(cell)).collect();
    let alike = match shares.len() {
        cells if cells > 1 && shares.iter().all(|share| *share == shares[0]) => {
            format!(", in each of {cells} cells alike")
        }
        _ => String::new(),
    };
    format!(
        "{} of {} attempts succeeded ({} %){alike}.",
        count(ok),
        count(attempts),
        percent(share)
    )
}
