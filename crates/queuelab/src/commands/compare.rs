//! `queuelab compare`: a run held against an earlier one.

use std::path::{Path, PathBuf};

use ::compare::{Conclusion, Criteria, Verdict};
use clap::{Args, ValueEnum};
use report::{Run, Suite};
use run_record::{RunDirectory, SuiteDirectory};

use super::answer;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The earlier run's directory, or suite's: the baseline.
    base: PathBuf,
    /// The directory of the run, or suite, that is held against it.
    new: PathBuf,
    /// Look at laws and checks alone, and at no rate: for a baseline of another
    /// machine.
    #[arg(long, conflicts_with_all = ["floor", "alpha", "seed"])]
    laws: bool,
    /// How the comparison is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    criteria: CriteriaArguments,
    /// Seed of the ratios' intervals; no verdict depends on it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Flags of everything that judges measured figures.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CriteriaArguments {
    /// The smallest change of a median that counts, as a part of the baseline's
    /// (10% or 0.1).
    #[arg(long, value_name = "PART", default_value = "10%", value_parser = floor)]
    floor: f64,
    /// The probability of calling any figure changed when none is.
    #[arg(long, value_name = "P", default_value = "0.05", value_parser = alpha)]
    alpha: f64,
}

impl CriteriaArguments {
    /// With the seed that a comparison has by itself.
    pub(crate) fn criteria(&self) -> Criteria {
        let &Self { floor, alpha } = self;
        Criteria { floor, alpha, ..Criteria::default() }
    }
}

/// How a comparison is written.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// GitHub's, for a job's summary: the worst first, and bounded.
    Markdown,
    /// For programs: docs/ci.md says what its members are.
    Json,
}

fn floor(text: &str) -> std::result::Result<f64, String> {
    let part = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse::<f64>(),
    };
    match part {
        Ok(part) if (0.0..1.0).contains(&part) => Ok(part),
        _ => Err("a floor is from 0% to below 100%, such as 10% or 0.1".to_owned()),
    }
}

fn alpha(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(alpha) if alpha > 0.0 && alpha < 1.0 => Ok(alpha),
        _ => Err("a probability of error is above 0 and below 1, such as 0.05".to_owned()),
    }
}

/// Prints the comparison; its verdict is the exit code.
pub(crate) fn compare(arguments: &CompareArguments) -> Result {
    let &CompareArguments { ref base, ref new, laws, format, ref criteria, seed } = arguments;
    let criteria = Criteria { seed, ..criteria.criteria() };
    let (text, conclusion) = match (SuiteDirectory::is_one(base), SuiteDirectory::is_one(new)) {
        (true, true) => {
            let suites = (Suite::read(base)?, Suite::read(new)?);
            let comparison = ::compare::compare_suites(&suites.0, &suites.1, &criteria, laws);
            let text = match format {
                Format::Text => comparison.written(),
                Format::Markdown => comparison.markdown(),
                Format::Json => pretty(&comparison.json()),
            };
            (text, comparison.conclusion())
        }
        (false, false) => {
            let runs = (read(base)?, read(new)?);
            let comparison = match laws {
                true => ::compare::compare_laws(&runs.0, &runs.1),
                false => ::compare::compare(&runs.0, &runs.1, &criteria),
            };
            let text = match format {
                Format::Text => comparison.written(),
                Format::Markdown => comparison.markdown(),
                Format::Json => pretty(&comparison.json()),
            };
            (text, comparison.conclusion())
        }
        (of_suite, _) => {
            let (suite, other) = if of_suite { (base, new) } else { (new, base) };
            return Err(CommandError::Usage(format!(
                "failed to compare: {} is a suite's directory, and {} is not; give two runs, or \
                 two suites",
                suite.display(),
                other.display()
            )));
        }
    };
    answer(&text)?;
    Ok(exit(conclusion))
}

/// Prints how a run compares with its baseline, and judges it.
pub(crate) fn judge(base: &Run, new: &Run, criteria: &Criteria) -> Result {
    let comparison = ::compare::compare(base, new, criteria);
    answer(&comparison.written())?;
    Ok(exit(comparison.conclusion()))
}

/// How a comparison's end is told to whoever asked for it.
fn exit(conclusion: Conclusion) -> Exit {
    match conclusion {
        Conclusion::Failed => Exit::Failed,
        Conclusion::Judged(Verdict::Held) => Exit::Held,
        Conclusion::Judged(Verdict::Regressed) => Exit::Regression,
        Conclusion::Judged(Verdict::Improved | Verdict::Inconclusive | Verdict::NoBaseline) => {
            Exit::NoBaseline
        }
    }
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).expect("a comparison is plain data")
}

fn read(path: &Path) -> Result<Run> {
    let (record, trials) = RunDirectory::read(path)?;
    Ok(Run::new(record, trials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_a_part_or_a_percentage() {
        assert_eq!(floor("10%"), Ok(0.1));
        assert_eq!(floor("2.5 %"), Ok(0.025));
        assert_eq!(floor("0.25"), Ok(0.25));
        for wrong in ["100%", "10", "-1%", "%", "ten", "nan"] {
            assert!(floor(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_probability_is_between_0_and_1() {
        assert_eq!(alpha("0.01"), Ok(0.01));
        assert!(["0", "1", "5%"].iter().all(|wrong| alpha(wrong).is_err()));
    }
}
