//! Standard output and standard error that cannot be written, as those of a full disk or of a
//! terminal that has ended.

use std::fs::File;

use crate::support::{all_output, fake_command, out_directory, queuelab, repository, runs};

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn a_run_that_cannot_print_writes_its_report() {
    let out = out_directory();
    let arguments = ["run", "smoke", "--backend", "fake", "--out", out.path().to_str().unwrap()];
    let mut run = fake_command(&arguments, "{}");
    let output = run.stdout(full()).stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let run = runs(out.path()).remove(0);
    for file in ["report.html", "summary.md", "junit.xml", "cells.csv"] {
        assert!(run.join(file).exists(), "{file}");
        std::fs::remove_file(run.join(file)).unwrap();
    }
    let mut report = queuelab(&["report", run.to_str().unwrap()]);
    assert_eq!(report.stdout(full()).stderr(full()).status().unwrap().code(), Some(5));
    assert!(run.join("report.html").exists());
}

#[test]
fn a_suite_that_cannot_print_runs_all_its_scenarios() {
    let folder = out_directory();
    let file = folder.path().join("two.yaml");
    std::fs::write(&file, "name: two\nquestion: Both?\nsuite: [smoke, time-wait-buckets]\n")
        .unwrap();
    let out = folder.path().join("runs");
    let arguments =
        ["run", file.to_str().unwrap(), "--backend", "fake", "--out", out.to_str().unwrap()];
    let mut suite = fake_command(&arguments, "{}");
    let status = suite.stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(5));
    assert_eq!(runs(&out).len(), 2);
    let directory = crate::support::suite_directory(&out, "two");
    assert!(directory.join("summary.md").exists() && directory.join("junit.xml").exists());
}

#[test]
fn an_error_that_cannot_be_printed_has_its_exit_code() {
    let status = queuelab(&["run", "no-such-scenario"]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
    let file = repository().join("no-such-directory");
    let status = queuelab(&["report", file.to_str().unwrap()]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
