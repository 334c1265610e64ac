//! Runs that are killed at random instants; see `support::kills`.

use crate::support::kills::kill_runs;

#[test]
fn a_run_killed_at_any_instant_leaves_nothing_and_can_be_resumed() {
    kill_runs("netns", 6, 2_000, &[], |_, _| {});
}
