//! `queuelab doctor` with a Docker engine.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::kernel::doctor::{finding, has, json};
use crate::support::ordinary_user::{Bench, ORDINARY_USER};
use crate::support::{queuelab, said};

#[test]
#[ignore = "needs a Docker engine"]
fn an_engine_that_works_is_ready() {
    let output = queuelab(&["doctor", "--backend", "docker", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let diagnosis = json(&output);
    assert_eq!(finding(&diagnosis, "docker", "engine")["state"], "ok");
    assert_ne!(finding(&diagnosis, "docker", "image")["state"], "missing");
}

/// A user namespace takes nothing from whoever may use the engine by a group.
#[test]
#[ignore = "needs a Docker engine, its socket of the group docker, and root to become others"]
fn both_backends_are_ready_for_an_ordinary_user_of_the_engines_group() {
    let bench = Bench::new();
    let group = std::fs::metadata("/var/run/docker.sock").unwrap().gid();
    let doctor = |groups: &[&str]| {
        let mut command = Command::new("setpriv");
        let user = ORDINARY_USER.to_string();
        command.args(["--reuid", &user, "--regid", &user]).args(groups).arg(&bench.binary);
        command.args(["doctor", "--json"]).env_remove("DOCKER_HOST").output().unwrap()
    };
    let member = json(&doctor(&["--groups", &group.to_string()]));
    assert_eq!(member["ready"], serde_json::json!({ "netns": true, "docker": true }), "{member}");
    let stranger = json(&doctor(&["--clear-groups"]));
    assert_eq!(stranger["ready"], serde_json::json!({ "netns": true, "docker": false }));
    let engine = finding(&stranger, "docker", "engine");
    assert!(has(engine, "detail", "permission denied"), "{engine}");
    assert!(has(engine, "hint", "usermod -aG docker"), "{engine}");
}
