//! A step of `queuelab ci`, as a workflow calls it, and what it leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{binary, text, write_script};

/// Runs a step with the script, unless `settings` name another program.
pub(super) fn step(folder: &Path, step: &str, settings: &[(&str, &str)]) -> Output {
    Command::new(binary())
        .arg("ci")
        .args((!step.is_empty()).then_some(step))
        .current_dir(folder)
        .env("QUEUELAB", folder.join("program"))
        .env("OUT", "runs")
        .env("STEPS", "steps")
        .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
        .env("GITHUB_OUTPUT", folder.join("output"))
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

/// The annotations in the output of a step.
pub(super) fn annotations(output: &Output) -> Vec<String> {
    let out = text(&output.stdout);
    let is_one = |line: &&str| line.starts_with("::error") || line.starts_with("::warning");
    out.lines().filter(is_one).map(str::to_owned).collect()
}

/// Reads and removes the job's summary.
pub(super) fn take_summary(folder: &Path) -> String {
    let path = folder.join("summary.md");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(text.len() < 1 << 20, "GitHub accepts no more");
    text
}

/// The outputs that the steps set, the last value of each.
pub(super) fn set_outputs(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join("output")).unwrap_or_default();
    let pairs = text.lines().map(|line| line.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Writes a script in place of the program: its comparison has this result, and its
/// annotation is the file `annotation`.
pub(super) fn write_program(folder: &Path, code: i32, json: &str) {
    let program = folder.join("program");
    let text = format!(
        r#"#!/bin/sh
case "$*" in
compare*json) echo '{json}'; exit {code} ;;
compare*) echo "the comparison $2"; echo "its error" >&2; exit {code} ;;
run*)
    mkdir -p "runs/nightly/$NEXT"
    echo "{{}}" >"runs/nightly/$NEXT/suite.json"
    echo "the summary" >"runs/nightly/$NEXT/summary.md"
    ;;
report*) cat annotation 2>/dev/null ;;
esac
"#
    );
    write_script(&program, &text);
}

/// The JSON of a comparison, as the program prints it.
pub(super) fn comparison(verdict: &str) -> String {
    let inconclusive = verdict == "inconclusive";
    format!(
        "{{\n  \"kind\": \"suite\",\n  \"verdict\": \"{verdict}\",\n  \
         \"inconclusive\": {inconclusive},\n  \"members\": []\n}}"
    )
}
