//! The step that downloads the last good run from GitHub.

use std::fs;
use std::process::{Command, Stdio};

use super::settings::Settings;
use super::steps::{NOTE, io_error};
use super::{machine, runs};
use crate::commands::answer;
use crate::error::Result;
use crate::exit::Exit;

const NO_ANSWER: &str = "Earlier runs could not be listed: see the log of the step that looks for \
                         a baseline.";

/// Runs on GitHub that are looked at: those that were not good are skipped.
const MAX_RUNS: &str = "200";

/// A fork's branch may have the name of ours, and its pull request a run of that name,
/// which must not become a baseline.
const FILTER: &str = r#".[] | select(.event != "pull_request") | .databaseId"#;

/// Downloads the newest artefact that was good. Succeeds without one: the first run
/// has no baseline either, and the suite is run and its summary reports it.
pub(super) fn baseline(settings: &Settings) -> Result {
    let artefact = machine::name(settings);
    clear(settings)?;
    settings.steps.remove(NOTE);
    let branch = settings.branch.clone().or_else(default_branch);
    let listed = branch.as_deref().and_then(|branch| run_ids(branch, &settings.workflow));
    let (Some(branch), Some(ids)) = (branch, listed) else {
        settings.steps.write(NOTE, &format!("{NO_ANSWER}\n"))?;
        return answer(NO_ANSWER);
    };
    // If the other backend of a run failed, this one's artefact may still be good: each
    // is marked by itself.
    for id in ids {
        let directory = settings.baseline.to_string_lossy();
        let arguments = ["run", "download", &id, "--name", &artefact, "--dir", &directory];
        let is_there = gh(&arguments, Stdio::null()).is_some();
        let suite = settings.suite_name();
        if is_there && runs::newest_good(&settings.baseline, suite, &artefact).is_some() {
            return answer(&format!("baseline: {artefact} of run {id}"));
        }
        clear(settings)?;
    }
    answer(&format!("no good run on {branch} left {artefact}, or it has expired"))?;
    Ok(Exit::Held)
}

/// An empty directory for the baseline.
fn clear(settings: &Settings) -> Result<()> {
    let directory = &settings.baseline;
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(io_error("remove", directory))?;
    }
    fs::create_dir_all(directory).map_err(io_error("create", directory))
}

fn default_branch() -> Option<String> {
    let query = ".defaultBranchRef.name";
    let arguments = ["repo", "view", "--json", "defaultBranchRef", "--jq", query];
    let branch = gh(&arguments, Stdio::inherit())?;
    Some(branch.trim().to_owned()).filter(|branch| !branch.is_empty())
}

/// The completed runs of a workflow on a branch, the newest first.
fn run_ids(branch: &str, workflow: &str) -> Option<Vec<String>> {
    let runs = ["run", "list", "--workflow", workflow, "--branch", branch];
    let fields = ["--status", "completed", "--limit", MAX_RUNS, "--json", "databaseId,event"];
    let arguments = [&runs[..], &fields, &["--jq", FILTER]].concat();
    let listed = gh(&arguments, Stdio::inherit())?;
    Some(listed.split_whitespace().map(str::to_owned).collect())
}

/// What GitHub's command line prints; `None` if it fails or is not installed.
fn gh(arguments: &[&str], errors: Stdio) -> Option<String> {
    let output = Command::new("gh").args(arguments).stderr(errors).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
