//! `queuelab ci smoke`: the summaries of the smoke runs.

use std::process::Command;

use crate::support::{all_output, binary, out_directory, text};

#[test]
fn a_smoke_run_is_reported_as_absent_unfinished_or_finished() {
    let place = out_directory();
    let smoke = || {
        let mut command = Command::new(binary());
        let output = command.args(["ci", "smoke"]).arg(place.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        text(&output.stdout).to_owned()
    };
    let none = smoke();
    assert!(none.contains("under netns did not start"), "{none}");
    assert!(none.contains("under docker did not start"), "{none}");
    let run = place.path().join("netns/smoke/2026-01-01T00-00-00Z");
    std::fs::create_dir_all(&run).unwrap();
    let started = smoke();
    assert!(started.contains("under netns started but did not finish"), "{started}");
    std::fs::write(run.join("summary.md"), "# smoke: FAILED\n").unwrap();
    let failed = smoke();
    assert!(failed.starts_with("# smoke: FAILED\n"), "{failed}");
    assert!(!failed.contains("netns") && failed.contains("docker did not start"), "{failed}");
}
