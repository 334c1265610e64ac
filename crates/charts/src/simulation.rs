//! The share of attempts that the server accepted in each trial: simulated and measured.

use run_record::Agreement;

use crate::chart::Chart;
use crate::scatter::{Axes, Mark, scatter};
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

/// The chart; `None` if no trial was simulated.
pub fn simulation(run: &Run) -> Option<Chart> {
    let marks = run.trials.iter().filter_map(|trial| {
        let simulated = trial.simulated.as_ref()?;
        let share = |accepted: u64| accepted as f64 / trial.attempts.max(1) as f64;
        let (simulated_share, measured) =
            (share(simulated.accepted), share(trial.accepted.unwrap_or(0)));
        Some(Mark {
            x: simulated_share,
            y: [measured; 3],
            held: Agreement::agrees(trial, simulated),
            description: format!(
                "accepted: simulated {} %, measured {} %",
                percent(simulated_share),
                percent(measured)
            ),
            cells: vec![(
                format!("#trial-{}", trial.id),
                format!("trial {}: {}", trial.id, run.place(trial)),
            )],
        })
    });
    let marks: Vec<_> = marks.collect();
    (!marks.is_empty()).then(|| {
        let title = "Accepted attempts, simulated and measured, of each trial";
        scatter("simulation".to_owned(), title.to_owned(), &AXES, marks)
    })
}
