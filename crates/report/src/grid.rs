//! One figure over two axes of the matrix, for each value of the others.

use run_record::{Axis, TrialRecord};
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Style};

use crate::Run;
use crate::figure::{Spread, percent, rate, value};
use crate::run::{combinations, short_name, written_point};

struct Figure {
    title: &'static str,
    of: fn(&TrialRecord) -> Option<f64>,
    write: fn(f64) -> String,
}

const FIGURES: [Figure; 5] = [
    Figure {
        title: "Success on the first try (no SYN retransmission), % of attempts",
        of: |trial| Some(trial.first_try_rate()),
        write: percent,
    },
    Figure {
        title: "Success within the deadline, % of attempts",
        of: |trial| Some(trial.success_rate()),
        write: percent,
    },
    Figure {
        title: "Offered: messages the clients wrote, /s",
        of: |trial| Some(trial.rates.offered),
        write: rate,
    },
    Figure {
        title: "Ingested: messages the server read, /s",
        of: |trial| trial.rates.ingested,
        write: rate,
    },
    Figure {
        title: "Delivered: messages that arrived at clients, /s",
        of: |trial| Some(trial.rates.delivered),
        write: rate,
    },
];

/// Grids over the last two varying axes; none where the matrix has fewer.
pub(crate) fn grids(run: &Run) -> Vec<String> {
    let axes = run.varying_axes();
    let [outer @ .., rows, columns] = axes.as_slice() else {
        return Vec::new();
    };
    let quiet = run.trials.iter().all(|trial| trial.rates.messages_written == 0);
    let figures = if quiet { &FIGURES[..2] } else { &FIGURES[..] };
    combinations(outer)
        .iter()
        .flat_map(|split| {
            let heading = (!split.is_empty()).then(|| written_point(split.iter().copied()));
            let heading = heading.map(|text| format!("── {text} ──"));
            let grids = figures.iter().map(|figure| grid(run, split, rows, columns, figure));
            heading.into_iter().chain(grids)
        })
        .collect()
}

fn grid(
    run: &Run,
    split: &[(&str, &serde_json::Value)],
    rows: &Axis,
    columns: &Axis,
    figure: &Figure,
) -> String {
    let mut builder = Builder::default();
    let corner = format!("{} ↓  {} →", short_name(&rows.path), short_name(&columns.path));
    builder.push_record(std::iter::once(corner).chain(columns.values.iter().map(value)));
    for row in &rows.values {
        let cells = columns.values.iter().map(|column| {
            let mut point = split.to_vec();
            point.push((&rows.path, row));
            point.push((&columns.path, column));
            Spread::of(run.trials_at(&point).filter_map(figure.of))
                .map_or_else(|| "·".to_owned(), |spread| spread.written(figure.write))
        });
        builder.push_record(std::iter::once(value(row)).chain(cells));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
    table.modify(Rows::first(), Alignment::right());
    format!("{}\n{table}", figure.title)
}
