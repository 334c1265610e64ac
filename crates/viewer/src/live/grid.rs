//! The cells of the matrix, filling in.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use run_record::{Axis, AxisNames, Outcome, RunRecord, TrialRecord, describe_value};
use run_view::number::percent;

/// A matrix with more cells is not shown.
const MAX_CELLS: usize = 5000;

/// The cells of a run, with the results of their trials.
pub(super) struct Grid {
    /// The axes with more than one value; the last varies fastest.
    axes: Vec<Axis>,
    names: AxisNames,
    cells: Vec<Cell>,
    /// The planned trials of each cell.
    planned: usize,
    /// The executions that have ended, and how long they took together, seconds.
    ended: usize,
    seconds: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    done: usize,
    attempts: u64,
    ok: u64,
    /// Its disturbed executions, whose attempts are not counted.
    disturbed: usize,
}

impl Grid {
    /// The cells of a run without any trials.
    pub(super) fn new(record: &RunRecord) -> Self {
        let sizes = || record.axes.iter().map(|axis| axis.values.len());
        let number =
            sizes().try_fold(1_usize, usize::checked_mul).filter(|number| *number <= MAX_CELLS);
        let number = number.unwrap_or(0);
        Self {
            axes: record.axes.iter().filter(|axis| axis.values.len() > 1).cloned().collect(),
            names: record.axis_names(),
            cells: vec![Cell::default(); number],
            planned: (record.planned_trials as usize).div_ceil(number.max(1)),
            ended: 0,
            seconds: 0.0,
        }
    }

    /// Short, distinct names of the run's axes.
    pub(super) fn names(&self) -> &AxisNames {
        &self.names
    }

    /// Adds a trial that has ended.
    pub(super) fn add(&mut self, trial: &TrialRecord) {
        self.ended += 1;
        self.seconds += trial.duration_seconds.max(0.0);
        if let Some(cell) = self.cells.get_mut(trial.cell as usize) {
            cell.done += usize::from(trial.retry == 0);
            if trial.is_disturbed() {
                cell.disturbed += 1;
            } else {
                cell.attempts = cell.attempts.saturating_add(trial.attempts);
                cell.ok = cell.ok.saturating_add(trial.outcomes.get(Outcome::Ok));
            }
        }
    }

    /// How long a trial took on average, seconds; `None` before the first one has ended.
    pub(super) fn mean_seconds(&self) -> Option<f64> {
        (self.ended > 0).then(|| self.seconds / self.ended as f64)
    }

    /// One table for each combination of values of the axes before the last two. Marks the
    /// cells that run now, and those with failed checks.
    pub(super) fn render(&self, running: &HashSet<u32>, failed: &HashMap<u32, usize>) -> Markup {
        if self.cells.is_empty() {
            return html! { p.quiet { "The matrix has too many cells to show." } };
        }
        let (outer, inner) = self.axes.split_at(self.axes.len().saturating_sub(2));
        let (rows, columns) = match inner {
            [rows, columns] => (Some(rows), Some(columns)),
            [columns] => (None, Some(columns)),
            _ => (None, None),
        };
        let across = columns.map_or(1, |axis| axis.values.len());
        let down = rows.map_or(1, |axis| axis.values.len());
        let corner = match (rows, columns) {
            (Some(rows), Some(columns)) => {
                format!("{} ↓ {} →", self.names.short(&rows.path), self.names.short(&columns.path))
            }
            (None, Some(columns)) => format!("{} →", self.names.short(&columns.path)),
            _ => String::new(),
        };
        html! {
            @for (table, cells) in self.cells.chunks(across * down).enumerate() {
                div.wide {
                    table.cells {
                        @if !outer.is_empty() { caption { (place(&self.names, outer, table)) } }
                        @if let Some(columns) = columns {
                            thead {
                                tr {
                                    th { (corner) }
                                    @for at in &columns.values { th scope="col" { (describe_value(at)) } }
                                }
                            }
                        }
                        @for (row, cells) in cells.chunks(across).enumerate() {
                            tr {
                                @if columns.is_some() {
                                    th scope="row" { @if let Some(rows) = rows { (describe_value(&rows.values[row])) } }
                                }
                                @for (column, cell) in cells.iter().enumerate() {
                                    @let number = (table * down + row) * across + column;
                                    @let failed = failed.get(&(number as u32)).copied().unwrap_or(0);
                                    (self.cell(number, cell, failed, running.contains(&(number as u32))))
                                }
                            }
                        }
                    }
                }
            }
            p.quiet.legend {
                "Each cell: share of attempts that ended " em { "ok" } ", and its trials; ⚠: some were disturbed, and are not in the share. "
                span.scale { "0 %" span.colours style=(colours()) {} "100 %" }
            }
        }
    }

