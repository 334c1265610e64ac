//! `queuelab compare`: a run held against an earlier one.

use std::path::{Path, PathBuf};

use clap::Args;
use report::{Conclusion, Criteria, Run, Verdict};
use run_record::RunDirectory;

use super::answer;
use crate::error::Result;
use crate::exit::Exit;

/// Flags of `queuelab compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The earlier run's directory: the baseline.
    base: PathBuf,
    /// The directory of the run that is held against it.
    new: PathBuf,
    /// The smallest change of a median that counts, as a part of the baseline's
    /// (10% or 0.1).
    #[arg(long, value_name = "PART", default_value = "10%", value_parser = floor)]
    floor: f64,
    /// The probability of calling any figure changed when none is.
    #[arg(long, value_name = "P", default_value = "0.05", value_parser = alpha)]
    alpha: f64,
    /// Seed of the ratios' intervals; no verdict depends on it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
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
    let (base, new) = (read(&arguments.base)?, read(&arguments.new)?);
    let &CompareArguments { floor, alpha, seed, .. } = arguments;
    let comparison = report::compare(&base, &new, &Criteria { floor, alpha, seed });
    answer(&comparison.written())?;
    Ok(match comparison.conclusion() {
        Conclusion::Failed => Exit::Failed,
        Conclusion::Judged(Verdict::Held) => Exit::Held,
        Conclusion::Judged(Verdict::Regressed) => Exit::Regression,
        Conclusion::Judged(Verdict::Improved | Verdict::Inconclusive | Verdict::NoBaseline) => {
            Exit::NoBaseline
        }
    })
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
