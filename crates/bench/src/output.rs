//! The directory of a run.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use run_record::Machine;
use serde::Serialize;

use crate::error::{BenchError, Result};
use crate::figure::Figure;
use crate::measurement::Measurement;
use crate::table;

/// Everything that a run found, as `results.json` has it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// When it began.
    pub(crate) started: Timestamp,
    /// The arguments of the program.
    pub(crate) arguments: Vec<String>,
    /// Less was measured than the figures say.
    pub(crate) quick: bool,
    /// The profile of cargo with which it was built.
    pub(crate) profile: String,
    pub(crate) machine: Machine,
    pub(crate) figures: Vec<Figure>,
    /// In the order in which they were made.
    pub(crate) measurements: Vec<Measurement>,
}

impl Report {
    /// The report as Markdown.
    pub(crate) fn summary(&self) -> String {
        let Machine { kernel, architecture, cpu_model, cpus, memory_bytes } = &self.machine;
        let model = cpu_model.as_deref().unwrap_or(architecture);
        let gib = *memory_bytes as f64 / f64::from(1 << 30);
        let quick = if self.quick { QUICK } else { "" };
        let disturbed = self.disturbed();
        format!(
            "# Speed\n\n\
             {started}, Linux {kernel}, {cpus} CPUs ({model}), {gib:.0} GiB, profile `{profile}`. \
             Each figure is the ratio of two measurements of one round, or the value of each \
             round.\n{quick}{disturbed}\n\
             {figures}\n\n## Measurements\n\n{measurements}\n",
            started = self.started,
            profile = self.profile,
            figures = table::figures(&self.figures),
            measurements = table::measurements(&self.measurements),
        )
    }

    /// Says how much other processes disturbed the run; empty if little.
    fn disturbed(&self) -> String {
        let shares = self.measurements.iter().filter_map(|one| one.others_share);
        let disturbed = shares.filter(|share| *share >= DISTURBED).count();
        match disturbed {
            0 => String::new(),
            _ => format!(
                "\nOther processes took {:.0} % of the CPU time or more in {disturbed} of {} \
                 measurements: repeat it on a quiet machine.\n",
                DISTURBED * 100.0,
                self.measurements.len()
            ),
        }
    }
}

/// From this part of all CPU time on, other processes disturb a measurement.
const DISTURBED: f64 = 0.05;

const QUICK: &str = "\nQuick: the measurements are shorter and smaller than the figures say, so these are not \
                     the figures to reach.\n";

/// The directory of one run.
#[derive(Debug)]
pub(crate) struct Output(PathBuf);

impl Output {
    /// Creates `out/<UTC time>`.
    ///
    /// # Errors
    /// If it exists or cannot be created.
    pub(crate) fn create(out: &Path, started: Timestamp) -> Result<Self> {
        let path = out.join(started.strftime("%Y-%m-%dT%H-%M-%SZ").to_string());
        let create = || {
            fs::create_dir_all(out)?;
            fs::create_dir(&path)?;
            path.canonicalize()
        };
        match create() {
            Ok(path) => Ok(Self(path)),
            Err(source) => Err(BenchError::Output { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes `results.json` and `summary.md`, also if they exist.
    pub(crate) fn write(&self, report: &Report) -> Result<()> {
        let mut json = serde_json::to_string_pretty(report).expect("a report is plain data");
        json.push('\n');
        for (name, text) in [("results.json", json), ("summary.md", report.summary())] {
            let path = self.0.join(name);
            fs::write(&path, text).map_err(|source| BenchError::Output { path, source })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::Values;

    #[test]
    fn a_summary_says_what_its_figures_are_not() {
        let measured = |others_share| Measurement {
            part: "connects",
            contestant: "generator".to_owned(),
            round: 0,
            took_seconds: 1.0,
            others_share,
            values: Values::new(),
        };
        let mut report = Report {
            started: Timestamp::UNIX_EPOCH,
            arguments: Vec::new(),
            quick: false,
            profile: "release".to_owned(),
            machine: Machine::current(),
            figures: Vec::new(),
            measurements: vec![measured(None), measured(Some(0.01))],
        };
        let summary = report.summary();
        assert!(!summary.contains("Quick") && !summary.contains("Other processes"), "{summary}");
        report.quick = true;
        report.measurements.push(measured(Some(0.2)));
        let summary = report.summary();
        let other = "Other processes took 5 % of the CPU time or more in 1 of 3 measurements";
        assert!(summary.contains("Quick") && summary.contains(other), "{summary}");
    }
}
