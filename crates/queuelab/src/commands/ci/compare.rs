//! The step that compares the run with the baseline.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::settings::Settings;
use super::steps::{BASELINE, COMPARE_CODE, COMPARISON, RUN_CODE, SUITE};
use super::{machine, program, runs};
use crate::commands::answer;
use crate::error::Result;
use crate::exit::Exit;

/// What a comparison decided.
#[derive(Debug)]
struct Compared {
    code: i32,
    /// `held`, `improved`, `regressed`, `inconclusive`, `no-baseline` or `failed`.
    verdict: String,
    /// For the job's summary.
    markdown: String,
}

/// Compares, and marks the run as good if it may be the next baseline.
///
/// A regression fails unless it is accepted. No baseline, or one that decides nothing
/// or cannot be compared with, is only reported: otherwise no later run could be good.
/// A run that was not decided is no baseline: the next one would take a real loss for
/// the usual figure.
pub(super) fn compare(settings: &Settings) -> Result {
    let steps = &settings.steps;
    let Some(new) = steps.read(SUITE) else {
        answer("nothing to compare: the suite did not start")?;
        return Ok(Exit::Internal);
    };
    let compared = match steps.read(BASELINE) {
        Some(base) => with_baseline(settings, &base, &new)?,
        None => {
            let machine = machine::name(settings);
            let markdown = format!("No baseline: no good run of {machine} is known.\n");
            answer(&markdown)?;
            Compared { code: 6, verdict: "no-baseline".to_owned(), markdown }
        }
    };
    let is_undecided = compared.code == 6 && compared.verdict == "inconclusive";
    let may_be_accepted = compared.code == 4 || is_undecided;
    let is_accepted = settings.accept && may_be_accepted;
    let mut markdown = compared.markdown;
    if is_accepted {
        markdown = format!("Accepted: the change is intended.\n\n{markdown}");
    } else if is_undecided {
        let note = "Not everything was decided: the next run is compared with the same baseline.";
        answer(&format!("\n{note}"))?;
        markdown += &format!("\n{note}\n");
    }
    steps.write(COMPARISON, &markdown)?;
    let code = if is_accepted { "accepted".to_owned() } else { compared.code.to_string() };
    steps.write(COMPARE_CODE, &format!("{code}\n"))?;
    let passes = is_accepted || matches!(compared.code, 0 | 6);
    if !passes {
        return Ok(program::exit(compared.code));
    }
    let decides = ["held", "improved", "no-baseline"].contains(&compared.verdict.as_str());
    let is_decided = is_accepted || compared.code == 0 || decides;
    if is_decided && steps.read(RUN_CODE).as_deref() == Some("0") {
        runs::mark_good(Path::new(&new), &machine::name(settings))?;
    }
    Ok(Exit::Held)
}

fn with_baseline(settings: &Settings, base: &str, new: &str) -> Result<Compared> {
    let formatted = |format| ["compare", base, new, "--format", format];
    let markdown = program::output(settings, &formatted("markdown"), true)?;
    let code = markdown.status.code().unwrap_or(Exit::Internal as i32);
    if !matches!(code, 0 | 3 | 4 | 6) {
        let errors = String::from_utf8_lossy(&markdown.stderr);
        let errors: Vec<_> = errors.lines().map(|line| format!("    {line}\n")).collect();
        let reason = format!("{base} cannot be compared with (exit code {code})");
        let markdown = format!("No baseline: {reason}:\n\n{}", errors.concat());
        answer(&markdown)?;
        return Ok(Compared { code: 6, verdict: "no-baseline".to_owned(), markdown });
    }
    program::call(settings, &["compare", base, new])?;
    let json = program::output(settings, &formatted("json"), false)?.stdout;
    let path = settings.steps.path("comparison.json");
    fs::write(&path, &json).map_err(super::steps::io_error("write", &path))?;
    Ok(Compared {
        code,
        verdict: verdict(&serde_json::from_slice(&json).unwrap_or_default()),
        markdown: String::from_utf8_lossy(&markdown.stdout).into_owned(),
    })
}

/// The verdict of a comparison; `inconclusive` if any part of it is: the verdict of a
/// suite names new scenarios before undecided ones.
fn verdict(comparison: &Value) -> String {
    if has_verdict(comparison, "inconclusive") {
        return "inconclusive".to_owned();
    }
    comparison["verdict"].as_str().unwrap_or_default().to_owned()
}

fn has_verdict(value: &Value, verdict: &str) -> bool {
    match value {
        Value::Object(members) => {
            let is_own = members.get("verdict").and_then(Value::as_str) == Some(verdict);
            is_own || members.values().any(|member| has_verdict(member, verdict))
        }
        Value::Array(elements) => elements.iter().any(|element| has_verdict(element, verdict)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comparison_with_an_undecided_part_is_inconclusive() {
        assert_eq!(verdict(&json!({ "verdict": "held", "members": [] })), "held");
        let part = json!({ "verdict": "no-baseline", "members": [{ "verdict": "inconclusive" }] });
        assert_eq!(verdict(&part), "inconclusive");
        assert_eq!(verdict(&Value::Null), "");
    }
}
