//! `queuelab try --image`: an image without a scenario.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::pure::schemas::{assert_valid, committed};
use crate::support::test_image::TestImage;
use crate::support::{all_output, in_one_line, queuelab, text};

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    queuelab(arguments).current_dir(folder.path()).output().unwrap()
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_limit_of_an_image_and_a_scenario_for_next_time() {
    let image = TestImage::new();
    let folder = tempfile::tempdir().unwrap();
    // Its braces are no placeholders.
    let script = "echo 'events {} http { access_log off; server { listen 81 backlog=64; return 200 \
                  \"{port}\"; } }' > /nginx.conf; exec nginx -c /nginx.conf -g 'daemon off;'";
    let flags = ["try", "--image", &image.name, "--json", "--clients", "100", "--repeat", "1"];
    let output = run(&folder, &[&flags[..], &["--", "sh", "-c", script]].concat());
    let all = all_output(&output);
    assert!(matches!(output.status.code(), Some(0 | 6)), "{all}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(&committed("try"), &document, "the document");
    assert_eq!((&document["image"], &document["port"]), (&image.name.as_str().into(), &81.into()));
    assert_eq!((&document["limit"], &document["queue_while_stopped"]), (&64.into(), &65.into()));
    assert_eq!(document["limit_with_large_somaxconn"], 64, "{all}");
    assert_eq!(document["run"]["counts"]["failed_checks"], 0, "{all}");
    let file = document["scenario_file"].as_str().unwrap();
    let again = ["run", file, "--quick", "--allow-commands", "--backend", "docker"];
    let again = run(&folder, &again);
    assert!(matches!(again.status.code(), Some(0 | 6)), "{}", all_output(&again));
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_image_that_cannot_be_tried_is_an_error_with_what_to_change() {
    let image = TestImage::new();
    let folder = tempfile::tempdir().unwrap();
    let error = |arguments: &[&str], code| {
        let output = run(&folder, &[&["try", "--image"], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{}", all_output(&output));
        in_one_line(&text(&output.stderr))
    };
    let absent = error(&["queuelab-test:absent"], 5);
    assert!(absent.contains("`docker pull queuelab-test:absent`"), "{absent}");
    let ended = error(&[&image.name, "--", "sh", "-c", "echo no licence; exit 3"], 5);
    assert!(ended.contains("it ended (exit status 3) before it listened on any port"), "{ended}");
    assert!(ended.contains("the end of its output: no licence"), "{ended}");
    let capability = error(&[&image.name, "--capability", "SYS_ADMIN"], 2);
    assert!(capability.contains("`SYS_ADMIN` is not among those"), "{capability}");
}
