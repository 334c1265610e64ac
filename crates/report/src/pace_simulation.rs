//! Trials that were simulated at the accept pace that the kernel showed, beside their
//! measurements.

use linux_net::Counter;
use run_record::{PaceSimulation, Simulated};
use run_view::number::{count, nanoseconds};
use run_view::{Cell, Trial};

use crate::bounds::MAX_SHOWN_CELLS;
use crate::cells::mark;
use crate::table::Table;

/// What the table shows, for people.
pub(crate) const CAPTION: &str = "A program does not list its accepts. The simulator repeats these \
    trials with a server that accepts evenly while connections wait, at the mean time per accept \
    that the kernel showed in the trial (accept_pace in trials.jsonl): the simulated values are \
    from the fastest to the slowest that it can have been, in all trials of a cell. A real server \
    accepts less evenly, so that a measured value may be outside.";

/// The least and the most of some values.
type Range<T> = (T, T);

/// A figure of a trial, as simulated and as measured.
struct Figure {
    name: &'static str,
    simulated: fn(&Simulated) -> u64,
    measured: fn(&Trial) -> Option<Range<u64>>,
}

const FIGURES: [Figure; 3] = [
    Figure {
        name: "accepted",
        simulated: |simulated| simulated.accepted,
        measured: |trial| {
            let ledger = trial.evidence.ledger.as_ref()?;
            Some((ledger.accepted, ledger.accepted.saturating_add(ledger.unknown)))
        },
    },
    Figure {
        name: "SYN retransmissions",
        simulated: Simulated::retransmissions,
        measured: |trial| Some(same(trial.evidence.at_client(Counter::TcpSynRetrans))),
    },
    Figure {
        name: "ListenDrops",
        simulated: |simulated| simulated.listen_drops,
        measured: |trial| Some(same(trial.evidence.at_server(Counter::ListenDrops))),
    },
];

/// Rows for each cell with such trials; `None` if there are none. Disturbed trials count only
/// if all of a cell were.
pub(crate) fn table(cells: &[Cell<'_>]) -> Option<Table> {
    let rows: Vec<_> = cells.iter().filter_map(rows).take(MAX_SHOWN_CELLS).flatten().collect();
    (!rows.is_empty()).then(|| Table {
        title: "Simulated at the accept pace, and measured".to_owned(),
        head: ["cell", "figure", "simulated", "measured"].map(str::to_owned).into(),
        rows,
        words: 2,
        ..Table::default()
    })
}

fn rows(cell: &Cell<'_>) -> Option<Vec<Vec<String>>> {
    let all = cell.is_disturbed();
    let trials = cell.trials.iter().filter(|trial| all || !trial.is_disturbed());
    let trials: Vec<(&Trial, &PaceSimulation)> =
        trials.filter_map(|trial| Some((*trial, trial.simulated_at_pace.as_deref()?))).collect();
    let pace = range(trials.iter().map(|(_, simulated)| (simulated.least_ns, simulated.most_ns)))?;
    let pace = match pace {
        (least, most) if least > 0.0 => describe((nanoseconds(least), nanoseconds(most))),
        (_, most) => format!("at most {}", nanoseconds(most)),
    };
    let figure = |figure: &Figure| {
        let of = figure.simulated;
        let simulated = trials.iter().map(|(_, it)| (of(&it.fastest), of(&it.slowest)));
        let measured = trials.iter().filter_map(|(trial, _)| (figure.measured)(trial));
        let [simulated, measured] = [range(simulated), range(measured)].map(|range| match range {
            Some((least, most)) => describe((count(least), count(most))),
            None => "·".to_owned(),
        });
        (figure.name, simulated, measured)
    };
    let figures = [("time per accept", String::new(), pace)].into_iter();
    let figures = figures.chain(FIGURES.iter().map(figure));
    let place = match cell.point.is_empty() {
        true => "all trials".to_owned(),
        false => cell.place(),
    };
    let row = |(name, simulated, measured): (&str, String, String)| {
        vec![place.clone(), name.to_owned(), simulated, mark(cell, measured)]
    };
    Some(figures.map(row).collect())
}

fn same(value: u64) -> Range<u64> {
    (value, value)
}

/// The least and the most of the ends of all; `None` without any.
fn range<T: PartialOrd + Copy>(ranges: impl Iterator<Item = Range<T>>) -> Option<Range<T>> {
    let less = |a: T, b: T| if b < a { b } else { a };
    let more = |a: T, b: T| if b > a { b } else { a };
    ranges
        .map(|(a, b)| (less(a, b), more(a, b)))
        .reduce(|all, one| (less(all.0, one.0), more(all.1, one.1)))
}

fn describe((least, most): Range<String>) -> String {
    if least == most { least } else { format!("{least} to {most}") }
}
