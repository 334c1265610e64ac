//! From a combination that fails to one that fails with fewer settings.

use serde_json::json;

use crate::combination::Combination;
use crate::trial::Violation;

/// How often a failing combination is run in all.
pub(crate) const RUNS: u32 = 3;

/// A combination in which something that the lab said was wrong.
#[derive(Clone)]
pub(crate) struct CounterExample {
    pub(crate) combination: Combination,
    /// The violations of one of its trials.
    pub(crate) violations: Vec<Violation>,
    /// In how many of [`RUNS`] trials this did not happen.
    pub(crate) held: u32,
}

/// Runs combinations, and returns the violations of each.
pub(crate) trait Runner: FnMut(&Combination) -> Vec<Violation> {}

impl<F: FnMut(&Combination) -> Vec<Violation>> Runner for F {}

/// Repeats a combination that failed once.
pub(crate) fn repeated(
    combination: &Combination,
    violations: Vec<Violation>,
    run: &mut impl Runner,
) -> CounterExample {
    let held = (1..RUNS).filter(|_| failure_like(combination, &violations, run).is_none()).count();
    CounterExample { combination: combination.clone(), violations, held: held as u32 }
}

/// A counter-example with fewer stated settings, fewer clients and a smaller backlog, which
/// fails in the same way.
pub(crate) fn shrunk(found: CounterExample, run: &mut impl Runner) -> CounterExample {
    let CounterExample { mut combination, mut violations, .. } = found;
    let mut smaller_fails = |smaller: Combination, combination: &mut Combination| {
        let Some(again) = failure_like(&smaller, &violations, run) else { return };
        violations = again;
        *combination = smaller;
    };
    let paths: Vec<String> = combination.paths().map(str::to_owned).collect();
    for path in paths {
        // Its default only makes trials longer.
        if path != "load.finish_deadline" {
            smaller_fails(combination.with(&path, None), &mut combination);
        }
    }
    for path in ["load.clients", "load.half_open", "server.backlog"] {
        for divisor in [2, 2, 2, 1] {
            let number = combination.number(path, 0);
            let smaller = if divisor == 1 { number - 1 } else { number / divisor };
            if number > 1 {
                smaller_fails(combination.with(path, Some(json!(smaller))), &mut combination);
            }
        }
    }
    repeated(&combination, violations, run)
}

/// The violations of a trial in which the same was wrong as in another one.
fn failure_like(
    combination: &Combination,
    like: &[Violation],
    run: &mut impl Runner,
) -> Option<Vec<Violation>> {
    let violations = run(combination);
    let is_alike = |violation: &Violation| like.iter().any(|other| violation.is_like(other));
    violations.iter().any(is_alike).then_some(violations)
}
