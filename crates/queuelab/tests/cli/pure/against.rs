//! Two builds in one run, on the fake backend.

use std::fs;
use std::path::{Path, PathBuf};

use run_record::RunDirectory;

use crate::support::two_builds::{ONE_CELL, pair_directories, run_against, write_other_build};
use crate::support::{
    all_output, binary, fake_command, in_one_line, out_directory, queuelab, runs, text,
};

#[test]
fn an_interrupted_run_of_two_builds_is_resumed_with_both() {
    let (out, folder) = (out_directory(), out_directory());
    let other = write_other_build(folder.path(), "");
    let arguments = ["run", "--backend", "fake", "--out", out.path().to_str().unwrap()];
    let flags = ["--against", other.to_str().unwrap(), "--repeat", "4"];
    // The third trial of the baseline: both builds have finished trials by then.
    let script = r#"{ "trials": [{ "trial": 2, "baseline": true, "interrupts": true }] }"#;
    let output =
        fake_command(&[&arguments, &ONE_CELL[..], &flags].concat(), script).output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
    let done = || -> usize {
        let trials = |path: &PathBuf| RunDirectory::read(path).map_or(0, |run| run.1.len());
        runs(out.path()).iter().map(trials).sum()
    };
    assert!(done() >= 3, "{}", all_output(&output));
    let [new, base] = pair_directories(out.path());
    assert!(done() < 8, "it was interrupted");

    let resume = |path: &Path| {
        let arguments = ["run", "--resume", path.to_str().unwrap()];
        queuelab(&[&arguments[..], &["--against", other.to_str().unwrap()]].concat())
            .output()
            .unwrap()
    };
    let output = queuelab(&["run", "--resume", "."]).current_dir(&new).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let flag = format!("--against {}", other.canonicalize().unwrap().display());
    let printed = text(&output.stderr).replace("\n  │ ", " ");
    assert!(printed.contains("interleaved with those of another build"), "{printed}");
    assert!(printed.contains(&flag), "{printed}");
    let output = resume(&base);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(
        text(&output.stderr).contains("the baseline of another run"),
        "{}",
        all_output(&output)
    );
    let output = resume(&new);
    // Four repetitions are too few for a verdict.
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    let trials = |path: &Path| RunDirectory::read(path).unwrap().1.len();
    assert_eq!((trials(&new), trials(&base)), (4, 4), "{}", all_output(&output));

    fs::write(&other, "#!/bin/sh\necho queuelab 0.0.1\n").unwrap();
    let output = resume(&new);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("has changed since"), "{}", all_output(&output));
}

#[test]
fn an_invalid_build_is_rejected_before_the_run() {
    let out = out_directory();
    for (build, reason) in [
        ("/bin/true", "not a queuelab executable"),
        ("/nowhere/queuelab", "No such file"),
        ("queuelab:latest", "needs `--backend docker`"),
        ("/", "not an executable file"),
    ] {
        let output = run_against("fake", out.path(), Path::new(build), &[]);
        assert_eq!(output.status.code(), Some(2), "{build}: {}", all_output(&output));
        let stderr = in_one_line(&text(&output.stderr));
        assert!(stderr.replace(" │", "").contains(reason), "{build}: {}", all_output(&output));
        assert!(runs(out.path()).is_empty());
    }
    for wrong in [&["nightly", "--against", binary()][..], &["smoke", "--floor", "5%"]] {
        let output = queuelab(&[&["run"], wrong].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    }
}
