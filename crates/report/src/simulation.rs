//! How well the simulator finds what was measured.

use run_record::Agreement;

use run_view::Run;

/// A line for each design; none where nothing was simulated.
pub(crate) fn agreement(run: &Run) -> Option<String> {
    let agreements = Agreement::of(&run.trials);
    let lines: Vec<_> = agreements
        .iter()
        .map(|agreement| {
            format!(
                "{}within 5 points of success in {}, every counter equal in {}.",
                named(agreement),
                near(agreement),
                agreement.counters_equal
            )
        })
        .collect();
    match lines.as_slice() {
        [] => None,
        [only] => Some(format!("Simulated from the accepts: {only}")),
        several => Some(format!("Simulated from the accepts:\n  {}", several.join("\n  "))),
    }
}

/// Designs of which enough was simulated to decide.
pub(crate) fn checked(run: &Run) -> usize {
    Agreement::of(&run.trials).iter().filter(|agreement| agreement.held().is_some()).count()
}

/// What did not hold of the run as a whole.
pub(crate) fn breaches(run: &Run) -> Vec<String> {
    Agreement::of(&run.trials)
        .iter()
        .filter(|agreement| agreement.held() == Some(false))
        .map(|agreement| {
            format!(
                "law `simulated within 5 points of success in nine of ten trials`: {}{}",
                named(agreement),
                near(agreement)
            )
        })
        .collect()
}

fn named(agreement: &Agreement) -> String {
    agreement.design.as_ref().map_or(String::new(), |design| format!("{design}, "))
}

fn near(agreement: &Agreement) -> String {
    let trials = if agreement.simulated == 1 { "trial" } else { "trials" };
    format!("{} of {} {trials}", agreement.near, agreement.simulated)
}
