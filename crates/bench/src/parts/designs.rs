//! What the figures of designs have in common.

use chat_server::DesignName;

use crate::load::BUSY;
use crate::measurement::Quantity;
use crate::results::Results;

/// The original's designs: they make one write a delivery, and stay as they are.
const FAITHFUL: [&str; 2] = ["global-lock", "snapshot"];

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
            "the generator's threads were busy in {busy} of {} rounds: it may be the limit",
            rounds.len()
        )
    })
}
