//! How well the simulation agrees with the measurement.

use std::collections::BTreeMap;

use run_view::Run;

/// A line for each design; `None` if nothing was simulated.
pub(crate) fn agreement(run: &Run) -> Option<String> {
    let lines: Vec<_> = run
        .agreements
        .iter()
        .map(|agreement| {
            let design =
                agreement.design.as_ref().map_or(String::new(), |design| format!("{design}, "));
            let trials = if agreement.simulated == 1 { "trial" } else { "trials" };
            format!(
                "{design}within 5 points of success in {} of {} {trials}, every counter equal in \
                 {}.",
                agreement.agreeing, agreement.simulated, agreement.counters_equal
            )
        })
        .collect();
    match lines.as_slice() {
        [] => None,
        [only] => Some(format!("Simulated from the times of accept(2): {only}")),
        several => {
            Some(format!("Simulated from the times of accept(2):\n  {}", several.join("\n  ")))
        }
    }
}

/// A line for each reason for which trials are not simulated; `None` if there are none.
pub(crate) fn not_simulated(run: &Run) -> Option<String> {
    let mut trials_by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in run.trials.iter().filter_map(|trial| trial.not_simulated.as_deref()) {
        *trials_by_reason.entry(reason).or_default() += 1;
    }
    let lines: Vec<_> = trials_by_reason
        .iter()
        .map(|(reason, trials)| {
            let which = match run.trials.len() {
                all if *trials == all => "these trials".to_owned(),
                all => format!("{trials} of {all} trials"),
            };
            format!("The simulator does not cover {which}: {}.", visible::line(reason))
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
