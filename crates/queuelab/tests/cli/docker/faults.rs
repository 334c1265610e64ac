//! What breaks under a run in containers, and what becomes of it.

use std::process::{Command, Output, Stdio};

use crate::support::docker::{
    BackgroundRun, container_in_use, containers_of, docker, networks_of, nothing_left_of, start,
    start_with,
};
use crate::support::ordinary_user::Bench;
use crate::support::own_engine::OwnEngine;
use crate::support::{out_directory, queuelab, runs, said, text, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::TrialRecord;

/// Eight trials that each wait out a deadline.
const SLOW: &[&str] = &["accept-queue-capacity", "--backend", "docker"];

fn one_trial_is_done(run: &BackgroundRun) {
    until("the first trial", || !run.trials().is_empty());
}

/// What was said as an error, without its lines' ends and frame.
fn error_of(output: &Output) -> String {
    text(&output.stderr).replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that a run stopped because its machine failed, has kept what was
/// finished, left nothing, and says how to go on.
fn assert_stopped(output: &Output, trials: &[TrialRecord], words: &[&str]) {
    let error = error_of(output);
    assert_eq!(output.status.code(), Some(5), "{}", said(output));
    for words in words {
        assert!(error.contains(words), "no `{words}` in: {error}");
    }
    assert!((1..8).contains(&trials.len()), "{} trials are saved", trials.len());
    assert!(error.contains(&format!("{} of 8 trials are saved", trials.len())), "{error}");
}

fn assert_resumes(out: &std::path::Path, environment: &[(&str, &str)]) {
    let run = runs(out).remove(0);
    let done = run_record::RunDirectory::read(&run).unwrap().1;
    let output = queuelab(&["run", "--resume", run.to_str().unwrap()])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let trials = run_record::RunDirectory::read(&run).unwrap().1;
    assert_eq!(trials.len(), 8);
    assert_eq!(trials[..done.len()], done[..], "what was done is as it was");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_container_killed_by_hand_is_told_and_the_run_goes_on_later() {
    let out = out_directory();
    let run = start(out.path(), SLOW);
    let pid = run.child.id();
    one_trial_is_done(&run);
    docker(&["kill", &container_in_use(pid, "-server-")]).unwrap();
    let (output, trials) = run.finish();
    let told = ["failed to keep the server container", "the signal SIGKILL"];
    assert_stopped(&output, &trials, &told);
    nothing_left_of(pid);
    assert_resumes(out.path(), &[]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_network_taken_away_is_told() {
    let out = out_directory();
    let run = start(out.path(), SLOW);
    let pid = run.child.id();
    one_trial_is_done(&run);
    // A network can be removed only when nothing is on it any more.
    container_in_use(pid, "-client-");
    let network = networks_of(pid).remove(0).0;
    for (id, _) in containers_of(pid) {
        let _ = docker(&["network", "disconnect", "--force", &network, &id]);
    }
    let removed = docker(&["network", "rm", &network]);
    let (output, trials) = run.finish();
    let told = if removed.is_ok() { "was removed" } else { "was disconnected from the network" };
    assert_stopped(&output, &trials, &["failed to keep the hosts joined", told]);
    nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_memory_limit_that_was_reached_is_told_as_that() {
    let out = out_directory();
    let scenario = out.path().join("hungry.yaml");
    // What one client sends is kept in memory until the others have taken it:
    // more than the limit of two clients, 256 MiB and some.
    std::fs::write(
        &scenario,
        "name: hungry\nquestion: How much is too much?\nserver:\n  largest_body: 400000000\n\
         load:\n  clients: 2\n  size: 300000000\n  messages: 1\n  connect_deadline: 2s\n  \
         finish_deadline: 20s\n",
    )
    .unwrap();
    let run = start(&out.path().join("runs"), &[scenario.to_str().unwrap(), "--backend", "docker"]);
    let pid = run.child.id();
    let (output, trials) = run.finish();
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(error.contains("its memory limit of 257 MiB was reached"), "{error}");
    assert_eq!(trials.len(), 0, "what was measured under it is no measurement");
    nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_interrupted_run_removes_everything() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let out = out_directory();
        let run = start(out.path(), SLOW);
        let pid = run.child.id();
        one_trial_is_done(&run);
        assert!(!containers_of(pid).is_empty(), "there is something to remove");
        kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
        let (output, _) = run.finish();
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
        assert!(text(&output.stderr).contains("resume with: queuelab run --resume"));
        nothing_left_of(pid);
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_a_killed_run_leaves_is_cleaned_and_a_living_run_is_not_touched() {
    let outs = [out_directory(), out_directory()];
    let mut killed = start(outs[0].path(), SLOW);
    let living = start(outs[1].path(), SLOW);
    let (dead, alive) = (killed.child.id(), living.child.id());
    one_trial_is_done(&killed);
    one_trial_is_done(&living);
    // Paused, its containers cannot end by themselves with their lab.
    let paused = container_in_use(dead, "-server-");
    docker(&["pause", &paused]).unwrap();
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    assert!(!containers_of(dead).is_empty() && !networks_of(dead).is_empty());

    let dry = queuelab(&["clean", "--dry-run"]).output().unwrap();
    assert!(text(&dry.stdout).contains("would remove network queuelab-"), "{}", said(&dry));
    assert!(!networks_of(dead).is_empty(), "it was not removed");

    // What it answers depends on what else this engine has, and may keep.
    let cleaned = queuelab(&["clean"]).output().unwrap();
    assert!(text(&cleaned.stdout).contains(&format!("-{dead}-")), "{}", said(&cleaned));
    nothing_left_of(dead);
    assert!(!networks_of(alive).is_empty(), "{}", said(&cleaned));
    let (output, trials) = living.finish();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(trials.len(), 8);
    nothing_left_of(alive);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_network_that_the_engine_keeps_is_told_and_hinders_no_run() {
    // An engine of the test's own: every run beside would look at the network too.
    let engine = OwnEngine::start();
    // What an engine that has lost count keeps looks the same to a client.
    let network = "queuelab-kept";
    let labels = ["queuelab.run=kept", "queuelab.owner=another-boot/1/2/3", "queuelab.trial=all"];
    let mut create = vec!["network", "create", "--internal", "--subnet", "198.18.0.0/20"];
    create.extend(labels.iter().flat_map(|label| ["--label", label]));
    create.push(network);
    let run = |arguments: &[&str]| {
        queuelab(arguments).env("DOCKER_HOST", engine.host()).output().unwrap()
    };
    let built = run(&["image", "build"]);
    assert_eq!(built.status.code(), Some(0), "{}", said(&built));
    engine.docker(&create).unwrap();
    let sleeper = ["run", "-d", "-i", "--network", network, "queuelab:latest", "host"];
    let container = engine.docker(&sleeper).unwrap();

    let out = out_directory();
    let reports = out.path().to_str().unwrap();
    let smoke = run(&["run", "smoke", "--backend", "docker", "--repeat", "1", "--out", reports]);
    assert_eq!(smoke.status.code(), Some(0), "{}", said(&smoke));
    let kept = run(&["clean"]);
    assert_eq!(kept.status.code(), Some(5), "{}", said(&kept));
    let error = error_of(&kept);
    assert!(
        error.contains("remove queuelab-kept") && error.contains("only restarting it helps"),
        "{error}"
    );

    engine.docker(&["rm", "--force", container.trim()]).unwrap();
    let cleaned = run(&["clean"]);
    assert_eq!(cleaned.status.code(), Some(0), "{}", said(&cleaned));
    assert!(text(&cleaned.stdout).contains("removed network queuelab-kept"), "{}", said(&cleaned));
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_run_interrupted_during_its_set_up_ends_soon_and_leaves_nothing() {
    let out = out_directory();
    let kinds: Vec<_> = (1000..1020).map(|n| n.to_string()).collect();
    let axis = format!("matrix.hosts.server.sysctls.net.core.somaxconn=[{}]", kinds.join(","));
    let run = start(out.path(), &["smoke", "--backend", "docker", "--set", &axis]);
    let pid = run.child.id();
    until("the first container", || !containers_of(pid).is_empty());
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGINT).unwrap();
    let (output, _) = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(error_of(&output).contains("interrupted before the first trial"), "{}", said(&output));
    assert!(runs(out.path()).is_empty(), "no run was begun");
    nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_living_run_is_left_alone_by_who_cannot_see_it() {
    let out = out_directory();
    let run = start(out.path(), SLOW);
    let pid = run.child.id();
    one_trial_is_done(&run);
    // Another user of the engine, who is not shown the processes of others.
    let socket = std::fs::metadata("/var/run/docker.sock").unwrap();
    let group = std::os::unix::fs::MetadataExt::gid(&socket);
    let bench = Bench::new();
    let script = format!(
        "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 \
         --groups {group} {} clean --dry-run",
        bench.binary.display()
    );
    let looked = Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().unwrap();
    assert_eq!(looked.status.code(), Some(0), "{}", said(&looked));
    let found = text(&looked.stdout);
    let own = networks_of(pid).remove(0).1;
    assert!(!found.contains(&own), "{own} would be removed: {found}");
    let (output, _) = run.finish();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
#[ignore = "needs a Docker engine"]
fn runs_that_are_each_the_first_process_of_a_container_do_not_collide() {
    let outs = [out_directory(), out_directory()];
    let children = outs.each_ref().map(|out| {
        Command::new("unshare")
            .args(["--pid", "--fork", "--mount-proc", "--kill-child", crate::support::binary()])
            .args(["run", "smoke", "--backend", "docker", "--out"])
            .arg(out.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_engine_that_dies_is_told_and_the_run_goes_on_when_it_is_back() {
    let mut engine = OwnEngine::start();
    let host = engine.host();
    let out = out_directory();
    let run = start_with(out.path(), SLOW, |command| command.env("DOCKER_HOST", &host));
    one_trial_is_done(&run);
    engine.kill();
    let (output, trials) = run.finish();
    let told = ["no longer answers", "start it again"];
    assert_stopped(&output, &trials, &told);
    engine.restart();
    assert_resumes(out.path(), &[("DOCKER_HOST", &host)]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_engine_that_cannot_be_used_is_told_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = format!("unix://{}", directory.path().join("docker.sock").display());
    let run = |host: &str| {
        let output = queuelab(&["run", "smoke", "--backend", "docker"])
            .env("DOCKER_HOST", host)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        error_of(&output)
    };
    let absent = run(&nowhere);
    assert!(absent.contains("there is no such") && absent.contains("--backend netns"), "{absent}");
    let elsewhere = run("tcp://192.0.2.1:2375");
    assert!(elsewhere.contains("needs an engine on this machine"), "{elsewhere}");
}
