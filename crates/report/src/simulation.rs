//! How well the simulation agrees with the measurement.

use run_record::Agreement;

use run_view::Run;

/// A line for each design; `None` if nothing was simulated.
pub(crate) fn agreement(run: &Run) -> Option<String> {
    let agreements = Agreement::by_design(&run.trials);
    let lines: Vec<_> = agreements
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
