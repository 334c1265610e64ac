//! `queuelab watch` of a container: its name, its listener, and that it is paused.

use serde_json::Value;

use crate::support::docker::docker;
use crate::support::{all_output, assert_passed, queuelab, wait_until};

/// A container that ends with the test.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = docker(&["rm", "--force", &self.0]);
    }
}

/// What a watch of this container shows now, if it shows one listener.
fn watched(container: &str) -> Option<Value> {
    let output =
        queuelab(&["watch", "--once", "--json", "--container", container]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap();
    match snapshot["listeners"].as_array().unwrap().as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_container_is_watched_by_name_and_id_and_said_to_be_paused() {
    let built = queuelab(&["image", "build"]).output().unwrap();
    assert_passed(&built);
    let built = String::from_utf8_lossy(&built.stdout).into_owned();
    let image = built.split_whitespace().find(|word| word.starts_with("queuelab:")).unwrap();
    let name = format!("queuelab-test-watch-{}", std::process::id());
    let run = ["run", "--detach", "--network", "none", "--name", &name, image];
    let server = ["server", "--address", "127.0.0.1", "--port", "8080", "--backlog", "5"];
    let id = docker(&[&run[..], &server].concat()).unwrap().trim().to_owned();
    let container = Container(id);
    for wanted in [name.as_str(), &container.0, &container.0[..12]] {
        let mut listener = None;
        wait_until("its listener is seen", || {
            listener = watched(wanted);
            listener.is_some()
        });
        let listener = listener.unwrap();
        assert_eq!(listener["container"], name.as_str(), "{listener}");
        assert_eq!(
            (&listener["address"], &listener["limit"]),
            (&"127.0.0.1:8080".into(), &5.into())
        );
    }
    docker(&["pause", &name]).unwrap();
    let listener = watched(&name).unwrap();
    let troubles = listener["troubles"].to_string();
    assert!(troubles.contains("is frozen by its cgroup"), "{listener}");
    docker(&["unpause", &name]).unwrap();
}
