//! `queuelab doctor` with a Docker engine.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::kernel::doctor::{field_contains, finding, json};
use crate::support::ordinary_user::{ORDINARY_USER, Sandbox};
use crate::support::{all_output, queuelab};

#[test]
#[ignore = "needs a Docker engine"]
fn a_working_engine_is_ready() {
    let output = queuelab(&["doctor", "--backend", "docker", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let diagnosis = json(&output);
    assert_eq!(finding(&diagnosis, "docker", "engine")["state"], "ok");
    assert_ne!(finding(&diagnosis, "docker", "image")["state"], "missing");
}

/// Entering a user namespace does not revoke the access to the engine that a group gives.
#[test]
#[ignore = "needs a Docker engine, whose socket belongs to the group docker, and root"]
fn both_backends_are_ready_for_a_member_of_the_engines_group() {
    let sandbox = Sandbox::new();
    let group = std::fs::metadata("/var/run/docker.sock").unwrap().gid();
    let doctor = |groups: &[&str]| {
        let mut command = Command::new("setpriv");
        let user = ORDINARY_USER.to_string();
        command.args(["--reuid", &user, "--regid", &user]).args(groups).arg(&sandbox.binary);
        command.args(["doctor", "--json"]).env_remove("DOCKER_HOST").output().unwrap()
    };
    let member = json(&doctor(&["--groups", &group.to_string()]));
    assert_eq!(member["ready"], serde_json::json!({ "netns": true, "docker": true }), "{member}");
    let other = json(&doctor(&["--clear-groups"]));
    assert_eq!(other["ready"], serde_json::json!({ "netns": true, "docker": false }));
    let engine = finding(&other, "docker", "engine");
    assert!(field_contains(engine, "detail", "permission denied"), "{engine}");
    assert!(field_contains(engine, "hint", "usermod -aG docker"), "{engine}");
}
