//! The step that compares the run with the baseline.

use std::path::Path;

use serde_json::Value;

use super::settings::Settings;
use super::steps::{BASELINE, COMPARE_CODE, COMPARISON, RUN_CODE, SUITE, VERDICT};
use super::{machine, program, runs};
use crate::commands::print_output;
use crate::error::Result;
use crate::exit::Exit;

/// The result of a comparison.
#[derive(Debug)]
struct Comparison {
    code: i32,
    /// `held`, `improved`, `regressed`, `inconclusive`, `no-baseline` or `failed`.
    verdict: String,
    /// For the job's summary.
    markdown: String,
}

/// Compares the run with the baseline, and marks it as good if it can be the next one.
///
/// A regression fails unless it is accepted. A missing, inconclusive or incompatible
/// baseline is only reported: if it failed, no later run could be good. An inconclusive
/// run cannot be a baseline, because it may contain a real regression.
pub(super) fn compare(settings: &Settings) -> Result {
    let steps = &settings.steps;
    let Some(new) = steps.read(SUITE) else {
        print_output("nothing to compare: the suite did not start")?;
        return Ok(Exit::Internal);
    };
    let compared = match steps.read(BASELINE) {
        Some(base) => compare_with_baseline(settings, &base, &new)?,
        None => {
            let machine = machine::name(settings);
            let markdown = format!("No baseline: no good run of {machine} was found.\n");
            print_output(&markdown)?;
            Comparison { code: 6, verdict: "no-baseline".to_owned(), markdown }
        }
    };
    let is_inconclusive = compared.code == 6 && compared.verdict == "inconclusive";
    let may_be_accepted = compared.code == 4 || is_inconclusive;
    let is_accepted = settings.accept && may_be_accepted;
    let mut markdown = compared.markdown;
    if is_accepted {
        markdown = format!("Accepted: the change is intended.\n\n{markdown}");
    } else if is_inconclusive {
        let note =
            "The comparison is inconclusive: the next run is compared with the same baseline.";
        print_output(&format!("\n{note}"))?;
        markdown += &format!("\n{note}\n");
    }
    steps.write(COMPARISON, &markdown)?;
    let code = if is_accepted { "accepted".to_owned() } else { compared.code.to_string() };
    steps.write(COMPARE_CODE, &format!("{code}\n"))?;
    let verdict = if is_accepted { "accepted" } else { &compared.verdict };
    steps.write(VERDICT, &format!("{verdict}\n"))?;
    let passes = is_accepted || matches!(compared.code, 0 | 6);
    if !passes {
        return Ok(program::exit_from_code(compared.code));
    }
    let is_decided = ["held", "improved", "no-baseline"].contains(&compared.verdict.as_str());
    let can_be_baseline = is_accepted || compared.code == 0 || is_decided;
    // A run whose trials were mostly disturbed (6) is good only if that is accepted.
    let has_passed = match steps.read(RUN_CODE).as_deref() {
        Some("0") => true,
        Some("6") => is_accepted,
        _ => false,
    };
    if can_be_baseline && has_passed {
        runs::mark_good(Path::new(&new), &machine::name(settings))?;
    }
    Ok(Exit::Held)
}

fn compare_with_baseline(settings: &Settings, base: &str, new: &str) -> Result<Comparison> {
    let formatted = |format| ["compare", base, new, "--format", format];
    let markdown = program::output(settings, &formatted("markdown"), true)?;
    let code = markdown.status.code().unwrap_or(Exit::Internal as i32);
    if !matches!(code, 0 | 3 | 4 | 6) {
        let errors = String::from_utf8_lossy(&markdown.stderr);
        let errors: Vec<_> = errors.lines().map(|line| format!("    {line}\n")).collect();
        let reason = format!("failed to compare with {base} (exit code {code})");
        let markdown = format!("No baseline: {reason}:\n\n{}", errors.concat());
        print_output(&markdown)?;
        return Ok(Comparison { code: 6, verdict: "no-baseline".to_owned(), markdown });
    }
    program::run(settings, &["compare", base, new])?;
    let json = program::output(settings, &formatted("json"), false)?.stdout;
    settings.steps.write("comparison.json", &String::from_utf8_lossy(&json))?;
    Ok(Comparison {
        code,
        verdict: verdict(&serde_json::from_slice(&json).unwrap_or_default()),
        markdown: String::from_utf8_lossy(&markdown.stdout).into_owned(),
    })
}

/// The verdict of a comparison; `inconclusive` if any part of it is. A suite's own
/// verdict reports new scenarios before inconclusive ones.
fn verdict(comparison: &Value) -> String {
    let verdict = match comparison["inconclusive"].as_bool() {
        Some(true) => Some("inconclusive"),
        Some(false) => comparison["verdict"].as_str(),
        None => None,
    };
    verdict.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_comparison_with_an_inconclusive_part_is_inconclusive() {
        let comparison =
            |verdict, inconclusive| json!({ "verdict": verdict, "inconclusive": inconclusive });
        assert_eq!(verdict(&comparison("held", false)), "held");
        assert_eq!(verdict(&comparison("no-baseline", true)), "inconclusive");
        assert_eq!(verdict(&Value::Null), "");
    }
}
