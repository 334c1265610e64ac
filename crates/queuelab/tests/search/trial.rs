//! Runs a combination with `queuelab run`, and lists what the lab said wrongly.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lab::{CellPredictions, KernelFacts, predictions};
use linux_net::Counter;
use run_record::{Agreement, LawCheck, RunDirectory, Simulated, TrialRecord};
use tempfile::TempDir;

use crate::combination::Combination;

/// The name of each scenario of the search.
pub(crate) const NAME: &str = "counter-example";

/// Counts of a simulation may differ from the measured ones by this share of the larger
/// one, or of the attempts.
const MAX_COUNT_DIFFERENCE: f64 = 0.05;

/// The end of a combination's trial.
#[derive(Debug)]
pub(crate) enum Trial {
    /// The scenario is invalid, or this kernel refuses a value.
    Refused,
    /// It ran.
    Ran {
        /// The record of the trial.
        trial: Box<TrialRecord>,
        /// What is predicted of the cell without running it, as by `queuelab predict`.
        predictions: CellPredictions,
    },
    /// `queuelab check` accepts what `queuelab run` refuses: the reason.
    NotChecked(String),
    /// `queuelab run` failed: its output.
    Failed(String),
}

/// Something that the lab predicted or requires, and that was not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// A law's id, an invariant's name, or what was simulated.
    pub(crate) subject: String,
    pub(crate) predicted: String,
    pub(crate) measured: String,
}

impl Violation {
    /// Whether the same thing was wrong; of a refused value or a failed run, for the same
    /// setting and the same reason.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let reason = |violation: &Self| {
            let mut lines = violation.measured.lines().map(str::trim);
            lines.find(|line| line.starts_with('×') && line.contains(": ")).map(str::to_owned)
        };
        self.subject == other.subject && reason(self) == reason(other)
    }
}

/// Runs a combination once.
pub(crate) fn run(combination: &Combination) -> Trial {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(format!("{NAME}.yaml"));
    fs::write(&file, combination.scenario(NAME)).unwrap();
    let (file, out) = (file.to_str().unwrap(), folder.path().join("runs"));
    let output = queuelab(&["run", file, "--no-report", "--out", out.to_str().unwrap()]);
    match output.status.code() {
        // 6: the combinations that run side by side disturb each other.
        Some(0 | 3 | 6) => {
            read(combination, &out).unwrap_or_else(|| Trial::Failed(text(&output.stderr)))
        }
        Some(2) => {
            let check = queuelab(&["check", file]);
            match check.status.code() {
                Some(2) => Trial::Refused,
                _ => Trial::NotChecked(text(&output.stderr)),
            }
        }
        _ => Trial::Failed(text(&output.stderr)),
    }
}

/// Runs the program under test in the repository.
fn queuelab(arguments: &[&str]) -> Output {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    command.args(arguments).current_dir(repository).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The only run below an output directory.
fn run_directory(out: &Path) -> Option<PathBuf> {
    let mut runs = fs::read_dir(out.join(NAME)).ok()?;
    Some(runs.next()?.ok()?.path())
}

fn read(combination: &Combination, out: &Path) -> Option<Trial> {
    let (run, mut trials) = RunDirectory::read(&run_directory(out)?).ok()?;
    let trial = Box::new(trials.pop()?);
    let predictions = predictions(&combination.cell()?, &KernelFacts::of_run(&run)?);
    Some(Trial::Ran { trial, predictions })
}

impl Trial {
    /// What the lab said wrongly about it.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Refused => Vec::new(),
            Self::NotChecked(output) => vec![Violation {
                subject: "queuelab check".to_owned(),
                predicted: "valid".to_owned(),
                measured: output.clone(),
            }],
            Self::Failed(output) => vec![Violation {
                subject: "queuelab run".to_owned(),
                predicted: "a result".to_owned(),
                measured: output.clone(),
            }],
            Self::Ran { trial, predictions } => {
                let mut violations = law_violations(trial);
                violations.extend(contradictions(trial, predictions));
                violations.extend(trial.simulated.iter().flat_map(|s| differences(trial, s)));
                violations
            }
        }
    }
}

fn law_violations(trial: &TrialRecord) -> Vec<Violation> {
    let laws = trial.laws.iter().filter(|law| law.held == Some(false)).map(|law| Violation {
        subject: law.id.clone(),
        predicted: match law.latest {
            Some(latest) => format!("{} to {latest:.3}", law.predicted),
            None => law.predicted.to_string(),
        },
        measured: law.measured.map_or("nothing".to_owned(), |measured| measured.to_string()),
    });
    let broken = trial.invariants.iter().filter(|check| check.held == Some(false));
    let invariants = broken.map(|check| Violation {
        subject: check.name.clone(),
        predicted: "holds".to_owned(),
        measured: check.detail.clone(),
    });
    laws.chain(invariants).collect()
}

/// What `queuelab predict` says of a law that `queuelab run` does not.
fn contradictions(trial: &TrialRecord, predictions: &CellPredictions) -> Vec<Violation> {
    let in_run = |id: &str| trial.laws.iter().find(|law| law.id == id).map(|law| law.predicted);
    let differing =
        predictions.predicted.iter().filter(|law| in_run(&law.id) != Some(law.predicted));
    let violation = |law: &LawCheck| Violation {
        subject: format!("predict {}", law.id),
        predicted: law.predicted.to_string(),
        measured: in_run(&law.id).map_or("run: not applied".to_owned(), |of| format!("run: {of}")),
    };
    differing.map(violation).collect()
}

/// What the simulation of the trial says differently from the measurement.
fn differences(trial: &TrialRecord, simulated: &Simulated) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut differs = |subject: &str, simulated: u64, measured: u64| {
        violations.push(Violation {
            subject: format!("simulated {subject}"),
            predicted: simulated.to_string(),
            measured: measured.to_string(),
        });
    };
    if !Agreement::agrees(simulated.accepted, trial.accepted.unwrap_or(0), trial.attempts) {
        differs("accepted", simulated.accepted, trial.accepted.unwrap_or(0));
    }
    let evidence = &trial.evidence;
    let retransmissions =
        simulated.syn_retransmits.iter().map(|(&times, &attempts)| u64::from(times) * attempts);
    for (counter, simulated, measured) in [
        (
            Counter::ListenOverflows,
            simulated.listen_overflows,
            evidence.at_server(Counter::ListenOverflows),
        ),
        (Counter::ListenDrops, simulated.listen_drops, evidence.at_server(Counter::ListenDrops)),
        (Counter::TcpSynRetrans, retransmissions.sum(), evidence.at_client(Counter::TcpSynRetrans)),
    ] {
        let allowed = MAX_COUNT_DIFFERENCE * measured.max(simulated).max(trial.attempts) as f64;
        if simulated.abs_diff(measured) as f64 > allowed {
            differs(counter.name(), simulated, measured);
        }
    }
    violations
}
