//! What the figures of designs have in common.

use chat_server::DesignName;

use crate::load::BUSY;
use crate::measurement::Quantity;
use crate::results::Results;

/// The original's designs: they make one write a delivery, and stay as they are.
const FAITHFUL: [&str; 2] = ["global-lock", SNAPSHOT];

/// The one with which the new designs are compared.
pub(crate) const SNAPSHOT: &str = "snapshot";

pub(crate) fn is_faithful(contestant: &str) -> bool {
    FAITHFUL.contains(&contestant)
}

/// The measured designs that are not the original's.
pub(crate) fn new_designs<'a>(results: Results<'a>) -> impl Iterator<Item = &'a str> {
    results
        .contestants()
        .into_iter()
        .filter(|name| !is_faithful(name) && name.parse::<DesignName>().is_ok())
}

/// In how many rounds the load was the limit; `None` if in none.
pub(crate) fn limits_of_load(results: Results<'_>, contestant: &str) -> Option<String> {
    let rounds = results.values(contestant, Quantity::LoadUse);
    let busy = rounds.iter().filter(|load| **load >= BUSY).count();
    (busy > 0).then(|| {
        format!(
            "the generator's busiest thread was busy in {busy} of {} rounds: it may be the limit",
            rounds.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::{Measurement, Values};

    #[test]
    fn a_new_design_is_a_design_but_none_of_the_originals() {
        assert!(FAITHFUL.iter().all(|name| name.parse::<DesignName>().is_ok()));
        let designs: Vec<_> = DesignName::all().map(DesignName::as_str).collect();
        let all: Vec<_> = ["bare fan-out"]
            .into_iter()
            .chain(designs.iter().copied())
            .map(|contestant| Measurement {
                part: "x",
                contestant: contestant.to_owned(),
                round: 0,
                took_seconds: 1.0,
                others_share: None,
                values: Values::from([(Quantity::LoadUse, BUSY)]),
            })
            .collect();
        let results = Results::new("x", &all);
        let new: Vec<_> = new_designs(results).collect();
        let expected: Vec<_> = designs.into_iter().filter(|name| !is_faithful(name)).collect();
        assert_eq!(new, expected);
        let busy = limits_of_load(results, SNAPSHOT).expect("it was busy");
        assert!(busy.contains("in 1 of 1 rounds"), "{busy}");
        assert_eq!(limits_of_load(results, "none"), None);
    }
}