    fn cell(&self, number: usize, cell: &Cell, failed: usize, is_running: bool) -> Markup {
        let Cell { done, attempts, ok, disturbed } = *cell;
        let is_measured = attempts > 0 || disturbed == 0;
        let share = if attempts == 0 { 0.0 } else { ok as f64 / attempts as f64 };
        let filled = done as f64 / self.planned.max(1) as f64;
        let colour = match done {
            0 => String::new(),
            _ if !is_measured => String::new(),
            // A cell with missing trials has a bar at its bottom.
            done if done >= self.planned => format!("--colour:{}", charts::scale(share)),
            _ => format!("--colour:{};--filled:{filled:.3}", charts::scale(share)),
        };
        let text = if done == 0 || !is_measured { "" } else { charts::text_on(share) };
        let broken = if failed > 0 { "broken" } else { "" };
        let now = if is_running { "now" } else { "" };
        let class = ["cell", text, broken, now].into_iter().filter(|class| !class.is_empty());
        let class = class.collect::<Vec<_>>().join(" ");
        html! {
            td class=(class) style=(colour) data-cell=(number) data-done=(done) {
                @if done == 0 { span.quiet { @if is_running { "running" } @else { "·" } } }
                @else if is_measured { (percent(share)) " %" }
                @if disturbed > 0 { span title=(format!("{disturbed} disturbed")) { " ⚠" } }
                @if failed > 0 { span.failed title=(format!("{failed} failed")) { " ✗" } }
                small { (done) "/" (self.planned) @if is_running && done > 0 { " ▸" } }
            }
        }
    }
}

/// The colour scale of the heat maps in reports.
fn colours() -> String {
    let stops: Vec<_> = (0..10).map(|step| charts::scale(f64::from(step) / 9.0)).collect();
    format!("background:linear-gradient(to right,{})", stops.join(","))
}

/// The values of the outer axes in one of the tables.
fn place(names: &AxisNames, axes: &[Axis], table: usize) -> String {
    let mut at = table;
    let mut point: Vec<_> = axes
        .iter()
        .rev()
        .map(|axis| {
            let chosen = &axis.values[at % axis.values.len()];
            at /= axis.values.len();
            (axis.path.as_str(), chosen)
        })
        .collect();
    point.reverse();
    names.describe(point)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::{Disturbance, DisturbanceCause, RunDirectory};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_cell_has_the_colour_of_the_heat_maps_in_reports() {
        let grid = Grid {
            axes: Vec::new(),
            names: AxisNames::default(),
            cells: Vec::new(),
            planned: 2,
            ended: 0,
            seconds: 0.0,
        };
        let render = |ok: u64| {
            let cell = Cell { done: 1, attempts: 10, ok, disturbed: 0 };
            grid.cell(0, &cell, 0, false).0
        };
        assert!(render(10).contains("cell on-light\" style=\"--colour:#fde725;--filled:0.500"));
        assert!(render(0).contains("cell on-dark\" style=\"--colour:#440154;--filled:0.500"));
        let complete =
            grid.cell(0, &Cell { done: 2, attempts: 10, ok: 10, disturbed: 0 }, 0, false).0;
        assert!(complete.contains("style=\"--colour:#fde725\""), "{complete}");
        let unknown = grid.cell(0, &Cell::default(), 1, true).0;
        assert!(unknown.contains("class=\"cell broken now\" style=\"\""), "{unknown}");
        let legend = colours();
        assert!(legend.contains("#440154,") && legend.ends_with("#fde725)"), "{legend}");
    }

    #[test]
    fn disturbed_attempts_are_marked_and_not_in_the_share() {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (record, mut trials) = RunDirectory::read(&sweep).unwrap();
        let causes = vec![DisturbanceCause::OtherProcesses];
        let disturbance = Some(Disturbance { causes, ..Disturbance::default() });
        let cell = |trials: &[TrialRecord]| {
            let mut grid = Grid::new(&record);
            trials.iter().for_each(|trial| grid.add(trial));
            let cell = grid.cells[trials[0].cell as usize];
            grid.cell(0, &cell, 0, false).0
        };
        let share = cell(&trials[..1]);
        assert!(share.contains(" %") && !share.contains('⚠'), "{share}");
        let retried = TrialRecord { retry: 1, ..trials[0].clone() };
        trials[0].disturbance = disturbance;
        let disturbed = cell(&trials[..1]);
        assert!(!disturbed.contains(" %") && disturbed.contains('⚠'), "{disturbed}");
        let measured = cell(&[trials[0].clone(), retried]);
        assert!(measured.contains(" %") && measured.contains('⚠'), "{measured}");
    }

    #[test]
    fn a_table_is_titled_with_the_values_of_the_outer_axes() {
        let axis = |path: &str, values: &[Value]| Axis {
            path: path.to_owned(),
            values: values.to_owned(),
        };
        let axes = [
            axis("server.design", &[json!("global-lock"), json!("snapshot")]),
            axis("hosts.server.sysctls.net.ipv4.tcp_syncookies", &[json!(0), json!(1), json!(2)]),
        ];
        let names = AxisNames::new(axes.iter().map(|axis| axis.path.as_str()));
        assert_eq!(place(&names, &axes, 0), "design global-lock, net.ipv4.tcp_syncookies 0");
        assert_eq!(place(&names, &axes, 5), "design snapshot, net.ipv4.tcp_syncookies 2");
    }

    #[test]
    fn the_same_sysctl_of_both_hosts_is_named_with_its_host() {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (mut record, _) = RunDirectory::read(&sweep).unwrap();
        for (axis, host) in record.axes[1..].iter_mut().zip(["server", "client"]) {
            axis.path = format!("hosts.{host}.sysctls.net.ipv4.tcp_retries2");
        }
        let html = Grid::new(&record).render(&HashSet::new(), &HashMap::new()).0;
        let corner = "server net.ipv4.tcp_retries2 ↓ client net.ipv4.tcp_retries2 →";
        assert!(html.contains(corner), "{html}");
    }
}
