//! When a host ends by itself: the hosts of a lab that was killed end one after the other.
//!
//! An engine can lose count of a network's containers if three of them leave it, or join it,
//! at the same time, and then never removes the network (docs/decisions/0050).

use std::time::Duration;

/// The variable of a host's environment with its turn.
pub(crate) const EXIT_TURN: &str = "QUEUELAB_EXIT_TURN";

/// The number of turns: a run has fewer hosts at the same time.
const TURNS: u32 = 16;

/// The time between two turns, in which an engine removes a container from its network.
const INTERVAL: Duration = Duration::from_millis(250);

/// The turn of a run's host with this number, as the value of [`EXIT_TURN`].
pub(crate) fn exit_turn(number: u32) -> String {
    (number % TURNS).to_string()
}

/// How long a host with this turn waits before it ends; without a turn it does not wait.
pub(super) fn delay(turn: Option<&str>) -> Duration {
    let turn = turn.and_then(|turn| turn.parse().ok()).unwrap_or(0);
    INTERVAL * TURNS.min(turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_consecutive_numbers_end_at_different_times() {
        let delays: Vec<_> = (100..100 + TURNS).map(|n| delay(Some(&exit_turn(n)))).collect();
        for (position, one) in delays.iter().enumerate() {
            let others = delays.iter().enumerate().filter(|(other, _)| *other != position);
            assert!(others.clone().all(|(_, other)| one.abs_diff(*other) >= INTERVAL));
            assert!(*one < INTERVAL * TURNS);
        }
    }

    #[test]
    fn a_host_without_a_turn_ends_at_once() {
        for turn in [None, Some(""), Some("x"), Some("-1"), Some("0")] {
            assert_eq!(delay(turn), Duration::ZERO, "{turn:?}");
        }
        assert_eq!(delay(Some("4000000000")), INTERVAL * TURNS, "a bounded time");
    }
}
