//! `--kernel-rules`: the kernel that a prediction is for.

use std::path::Path;

use clap::Args;
use lab::KernelFacts;
use queue_model::kernel_rules::{RuleSet, RuleSetError};
use run_record::{KernelReport, RunDirectory, RunRecord, read_text_file};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{CommandError, Result};

/// The largest file that is read, bytes: a run.json of many cells has some megabytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The kernel that a prediction is for.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KernelArguments {
    /// Predict for another kernel: `since-2025-01` (the default) or `4.10-to-2024`; or a file
    /// from that machine: the output of `queuelab doctor --json`, or a run's directory or
    /// run.json.
    #[arg(long, value_name = "RULES|FILE")]
    kernel_rules: Option<String>,
}

impl KernelArguments {
    /// The kernel that is meant. Without the flag, any kernel with the current rules; the
    /// running one is never asked.
    ///
    /// # Errors
    /// If the rules are not modelled, or the file does not have them.
    pub(crate) fn facts(&self) -> Result<KernelFacts> {
        let Some(text) = &self.kernel_rules else { return Ok(KernelFacts::default()) };
        let path = Path::new(text);
        match text.parse::<RuleSet>() {
            Ok(rules) => Ok(KernelFacts::assumed(rules)),
            Err(RuleSetError::NotModelled(_) | RuleSetError::Version(_)) if !path.exists() => {
                Err(usage(text, &text.parse::<RuleSet>().expect_err("it was not a name")))
            }
            Err(_) if path.is_dir() => {
                let run = RunDirectory::read_each(path, |_, _| ())?.record;
                of_run(text, &run)
            }
            Err(_) if path.exists() => of_file(text, path),
            Err(error) => Err(usage(
                text,
                &format!(
                    "{error}, and there is no such file; use a name, or a file from the machine"
                ),
            )),
        }
    }

    /// A line that names the rules, if they were chosen.
    pub(crate) fn describe(&self, facts: &KernelFacts) -> Option<String> {
        let chosen = self.kernel_rules.as_ref()?;
        let rules = facts.rules().name();
        let source = if chosen == rules { String::new() } else { format!(", from {chosen}") };
        Some(format!("For kernels with the rules {rules}{source}."))
    }
}

fn of_file(text: &str, path: &Path) -> Result<KernelFacts> {
    let content = read_text_file(path, MAX_FILE_BYTES)
        .map_err(|source| CommandError::Io { action: format!("read {text}"), source })?;
    let json: Value = serde_json::from_str(&content)
        .map_err(|error| usage(text, &format!("the file is not JSON: {error}")))?;
    if let Some(kernel) = json.get("kernel") {
        let report = KernelReport::deserialize(kernel)
            .map_err(|error| usage(text, &format!("its part `kernel` is not valid: {error}")))?;
        return KernelFacts::of_report(&report).ok_or_else(|| unknown(text));
    }
    match RunRecord::deserialize(&json) {
        Ok(run) => of_run(text, &run),
        Err(_) => Err(usage(
            text,
            &"the file is neither the output of `queuelab doctor --json` (of a version that \
              reports the kernel) nor the run.json of a run",
        )),
    }
}

fn of_run(text: &str, run: &RunRecord) -> Result<KernelFacts> {
    KernelFacts::of_run(run).ok_or_else(|| unknown(text))
}

fn unknown(text: &str) -> CommandError {
    usage(text, &"the rules of its kernel were not determined, or are not known to this version")
}

fn usage(text: &str, reason: &dyn std::fmt::Display) -> CommandError {
    CommandError::Usage(format!("--kernel-rules {text}: {reason}"))
}
