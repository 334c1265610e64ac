//! A run with its axes by name.

use std::collections::BTreeMap;
use std::path::Path;

use run_record::{
    Agreement, Axis, AxisNames, Build, Folder, JudgedRun, LatencyHistogram, RunDirectory,
    RunDirectoryError, RunRecord, RunVerdict, TrialRecord, cell_at,
};
use serde_json::Value;

use crate::executions::Executions;
use crate::prose::several;
use crate::shared::Shared;
use crate::trial::Trial;

/// A run: its record, its trials and its verdict.
#[derive(Debug, Clone)]
pub struct Run {
    /// The contents of `run.json`.
    pub record: RunRecord,
    /// The executions of its trials, by number; a retried trial has several.
    pub trials: Vec<Trial>,
    /// The recorded verdict, or one computed from the trials if none is recorded.
    pub verdict: RunVerdict,
    /// How well the simulator agrees with the trials of each design.
    pub agreements: Vec<Agreement>,
    latencies: Latencies,
    axis_names: AxisNames,
}

/// The latencies of the trials of each cell, by its number.
#[derive(Debug, Clone, Default)]
struct Latencies {
    connects: BTreeMap<usize, Pooled>,
    responses: BTreeMap<usize, Pooled>,
}

/// The latencies of one kind of a cell's trials.
#[derive(Debug, Clone, Default)]
struct Pooled {
    histogram: LatencyHistogram,
    /// Whether a trial with such latencies has no histogram.
    is_partial: bool,
}

impl Pooled {
    fn add(&mut self, histogram: Option<LatencyHistogram>) {
        match histogram.filter(|histogram| !histogram.is_empty()) {
            Some(histogram) => self.histogram.add(&histogram),
            None => self.is_partial = true,
        }
    }

    fn complete(&self) -> Option<&LatencyHistogram> {
        (!self.is_partial).then_some(&self.histogram)
    }
}

/// The trials of a run that were read so far.
#[derive(Debug, Default)]
struct Trials {
    trials: Vec<Trial>,
    latencies: Latencies,
    shared: Shared,
}

impl Trials {
    fn add(&mut self, run: &RunRecord, mut trial: TrialRecord) {
        let (connects, responses) =
            (trial.connect_histogram.take(), trial.response_histogram.take());
        let trial = Trial::new(trial, &mut self.shared);
        if let Some(cell) = cell_at(&run.axes, trial.cell, &trial.point) {
            let Latencies { connects: all_connects, responses: all_responses } =
                &mut self.latencies;
            if trial.connect_latency.count > 0 {
                all_connects.entry(cell).or_default().add(connects);
            }
            if trial.response_latency.count > 0 {
                all_responses.entry(cell).or_default().add(responses);
            }
        }
        self.trials.push(trial);
    }
}

impl Run {
    /// A run from the contents of its directory.
    pub fn new(record: RunRecord, records: Vec<TrialRecord>) -> Self {
        let recorded = record.verdict.clone();
        let verdict = recorded.unwrap_or_else(|| RunVerdict::new(&record, &records));
        let agreements = Agreement::by_design(&records);
        let mut trials = Trials::default();
        records.into_iter().for_each(|trial| trials.add(&record, trial));
        Self::from_parts(JudgedRun { record, verdict, agreements }, trials)
    }

    /// Reads a run directory, one trial after the other.
    ///
    /// # Errors
    /// As for [`RunDirectory::read`].
    pub fn read(path: &Path) -> Result<Self, RunDirectoryError> {
        let mut trials = Trials::default();
        let judged = RunDirectory::read_each(path, |record, trial| trials.add(record, trial))?;
        Ok(Self::from_parts(judged, trials))
    }

    /// As [`Run::read`], in an open directory.
    ///
    /// # Errors
    /// As for [`RunDirectory::read`].
    pub fn read_in(folder: &Folder) -> Result<Self, RunDirectoryError> {
        let mut trials = Trials::default();
        let add = |record: &RunRecord, trial| trials.add(record, trial);
        let judged = RunDirectory::read_each_in(folder, add)?;
        Ok(Self::from_parts(judged, trials))
    }

    fn from_parts(judged: JudgedRun, trials: Trials) -> Self {
        let JudgedRun { record, verdict, agreements } = judged;
        let Trials { mut trials, latencies, .. } = trials;
        // Without a copy of half of the trials, as a stable sort of them would need.
        trials.sort_by_cached_key(Trial::execution_id);
        trials.shrink_to_fit();
        let axis_names = record.axis_names();
        Self { record, trials, verdict, agreements, latencies, axis_names }
    }

