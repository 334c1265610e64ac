//! A job that uses the action: its files, and what its steps leave.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::definition::{Action, is_true, replace};
use crate::support::{all_output, out_directory, repository};

/// A runner's folders, with the working directory `workspace`.
pub(super) struct Job {
    place: TempDir,
    /// Variables of the job.
    environment: Vec<(String, String)>,
}

/// What is left of a job.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// The outputs of the action.
    pub(super) outputs: BTreeMap<String, String>,
    /// Whether no step failed.
    pub(super) succeeded: bool,
    /// The exit code of the last step with a script.
    pub(super) code: Option<i32>,
    /// What the steps printed.
    pub(super) log: String,
    pub(super) summary: String,
    /// The lines that were added to PATH.
    pub(super) path: String,
}

impl Job {
    pub(super) fn new() -> Self {
        let place = out_directory();
        for folder in ["workspace", "temp", "programs"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        Self { place, environment: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn workspace(&self) -> PathBuf {
        self.place.path().join("workspace")
    }

    /// The folder of programs that the steps find first.
    pub(super) fn programs(&self) -> PathBuf {
        self.place.path().join("programs")
    }

    /// Runs the scripts of the action's steps. Those that use another action are left out.
    pub(super) fn run(&self, inputs: &[(&str, &str)]) -> Ended {
        let action = Action::read();
        for (name, _) in inputs {
            assert!(action.inputs.contains_key(*name), "the action has no input {name}");
        }
        let mut found = BTreeMap::new();
        let mut ended = Ended { succeeded: true, ..Ended::default() };
        for (index, step) in action.runs.steps.iter().enumerate() {
            let value = |name: &str| self.value(name, &action, inputs, &found);
            let condition = step.condition.as_deref().unwrap_or("${{ true }}");
            let Some(script) = &step.run else { continue };
            if !ended.succeeded || !is_true(&replace(condition, &value)) {
                continue;
            }
            let output_file = self.file(&format!("output-{index}"));
            let variables = step.env.iter().map(|(name, text)| (name, replace(text, &value)));
            let mut command = self.script(script);
            command.envs(variables).env("GITHUB_OUTPUT", &output_file);
            let output = command.output().unwrap();
            ended.log += &all_output(&output);
            ended.code = output.status.code();
            ended.succeeded = output.status.success();
            let id = step.id.as_deref().unwrap_or_default();
            for line in read(&output_file).lines() {
                let (name, value) = line.split_once('=').unwrap();
                found.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
            }
        }
        let value = |name: &str| self.value(name, &action, inputs, &found);
        let outputs = action.outputs.iter();
        ended.outputs =
            outputs.map(|(name, output)| (name.clone(), replace(&output.value, &value))).collect();
        ended.summary = read(&self.file("summary"));
        ended.path = read(&self.file("path"));
        ended
    }

    fn script(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        let path = format!("{}:{}", self.programs().display(), std::env::var("PATH").unwrap());
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
            .current_dir(self.workspace())
            .env("PATH", path)
            .env("GITHUB_ACTION_PATH", repository())
            .env("GITHUB_SERVER_URL", "https://server.example")
            .env("GITHUB_STEP_SUMMARY", self.file("summary"))
            .env("GITHUB_PATH", self.file("path"))
            .env("RUNNER_TEMP", self.place.path().join("temp"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The value of a name in an expression.
    fn value(
        &self,
        name: &str,
        action: &Action,
        inputs: &[(&str, &str)],
        found: &BTreeMap<String, String>,
    ) -> String {
        if let Some(input) = name.strip_prefix("inputs.") {
            let default = || action.inputs[input].default.clone();
            // The last one counts.
            let given = inputs.iter().rev().find(|(name, _)| *name == input);
            let text = given.map_or_else(default, |(_, value)| (*value).to_owned());
            // A token is the only default that is an expression.
            return if text.starts_with("${{") { "a-token".to_owned() } else { text };
        }
        match name {
            "true" => "true".to_owned(),
            "github.action_repository" => "someone/queuelab".to_owned(),
            "github.repository" => "user/project".to_owned(),
            "runner.environment" => "self-hosted".to_owned(),
            name if name.starts_with("steps.") => found.get(name).cloned().unwrap_or_default(),
            name => panic!("the test knows no value of {name}"),
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
