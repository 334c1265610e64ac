//! Runs that are killed at random instants; see `support::kills`.

use nix::sys::signal::Signal;

use crate::support::docker::RunObjects;
use crate::support::kills::{clean, kill_runs};
use crate::support::test_engine::TestEngine;
use crate::support::wait_until;

#[test]
#[ignore = "needs a Docker engine"]
fn a_run_killed_at_any_instant_leaves_nothing_after_clean_and_can_be_resumed() {
    // The test's own engine, because every run that begins removes leftovers too.
    let engine = TestEngine::start();
    let host = engine.host();
    let environment = [("DOCKER_HOST", host.as_str())];
    let docker = |arguments: &[&str]| engine.docker(arguments);
    kill_runs("docker", 2, 10_000, &environment, |pid, signal| {
        let left = RunObjects { docker: &docker, pid };
        if signal == Signal::SIGKILL {
            clean(&environment);
            assert_eq!(left.networks(), [], "networks after clean");
            // A container that the engine was just creating for the killed lab may appear
            // later; it is never started.
            wait_until("clean removes all containers", || {
                clean(&environment);
                left.containers().is_empty()
            });
        }
        left.assert_none();
    });
}