    /// The connect latencies of a cell's trials; `None` if one with connects has no histogram,
    /// or nothing connected.
    pub(crate) fn connects(&self, cell: usize) -> Option<&LatencyHistogram> {
        self.latencies.connects.get(&cell)?.complete()
    }

    /// The response times of a cell's trials; `None` if one with answers has no histogram, or
    /// there are none.
    pub(crate) fn responses(&self, cell: usize) -> Option<&LatencyHistogram> {
        self.latencies.responses.get(&cell)?.complete()
    }

    /// The number of the cell that a trial belongs to; `None` if it is not in the matrix.
    pub fn number_of_cell(&self, trial: &Trial) -> Option<usize> {
        cell_at(&self.record.axes, trial.cell, &trial.point)
    }

    /// Each planned trial that was run, with all its executions.
    pub fn executions(&self) -> Vec<Executions<'_>> {
        Executions::group(&self.trials.iter().collect::<Vec<_>>())
    }

    /// The number of planned trials that were run.
    pub fn executed_trials(&self) -> usize {
        self.trials.chunk_by(|one, other| one.id == other.id).count()
    }

    /// The run with only those trials that were not disturbed, whose rates, shares and times
    /// are a finding. It has the verdict on the whole run.
    pub fn undisturbed(&self) -> Self {
        let trials = self.trials.iter().filter(|trial| !trial.is_disturbed());
        Self {
            trials: trials.cloned().collect(),
            record: self.record.clone(),
            verdict: self.verdict.clone(),
            agreements: self.agreements.clone(),
            latencies: Latencies::default(),
            axis_names: self.axis_names.clone(),
        }
    }

    /// Whether a cell has several repetitions; retries do not count.
    pub fn is_repeated(&self) -> bool {
        self.trials.iter().any(|trial| trial.repetition > 0)
    }

    /// Short, distinct names of its axes.
    pub fn axis_names(&self) -> &AxisNames {
        &self.axis_names
    }

    /// An axis as headings name it.
    pub fn axis_name<'a>(&'a self, path: &'a str) -> &'a str {
        self.axis_names.short(path)
    }

    /// A point as a line of text: `design global-lock, backlog 10`; empty without any axis.
    pub fn describe_point<'a>(
        &self,
        point: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> String {
        self.axis_names.describe(point)
    }

    /// A trial's place on the axes, as a line of text.
    pub fn place(&self, trial: &Trial) -> String {
        self.axis_names.place(&trial.point)
    }

    /// The axes with a single value, as a sentence; `None` if there are none.
    pub fn fixed_axes(&self) -> Option<String> {
        let fixed = self.record.axes.iter().filter(|axis| axis.values.len() == 1);
        let fixed = fixed.map(|axis| (axis.path.as_str(), &axis.values[0]));
        let text = self.describe_point(fixed);
        (!text.is_empty()).then(|| format!("Everywhere: {text}."))
    }

    /// The backend and the machine, as a sentence.
    pub fn hosts(&self) -> String {
        let RunRecord { backend, machine, .. } = &self.record;
        let version = backend.version.as_ref().map_or(String::new(), |v| format!(" {v}"));
        let parts =
            self.build().map_or(String::new(), |build| format!(" Workers in them: {build}."));
        format!(
            "Hosts: {}{version}, {}; Linux {} on {}.{parts}",
            backend.name,
            backend.details,
            machine.kernel,
            several(machine.cpus.into(), "CPU")
        )
    }

    /// The build whose workers ran in the hosts; `None` if it was the program that led the
    /// run.
    pub fn build(&self) -> Option<String> {
        self.record.build.as_ref().map(Build::to_string)
    }

    /// The axes with several values; only these need a column in a table.
    pub fn varying_axes(&self) -> Vec<&Axis> {
        self.record.axes.iter().filter(|axis| axis.values.len() > 1).collect()
    }
}

/// Every combination of the axes' values; the last axis varies fastest. Without axes, one
/// empty combination.
pub fn combinations<'a>(axes: &[&'a Axis]) -> Vec<Vec<(&'a str, &'a Value)>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        points
            .iter()
            .flat_map(|point| {
                axis.values.iter().map(move |value| {
                    let mut longer = point.clone();
                    longer.push((axis.path.as_str(), value));
                    longer
                })
            })
            .collect()
    })
}
