//! Faults during a run in containers, and how the run ends.

use std::process::{Command, Output, Stdio};

use crate::support::docker::{
    BackgroundRun, RunObjects, assert_nothing_left_of, container_in_use, containers_of, docker,
    networks_of, start, start_with,
};
use crate::support::ordinary_user::Sandbox;
use crate::support::test_engine::TestEngine;
use crate::support::{
    all_output, assert_passed, in_one_line, out_directory, queuelab, runs, text, wait_until,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::TrialRecord;

/// Eight trials that each last until a deadline.
const SLOW: &[&str] = &["accept-queue-capacity", "--backend", "docker"];

fn wait_for_first_trial(run: &BackgroundRun) {
    wait_until("the first trial", || !run.trials().is_empty());
}

/// The standard error of a command, without line breaks and frame.
fn error_of(output: &Output) -> String {
    in_one_line(&text(&output.stderr))
}

/// Asserts that a run stopped because its machine failed, printed these words and saved its
/// finished trials.
fn assert_stopped(output: &Output, trials: &[TrialRecord], words: &[&str]) {
    let error = error_of(output);
    assert_eq!(output.status.code(), Some(5), "{}", all_output(output));
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
    assert_passed(&output);
    let trials = run_record::RunDirectory::read(&run).unwrap().1;
    assert_eq!(trials.len(), 8);
    assert_eq!(trials[..done.len()], done[..], "finished trials are unchanged");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_killed_container_is_reported_and_the_run_can_be_resumed() {
    let out = out_directory();
    let run = start(out.path(), SLOW);
    let pid = run.child.id();
    wait_for_first_trial(&run);
    docker(&["kill", &container_in_use(pid, "-server-")]).unwrap();
    let (output, trials) = run.finish();
    let words = ["failed to keep the server container", "the signal SIGKILL"];
    assert_stopped(&output, &trials, &words);
    assert_nothing_left_of(pid);
    assert_resumes(out.path(), &[]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_removed_network_is_reported() {
    let out = out_directory();
    let run = start(out.path(), SLOW);
    let pid = run.child.id();
    wait_for_first_trial(&run);
    // A network can be removed only if no container is connected to it.
    container_in_use(pid, "-client-");
    let network = networks_of(pid).remove(0).0;
    for (id, _) in containers_of(pid) {
        let _ = docker(&["network", "disconnect", "--force", &network, &id]);
    }
    let removed = docker(&["network", "rm", &network]);
    let (output, trials) = run.finish();
    // The run may look between the two commands.
    let sees_removal = removed.is_ok() && error_of(&output).contains("was removed");
    let cause = if sees_removal { "was removed" } else { "was disconnected from the network" };
    assert_stopped(&output, &trials, &["failed to keep the hosts joined", cause]);
    assert_nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_reached_memory_limit_is_reported() {
    let out = out_directory();
    let scenario = out.path().join("hungry.yaml");
    // The server keeps a client's message in memory until the others have received it: more
    // than the limit for two clients, 258 MiB.
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
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    assert!(error.contains("its memory limit of 258 MiB was reached"), "{error}");
    assert_eq!(trials.len(), 0, "a trial that reached its memory limit is not stored");
    assert_nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_interrupted_run_removes_its_containers_and_networks() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let out = out_directory();
        let run = start(out.path(), SLOW);
        let pid = run.child.id();
        wait_for_first_trial(&run);
        assert!(!containers_of(pid).is_empty(), "there is something to remove");
        kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
        let (output, _) = run.finish();
        assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
        assert!(text(&output.stderr).contains("resume with: queuelab run --resume"));
        assert_nothing_left_of(pid);
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn clean_removes_the_leftovers_of_a_killed_run_and_not_those_of_a_live_run() {
    // The test's own engine, because every run that begins removes leftovers too.
    let engine = TestEngine::start();
    let run = |out: &std::path::Path| {
        start_with(out, SLOW, |command| command.env("DOCKER_HOST", engine.host()))
    };
    let outs = [out_directory(), out_directory()];
    let clean = |flags: &[&str]| {
        let arguments = [&["clean", "--out", outs[0].path().to_str().unwrap()], flags].concat();
        queuelab(&arguments).env("DOCKER_HOST", engine.host()).output().unwrap()
    };
    let (mut killed, living) = (run(outs[0].path()), run(outs[1].path()));
    let docker = |arguments: &[&str]| engine.docker(arguments);
    let [dead, alive] =
        [&killed, &living].map(|run| RunObjects { docker: &docker, pid: run.child.id() });
    wait_for_first_trial(&killed);
    wait_for_first_trial(&living);
    // A paused container does not end when its lab is killed.
    docker(&["pause", &dead.container_in_use("-server-")]).unwrap();
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    assert!(!dead.containers().is_empty() && !dead.networks().is_empty());

    // As a run leaves it that is killed as it begins.
    let unfinished = outs[0].path().join("smoke/.2026-11-30T00-00-00Z.partial");
    std::fs::create_dir_all(&unfinished).unwrap();

    let dry = clean(&["--dry-run"]);
    let found = format!("would remove directory {}", unfinished.display());
    assert!(text(&dry.stdout).contains(&found) && unfinished.exists(), "{}", all_output(&dry));
    assert!(text(&dry.stdout).contains("would remove network queuelab-"), "{}", all_output(&dry));
    assert!(!dead.networks().is_empty(), "it was not removed");

    let cleaned = clean(&[]);
    assert_eq!(cleaned.status.code(), Some(0), "{}", all_output(&cleaned));
    assert!(text(&cleaned.stdout).contains(&format!("-{}-", dead.pid)), "{}", all_output(&cleaned));
    assert!(!unfinished.exists(), "{}", all_output(&cleaned));
    dead.assert_none();
    assert!(!alive.networks().is_empty(), "{}", all_output(&cleaned));
    let (output, trials) = living.finish();
    assert_passed(&output);
    assert_eq!(trials.len(), 8);
    alive.assert_none();
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_network_that_the_engine_cannot_remove_is_reported_and_blocks_no_run() {
    // The test's own engine, because other runs would find the network too.
    let engine = TestEngine::start();
    let network = "queuelab-stuck";
    let labels = ["queuelab.run=stuck", "queuelab.owner=another-boot/1/2/3", "queuelab.trial=all"];
    let mut create = vec!["network", "create", "--internal", "--subnet", "198.18.0.0/20"];
    create.extend(labels.iter().flat_map(|label| ["--label", label]));
    create.push(network);
    let run = |arguments: &[&str]| {
        queuelab(arguments).env("DOCKER_HOST", engine.host()).output().unwrap()
    };
    let built = run(&["image", "build"]);
    assert_eq!(built.status.code(), Some(0), "{}", all_output(&built));
    engine.docker(&create).unwrap();
    let mut sleeper = vec!["run", "-d", "-i", "--name", "foreign", "--network", network];
    sleeper.extend(["queuelab:latest", "host"]);
    engine.docker(&sleeper).unwrap();

    let out = out_directory();
    let reports = out.path().to_str().unwrap();
    let smoke = run(&["run", "smoke", "--backend", "docker", "--repeat", "1", "--out", reports]);
    assert_passed(&smoke);
    let failed = run(&["clean"]);
    assert_eq!(failed.status.code(), Some(5), "{}", all_output(&failed));
    let error = error_of(&failed);
    let remedy = "docker network disconnect --force queuelab-stuck foreign";
    assert!(error.contains("remove queuelab-stuck") && error.contains(remedy), "{error}");

    let arguments: Vec<_> = remedy.split(' ').skip(1).collect();
    engine.docker(&arguments).unwrap();
    let cleaned = run(&["clean"]);
    assert_eq!(cleaned.status.code(), Some(0), "{}", all_output(&cleaned));
    assert!(
        text(&cleaned.stdout).contains("removed network queuelab-stuck"),
        "{}",
        all_output(&cleaned)
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_run_interrupted_during_its_setup_ends_soon_and_leaves_nothing() {
    let out = out_directory();
    let kinds: Vec<_> = (1000..1020).map(|n| n.to_string()).collect();
    let axis = format!("matrix.hosts.server.sysctls.net.core.somaxconn=[{}]", kinds.join(","));
    let run = start(out.path(), &["smoke", "--backend", "docker", "--set", &axis]);
    let pid = run.child.id();
    wait_until("the first container", || !containers_of(pid).is_empty());
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGINT).unwrap();
    let (output, _) = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
    assert!(
        error_of(&output).contains("interrupted before the first trial"),
        "{}",
        all_output(&output)
    );
    assert!(runs(out.path()).is_empty(), "no run was started");
    assert_nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn clean_spares_a_live_run_whose_process_is_hidden() {
    let out = out_directory();
    let run = start(out.path(), SLOW);
    let pid = run.child.id();
    wait_for_first_trial(&run);
    // Another user of the engine, to whom the processes of others are hidden.
    let socket = std::fs::metadata("/var/run/docker.sock").unwrap();
    let group = std::os::unix::fs::MetadataExt::gid(&socket);
    let sandbox = Sandbox::new();
    let script = format!(
        "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 \
         --groups {group} {} clean --dry-run",
        sandbox.binary.display()
    );
    let cleaned = Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().unwrap();
    assert_eq!(cleaned.status.code(), Some(0), "{}", all_output(&cleaned));
    let found = text(&cleaned.stdout);
    let own = networks_of(pid).remove(0).1;
    assert!(!found.contains(&own), "{own} would be removed: {found}");
    let (output, _) = run.finish();
    assert_passed(&output);
}

#[test]
#[ignore = "needs a Docker engine"]
fn runs_with_the_same_process_id_do_not_collide() {
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
        assert_passed(&output);
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_killed_engine_is_reported_and_the_run_can_be_resumed() {
    let mut engine = TestEngine::start();
    let host = engine.host();
    let out = out_directory();
    let run = start_with(out.path(), SLOW, |command| command.env("DOCKER_HOST", &host));
    wait_for_first_trial(&run);
    engine.kill();
    let (output, trials) = run.finish();
    let words = ["no longer responds", "start it again"];
    assert_stopped(&output, &trials, &words);
    engine.restart();
    assert_resumes(out.path(), &[("DOCKER_HOST", &host)]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_unusable_engine_is_reported_with_a_hint() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = format!("unix://{}", directory.path().join("docker.sock").display());
    let run = |host: &str| {
        let output = queuelab(&["run", "smoke", "--backend", "docker"])
            .env("DOCKER_HOST", host)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
        error_of(&output)
    };
    let absent = run(&nowhere);
    assert!(absent.contains("there is no such") && absent.contains("--backend netns"), "{absent}");
    let elsewhere = run("tcp://192.0.2.1:2375");
    assert!(elsewhere.contains("needs an engine on this machine"), "{elsewhere}");
}
