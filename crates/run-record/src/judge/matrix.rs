//! The cells of a run's matrix, and the verdicts on them.

use std::collections::BTreeMap;

use super::are_most;
use crate::axis::{Axis, cell_at};
use crate::axis_names::AxisNames;
use crate::run::{MAX_CELLS, RunRecord};
use crate::trial::TrialRecord;
use crate::verdict::{CellVerdict, DisturbedTrial, TrialVerdict, Verdict};

/// The axes of a run that vary, and the number of their cells.
#[derive(Debug)]
pub(super) struct Matrix {
    axes: Vec<Axis>,
    names: AxisNames,
    /// 0 if there are more than [`MAX_CELLS`]: the record is damaged, and its cells get no
    /// verdicts.
    cells: usize,
}

impl Matrix {
    pub(super) fn new(record: &RunRecord) -> Self {
        let axes = record.axes.iter().filter(|axis| axis.values.len() > 1);
        let axes: Vec<_> = axes.cloned().collect();
        let mut sizes = axes.iter().map(|axis| axis.values.len());
        let cells = sizes.try_fold(1, usize::checked_mul).filter(|cells| *cells <= MAX_CELLS);
        let cells = cells.unwrap_or(0);
        Self { axes, names: record.axis_names(), cells }
    }

    /// The number of the cell that a trial belongs to.
    pub(super) fn cell_of(&self, trial: &TrialRecord) -> Option<u32> {
        if self.cells == 0 {
            return None;
        }
        let cell = cell_at(&self.axes, trial.cell, &trial.point)?;
        u32::try_from(cell).ok()
    }

    /// A trial's place on all axes of the run.
    pub(super) fn place_of(&self, trial: &TrialRecord) -> String {
        self.names.place(&trial.point)
    }

    /// The verdict on every cell, including those without a trial. `cells_of_trials` has the
    /// cell of each planned trial that was run; `checked` is whether the run checks anything.
    pub(super) fn verdicts(
        &self,
        planned_trials: u32,
        cells_of_trials: impl Iterator<Item = u32>,
        unheld: &[TrialVerdict],
        disturbed: &[DisturbedTrial],
        checked: bool,
    ) -> Vec<CellVerdict> {
        // A plan has the same number of trials for each cell.
        let planned = (planned_trials as usize).div_ceil(self.cells.max(1)).max(1) as u32;
        let mut run = vec![0; self.cells];
        for cell in cells_of_trials {
            run[cell as usize] += 1;
        }
        let mut unheld_in: BTreeMap<u32, bool> = BTreeMap::new();
        for trial in unheld {
            if let Some(cell) = trial.cell {
                *unheld_in.entry(cell).or_default() |= trial.verdict == Verdict::Failed;
            }
        }
        let mut disturbed_in: BTreeMap<u32, u32> = BTreeMap::new();
        for cell in disturbed.iter().filter(|trial| !trial.is_measured).filter_map(|it| it.cell) {
            *disturbed_in.entry(cell).or_default() += 1;
        }
        let disturbed_in = |cell| disturbed_in.get(&cell).copied().unwrap_or(0);
        let verdict = |cell: u32, trials: u32| match unheld_in.get(&cell) {
            Some(true) => Verdict::Failed,
            _ if trials < planned => Verdict::Incomplete,
            _ if are_most(disturbed_in(cell), trials) => Verdict::Inconclusive,
            Some(false) => Verdict::HeldOnRetry,
            None if checked => Verdict::Held,
            None => Verdict::NotChecked,
        };
        let cells = (0..).zip(run);
        cells
            .map(|(cell, trials)| CellVerdict {
                cell,
                place: self.place_of_cell(cell as usize),
                planned,
                trials,
                disturbed: disturbed_in(cell),
                verdict: verdict(cell, trials),
            })
            .collect()
    }

    fn place_of_cell(&self, mut cell: usize) -> String {
        let mut point = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            point.push((axis.path.as_str(), &axis.values[cell % axis.values.len()]));
            cell /= axis.values.len();
        }
        point.reverse();
        self.names.describe_place(point)
    }
}
