//! Two builds in turn, on the fake backend.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use run_record::RunDirectory;

use crate::support::{binary, fake, out_directory, queuelab, runs, said, text, write_script};

/// One cell: a burst that finds room.
const ONE_CELL: [&str; 5] =
    ["smoke", "--only", "server.design=snapshot", "--only", "server.backlog=64"];

/// An executable that is this program, but for what `script` does to the
/// arguments of its server before.
fn other_build(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("other-queuelab");
    let text = format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", binary());
    write_script(&path, &text);
    path
}

fn run_against(out: &Path, build: &Path, flags: &[&str]) -> Output {
    let (out, build) = (out.to_str().unwrap(), build.to_str().unwrap());
    let run = ["run", "--out", out, "--against", build, "--backend", "fake"];
    queuelab(&[&run, &ONE_CELL[..], flags].concat()).output().unwrap()
}

/// The directories of the one run: this build's, and its baseline's.
fn both(out: &Path) -> [PathBuf; 2] {
    let runs = runs(out);
    let found: [PathBuf; 2] = runs.try_into().unwrap_or_else(|runs| panic!("{runs:?}"));
    assert!(found[1].display().to_string().ends_with("-base"), "{found:?}");
    found
}

#[test]
fn an_interrupted_run_of_two_builds_goes_on_with_both() {
    let (out, folder) = (out_directory(), out_directory());
    let other = other_build(folder.path(), "");
    let arguments = ["run", "--backend", "fake", "--out", out.path().to_str().unwrap()];
    let flags = ["--against", other.to_str().unwrap(), "--repeat", "4"];
    // The third trial of the baseline: each side has some by then.
    let script = r#"{ "trials": [{ "trial": 2, "baseline": true, "interrupts": true }] }"#;
    let output = fake(&[&arguments, &ONE_CELL[..], &flags].concat(), script).output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let done = || -> usize {
        let trials = |path: &PathBuf| RunDirectory::read(path).map_or(0, |run| run.1.len());
        runs(out.path()).iter().map(trials).sum()
    };
    assert!(done() >= 3, "{}", said(&output));
    let [new, base] = both(out.path());
    assert!(done() < 8, "it was interrupted");

    let resume = |path: &Path| {
        let arguments = ["run", "--resume", path.to_str().unwrap()];
        queuelab(&[&arguments[..], &["--against", other.to_str().unwrap()]].concat())
            .output()
            .unwrap()
    };
    let output = queuelab(&["run", "--resume", "."]).current_dir(&new).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let way = format!("--against {}", other.canonicalize().unwrap().display());
    let told = text(&output.stderr).replace("\n  │ ", " ");
    assert!(told.contains("take turns with those of another build"), "{told}");
    assert!(told.contains(&way), "{told}");
    let output = resume(&base);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(text(&output.stderr).contains("the baseline of another run"), "{}", said(&output));
    let output = resume(&new);
    // Four repetitions decide nothing.
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    let trials = |path: &Path| RunDirectory::read(path).unwrap().1.len();
    assert_eq!((trials(&new), trials(&base)), (4, 4), "{}", said(&output));

    fs::write(&other, "#!/bin/sh\necho queuelab 0.0.1\n").unwrap();
    let output = resume(&new);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(text(&output.stderr).contains("has changed since"), "{}", said(&output));
}

#[test]
fn what_is_not_a_build_is_refused_before_anything_starts() {
    let out = out_directory();
    for (build, told) in [
        ("/bin/true", "not a queuelab executable"),
        ("/nowhere/queuelab", "No such file"),
        ("queuelab:latest", "needs `--backend docker`"),
        ("/", "not an executable file"),
    ] {
        let output = run_against(out.path(), Path::new(build), &[]);
        assert_eq!(output.status.code(), Some(2), "{build}: {}", said(&output));
        let stderr: String = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(stderr.replace(" │", "").contains(told), "{build}: {}", said(&output));
        assert!(runs(out.path()).is_empty());
    }
    for wrong in [&["nightly", "--against", binary()][..], &["smoke", "--floor", "5%"]] {
        let output = queuelab(&[&["run"], wrong].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}
