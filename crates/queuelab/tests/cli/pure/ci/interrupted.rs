//! A signal to the step that runs the suite, as from `timeout` or Ctrl-C.

use super::step::{annotations, set_outputs, step, take_summary};
use crate::support::{all_output, out_directory, write_script};

#[test]
fn an_interrupted_run_is_recorded_and_reported() {
    for signal in ["INT", "TERM"] {
        let place = out_directory();
        let folder = place.path();
        // Its parent is the step. The program that it stands for ends in order.
        let program = format!(
            r#"#!/bin/sh
case "$*" in
run*)
    mkdir -p runs/nightly/1
    echo "{{}}" >runs/nightly/1/suite.json
    echo "the summary of what was run" >runs/nightly/1/summary.md
    kill -{signal} $PPID
    exit 130
    ;;
esac
"#
        );
        write_script(&folder.join("program"), &program);
        let output = step(folder, "", &[]);
        assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
        assert_eq!(annotations(&output).len(), 1, "{}", all_output(&output));
        let summary = take_summary(folder);
        assert!(summary.contains("the summary of what was run"), "{summary}");
        assert_eq!(set_outputs(folder)["verdict"], "interrupted");
        assert_eq!(set_outputs(folder)["exit-code"], "130");
    }
}
