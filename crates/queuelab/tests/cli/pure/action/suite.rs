//! The step that runs a suite, on scripted hosts.

use std::process::Command;

use super::job::{Ended, Job};
use crate::support::{binary, write_script};

/// Writes a suite of one scenario, which holds if `clients` is 3, and returns the job.
fn job(clients: u32) -> Job {
    let job = Job::new().with("QUEUELAB_FAKE_SCRIPT", "{}");
    let scenarios = job.workspace().join("scenarios");
    std::fs::create_dir(&scenarios).unwrap();
    let one = format!(
        "name: one\nquestion: Is it so?\nload: {{ clients: {clients} }}\nrepeat: 2\nexpect:\n  - \
         that: outcomes.ok == 3\n"
    );
    std::fs::write(scenarios.join("one.yaml"), one).unwrap();
    let suite = "name: tiny\nquestion: Does the action work?\nsuite: [one]\n";
    std::fs::write(scenarios.join("tiny.yaml"), suite).unwrap();
    job
}

fn run(job: &Job, inputs: &[(&str, &str)]) -> Ended {
    let own = [("path", binary()), ("suite", "scenarios/tiny.yaml"), ("backend", "fake")];
    job.run(&[&own[..], inputs].concat())
}

/// The workflow commands that annotate.
fn annotations(ended: &Ended) -> Vec<&str> {
    let lines = ended.log.lines();
    lines.filter(|line| line.starts_with("::error") || line.starts_with("::warning")).collect()
}

#[test]
fn a_suite_that_holds_succeeds_with_a_summary_and_outputs() {
    let job = job(3);
    let ended = run(&job, &[]);
    assert!(ended.succeeded, "{ended:#?}");
    assert_eq!(annotations(&ended), [""; 0], "{ended:#?}");
    assert!(ended.summary.contains("✅ **Held: its one scenario.**"), "{ended:#?}");
    let outputs = &ended.outputs;
    assert_eq!(outputs["verdict"], "no-baseline");
    assert_eq!(outputs["exit-code"], "0");
    assert!(outputs["artifact"].starts_with("tiny-fake-linux-x64-"), "{outputs:?}");
    let run_directory = job.workspace().join(&outputs["run"]);
    assert!(run_directory.join("junit.xml").is_file(), "{outputs:?}");

    // What an artifact would bring: compared with by the next job.
    let runs = job.workspace().join("reports");
    std::fs::rename(runs.join("runs"), runs.join("last-good")).unwrap();
    let second = run(&job, &[("machine", "Linux-X64")]);
    assert_eq!(second.outputs["verdict"], "no-baseline", "another kind: {second:#?}");
    let third = run(&job, &[]);
    assert!(third.summary.contains("# Comparison with the baseline: "), "{third:#?}");
    assert_ne!(third.outputs["verdict"], "no-baseline", "{third:#?}");
}

#[test]
fn a_suite_that_fails_fails_the_job_with_one_annotation() {
    let ended = run(&job(4), &[]);
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    assert_eq!(annotations(&ended).len(), 1, "{ended:#?}");
    assert!(annotations(&ended)[0].starts_with("::error title=queuelab tiny::FAILED"));
    assert!(ended.summary.contains("❌ **FAILED: 1 of 1 scenario: one.**"), "{ended:#?}");
    assert_eq!(ended.outputs["verdict"], "failed");
    assert_eq!(ended.outputs["exit-code"], "3");
}

#[test]
fn a_suite_that_cannot_start_fails_and_says_so() {
    let ended = run(&job(3), &[("suite", "absent")]);
    assert!(!ended.succeeded, "{ended:#?}");
    assert_eq!(annotations(&ended).len(), 1, "{ended:#?}");
    assert!(ended.summary.contains("The suite did not start"), "{ended:#?}");
    assert_eq!(ended.outputs["verdict"], "not-run");
    assert_eq!(ended.code.unwrap().to_string(), ended.outputs["exit-code"]);
}

/// The time is over when the run has started, however long that takes: SIGALRM is what
/// timeout(1) sets its timer to send.
#[test]
fn a_suite_that_takes_too_long_is_interrupted_and_reported() {
    let job = job(3);
    for name in ["started", "never"] {
        let fifo = Command::new("mkfifo").arg(job.workspace().join(name)).status().unwrap();
        assert!(fifo.success());
    }
    let timeout = "#!/bin/bash\n\
         { read -r _ <started; kill -ALRM $$; } &\n\
         exec env PATH=\"${PATH#*:}\" timeout \"${@:1:5}\" 1000d \"${@:7}\"\n";
    write_script(&job.programs().join("timeout"), timeout);
    // In place of a run that ends in order when it is interrupted.
    let run_program = r#"#!/bin/sh
[ "$1" = run ] || exit 0
trap 'exit 130' INT
mkdir -p reports/runs/tiny/1
echo "{}" >reports/runs/tiny/1/suite.json
echo "the summary of what was run" >reports/runs/tiny/1/summary.md
echo >started
while :; do read -r _ <never; done
"#;
    write_script(&job.workspace().join("run"), run_program);
    // A shell cannot trap a signal that the test was started with as ignored.
    let program = format!(
        "#!/bin/sh\n[ \"$1\" = ci ] || exec env --default-signal=INT ./run \"$@\"\nexport QUEUELAB=./run\nexec {} \"$@\"\n",
        binary()
    );
    write_script(&job.workspace().join("queuelab"), &program);
    let ended = run(&job, &[("path", "queuelab")]);
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    assert_eq!(ended.outputs["verdict"], "interrupted");
    assert!(ended.summary.contains("the summary of what was run"), "{ended:#?}");
    assert_eq!(annotations(&ended).len(), 1, "{ended:#?}");
}
