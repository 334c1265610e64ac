//! `queuelab compare`: compares a run with a baseline.

use std::path::{Path, PathBuf};

use ::compare::{Conclusion, Criteria, Verdict};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;
use report::{Run, Suite};
use run_record::SuiteDirectory;
use run_view::Printable;
use serde_json::Value;

use super::{print_text, screen};
use crate::completion;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// Directory of the baseline, an earlier run or suite.
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    base: PathBuf,
    /// Directory of the run or suite to compare with the baseline.
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    new: PathBuf,
    /// Compare only laws and checks, not metrics, for a baseline from another machine.
    #[arg(long, conflicts_with_all = ["floor", "alpha", "seed"])]
    laws: bool,
    /// Output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    criteria: CriteriaArguments,
    /// Seed of the bootstrap intervals; does not affect verdicts.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Flags of every command that compares metrics.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CriteriaArguments {
    /// Smallest relative change of a median that counts, such as 10% or 0.1.
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = parse_floor)]
    floor: f64,
    /// Probability of reporting a change in any metric when there is none.
    #[arg(long, value_name = "P", default_value = "0.05", value_parser = parse_alpha)]
    alpha: f64,
}

impl CriteriaArguments {
    /// The criteria with the default seed.
    pub(crate) fn criteria(&self) -> Criteria {
        let &Self { floor, alpha } = self;
        Criteria { floor, alpha, ..Criteria::default() }
    }
}

/// Output format of a comparison.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Plain text for a terminal.
    #[default]
    Text,
    /// GitHub Markdown for a job's summary: worst results first, limited in length.
    Markdown,
    /// JSON for programs; docs/ci.md documents it.
    Json,
}

fn parse_floor(text: &str) -> std::result::Result<f64, String> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse::<f64>(),
    };
    match share {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("the floor must be at least 0% and below 100%, such as 10% or 0.1".to_owned()),
    }
}

fn parse_alpha(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(alpha) if alpha > 0.0 && alpha < 1.0 => Ok(alpha),
        _ => Err("the probability must be above 0 and below 1, such as 0.05".to_owned()),
    }
}

/// Prints the comparison; its conclusion decides the exit code.
pub(crate) fn compare(arguments: &CompareArguments) -> Result {
    let &CompareArguments { ref base, ref new, laws, format, ref criteria, seed } = arguments;
    let criteria = Criteria { seed, ..criteria.criteria() };
    let (text, conclusion) = match (SuiteDirectory::exists_at(base), SuiteDirectory::exists_at(new))
    {
        (true, true) => {
            let suites = (Suite::read(base)?, Suite::read(new)?);
            let comparison = ::compare::compare_suites(&suites.0, &suites.1, &criteria, laws);
            let text = match format {
                Format::Text => comparison.text_for(screen()),
                Format::Markdown => Printable::new(&comparison.markdown()),
                Format::Json => Printable::json(&to_json(&comparison.json())),
            };
            (text, comparison.conclusion())
        }
        (false, false) => {
            let runs = (read_run(base)?, read_run(new)?);
            let comparison = match laws {
                true => ::compare::compare_laws(&runs.0, &runs.1),
                false => ::compare::compare(&runs.0, &runs.1, &criteria),
            };
            let text = match format {
                Format::Text => comparison.text_for(screen()),
                Format::Markdown => Printable::new(&comparison.markdown()),
                Format::Json => Printable::json(&to_json(&comparison.json())),
            };
            (text, comparison.conclusion())
        }
        (base_is_suite, _) => {
            let (suite, other) = if base_is_suite { (base, new) } else { (new, base) };
            return Err(CommandError::Usage(format!(
                "failed to compare a suite with a run: {} is the directory of a suite, {} is not; \
                 give two runs or two suites",
                suite.display(),
                other.display()
            )));
        }
    };
    print_text(&text)?;
    Ok(exit_code(conclusion))
}

/// Compares a run with its baseline, and prints the comparison.
pub(crate) fn compare_runs(base: &Run, new: &Run, criteria: &Criteria) -> Result {
    let comparison = ::compare::compare(base, new, criteria);
    print_text(&comparison.text_for(screen()))?;
    Ok(exit_code(comparison.conclusion()))
}

/// The comparison of a run with its baseline as JSON, and its exit code.
pub(crate) fn json_of_runs(base: &Run, new: &Run, criteria: &Criteria) -> (Value, Exit) {
    let comparison = ::compare::compare(base, new, criteria);
    (comparison.json(), exit_code(comparison.conclusion()))
}

/// The exit code of a conclusion.
fn exit_code(conclusion: Conclusion) -> Exit {
    match conclusion {
        Conclusion::Failed => Exit::Failed,
        Conclusion::Judged(Verdict::Held) => Exit::Held,
        Conclusion::Judged(Verdict::Regressed) => Exit::Regression,
        Conclusion::Judged(Verdict::Improved | Verdict::Inconclusive | Verdict::NoBaseline) => {
            Exit::Undecided
        }
    }
}

fn to_json(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a comparison is plain data")
}

fn read_run(path: &Path) -> Result<Run> {
    Ok(Run::read(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_a_share_or_a_percentage() {
        assert_eq!(parse_floor("10%"), Ok(0.1));
        assert_eq!(parse_floor("2.5 %"), Ok(0.025));
        assert_eq!(parse_floor("0.25"), Ok(0.25));
        for wrong in ["100%", "10", "-1%", "%", "ten", "nan"] {
            assert!(parse_floor(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_probability_is_between_0_and_1() {
        assert_eq!(parse_alpha("0.01"), Ok(0.01));
        assert!(["0", "1", "5%"].iter().all(|wrong| parse_alpha(wrong).is_err()));
    }
}
