//! The machine is the same before and after a suite; see `support::machine`.

use crate::support::docker::{BackgroundRun, assert_nothing_left_of, start};
use crate::support::machine::{Machine, write_quick_suite};
use crate::support::test_engine::TestEngine;
use crate::support::{all_output, assert_passed, has_passed_in, out_directory, queuelab};

#[test]
#[ignore = "needs a Docker engine"]
fn a_suite_in_containers_leaves_the_machine_as_it_was() {
    let folder = out_directory();
    let suite = write_quick_suite(folder.path());
    // The test's own engine, whose network namespace no other program changes.
    let engine = TestEngine::start();
    let machine = Machine::of_process(engine.pid());
    // The first network of an engine sets it up: chains of rules, and forwarding.
    let network = ["network", "create", "--internal", "--subnet", "198.19.0.0/20", "first"];
    engine.docker(&network).unwrap();
    engine.docker(&["network", "rm", "first"]).unwrap();
    let built = queuelab(&["image", "build"]).env("DOCKER_HOST", engine.host()).output().unwrap();
    assert_eq!(built.status.code(), Some(0), "{}", all_output(&built));
    let before = machine.state();
    let arguments = [suite.as_str(), "--backend", "docker"];
    let mut run = machine.run(&folder.path().join("suite"), &arguments);
    assert_passed(&run.env("DOCKER_HOST", engine.host()).output().unwrap());
    machine.assert_unchanged(&before);
    let docker = |arguments: &[&str]| engine.docker(arguments);
    let all = docker(&["ps", "--all", "--quiet"]).unwrap();
    assert_eq!(all, "", "containers");
    let networks = docker(&["network", "ls", "--filter", "label=queuelab.run", "--quiet"]).unwrap();
    assert_eq!(networks, "", "networks");
}

#[test]
#[ignore = "needs a Docker engine"]
fn ten_runs_in_containers_start_at_once() {
    let outs: Vec<_> = (0..10).map(|_| out_directory()).collect();
    let flags = ["smoke", "--backend", "docker", "--repeat", "1"];
    let started: Vec<BackgroundRun> = outs.iter().map(|out| start(out.path(), &flags)).collect();
    for (run, out) in started.into_iter().zip(&outs) {
        let pid = run.child.id();
        let (output, _) = run.finish();
        // Each of them disturbs the others.
        assert!(has_passed_in(output.status.code(), out.path()), "{}", all_output(&output));
        assert_nothing_left_of(pid);
    }
}
