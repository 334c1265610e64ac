//! The step that downloads the last good run from GitHub.

use std::fs;
use std::process::{Command, Stdio};

use super::settings::Settings;
use super::steps::{NOTE, io_error};
use super::{machine, runs};
use crate::commands::print_output;
use crate::error::Result;
use crate::exit::Exit;

const LISTING_FAILED: &str =
    "Earlier runs could not be listed: see the log of the step that looks for a baseline.";

/// Maximum number of GitHub runs to search for a good one.
const MAX_RUNS: &str = "200";

/// Excludes pull requests: a fork's branch may have the same name as ours, and its runs
/// must not become a baseline.
const FILTER: &str = r#".[] | select(.event != "pull_request") | .databaseId"#;

/// Downloads the newest good artefact. Succeeds without one, as for the first run: the
/// summary reports the missing baseline.
pub(super) fn baseline(settings: &Settings) -> Result {
    let artefact = machine::name(settings);
    clear(settings)?;
    settings.steps.remove(NOTE);
    let branch = settings.branch.clone().or_else(default_branch);
    let listed = branch.as_deref().and_then(|branch| run_ids(branch, &settings.workflow));
    let (Some(branch), Some(ids)) = (branch, listed) else {
        settings.steps.write(NOTE, &format!("{LISTING_FAILED}\n"))?;
        return print_output(LISTING_FAILED);
    };
    // A run that failed on the other backend may have a good artefact for this one.
    for id in ids {
        let directory = settings.baseline.to_string_lossy();
        let arguments = ["run", "download", &id, "--name", &artefact, "--dir", &directory];
        let is_downloaded = gh(&arguments, Stdio::null()).is_some();
        let suite = settings.suite_name();
        if is_downloaded && runs::newest_good(&settings.baseline, suite, &artefact).is_some() {
            return print_output(&format!("baseline: {artefact} of run {id}"));
        }
        clear(settings)?;
    }
    print_output(&format!(
        "no baseline: no good run on {branch} has the artefact {artefact}, or it has expired"
    ))?;
    Ok(Exit::Held)
}

/// Creates an empty directory for the baseline.
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

/// The output of GitHub's command line; `None` if it fails or is not installed.
fn gh(arguments: &[&str], errors: Stdio) -> Option<String> {
    let output = Command::new("gh").args(arguments).stderr(errors).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
