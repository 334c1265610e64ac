//! The share of attempts that the server accepted in each trial: simulated and measured.

use run_record::Agreement;

use crate::chart::Chart;
use crate::links::id_of_trial;
use crate::scatter::{Axes, Mark, scatter};
use crate::side::Side;
use run_view::Run;
use run_view::number::percent;

const AXES: Axes = Axes {
    across: "simulated, % of attempts",
    up: "measured, % of attempts",
    max: Some(1.0),
    format: percent,
    band: Agreement::MAX_DIFFERENCE,
    legend: ["within 5 points", "further away"],
};

/// The chart; `None` if no trial was simulated, or all are one point. In a large run, of which a
/// page does not list each trial, shares are rounded, so that many trials have one mark, which
/// leads to their cell. The scales include the run beside it.
pub fn simulation(run: &Run, is_large: bool, beside: Option<Side<'_>>) -> Option<Chart> {
    let title = match is_large {
        true => "Accepted attempts, simulated and measured, of each trial (rounded to 1 %)",
        false => "Accepted attempts, simulated and measured, of each trial",
    };
    let others = beside.iter().flat_map(|side| marks(side.run, is_large)).collect::<Vec<_>>();
    scatter("simulation".to_owned(), title.to_owned(), &AXES, marks(run, is_large), &others)
}

fn marks(run: &Run, is_large: bool) -> impl Iterator<Item = Mark> {
    run.trials.iter().filter_map(move |trial| {
        let simulated = trial.simulated_accepts?;
        let accepted = trial.known_accepts?;
        let share = |accepted: u64| {
            let share = accepted as f64 / trial.attempts.max(1) as f64;
            if is_large { (share * 100.0).round() / 100.0 } else { share }
        };
        let (simulated_share, measured) = (share(simulated), share(accepted));
        Some(Mark {
            x: simulated_share,
            y: [measured; 3],
            held: Agreement::agrees(simulated, accepted, trial.attempts),
            description: format!(
                "accepted: simulated {} %, measured {} %",
                percent(simulated_share),
                percent(measured)
            ),
            cells: vec![(
                match run.number_of_cell(trial).filter(|_| is_large) {
                    Some(cell) => format!("#cell-{cell}"),
                    None => format!("#{}", id_of_trial(trial.execution_id())),
                },
                format!("trial {}: {}", trial.id, run.place(trial)),
            )],
            count: 1,
        })
    })
}
