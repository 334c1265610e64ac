//! Runs that are killed at random instants; see `support::kills`.

use nix::sys::signal::Signal;

use crate::support::docker::RunObjects;
use crate::support::kills::{clean, kill_runs};
use crate::support::test_engine::TestEngine;

#[test]
#[ignore = "needs a Docker engine"]
fn a_run_killed_at_any_instant_leaves_nothing_after_clean_and_can_be_resumed() {
    // The test's own engine, because every run that begins removes leftovers too.
    let engine = TestEngine::start();
    let host = engine.host();
    let environment = [("DOCKER_HOST", host.as_str())];
    let docker = |arguments: &[&str]| engine.docker(arguments);
    kill_runs("docker", 2, 10_000, &environment, |pid, signal| {
        if signal == Signal::SIGKILL {
            clean(&environment);
        }
        RunObjects { docker: &docker, pid }.assert_none();
    });
}
