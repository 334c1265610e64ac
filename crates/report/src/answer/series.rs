//! The series of cells that an answer can compare.

use run_record::Axis;

use run_view::Cell;
use run_view::Run;
use serde_json::Value;

/// The size of the load, which is rarely the subject of a question.
const LOAD_SIZE: &str = "load.clients";

/// The cells along an axis, with the same values on the others.
pub(super) struct Series<'a> {
    pub(super) axis: &'a Axis,
    run: &'a Run,
    /// The cells with trials, in the order of the axis.
    pub(super) cells: Vec<&'a Cell<'a>>,
}

impl Series<'_> {
    /// Its axis as headings name it.
    pub(super) fn axis_name(&self) -> &str {
        self.run.axis_name(&self.axis.path)
    }

    /// Its values on the other axes.
    pub(super) fn point(&self) -> impl Iterator<Item = (&str, &Value)> {
        let point = self.cells.first().into_iter().flat_map(|cell| &cell.point);
        point.filter(|(path, _)| *path != self.axis.path).copied()
    }

    /// Its values on the other axes, as a line of text.
    pub(super) fn place(&self) -> String {
        self.run.describe_point(self.point())
    }
}

/// Every series along every axis that varies.
pub(super) fn all_series<'a>(run: &'a Run, cells: &'a [Cell<'a>]) -> Vec<Series<'a>> {
    let axes = run.varying_axes();
    let mut all = Vec::new();
    let mut step = 1;
    for axis in axes.into_iter().rev() {
        let size = axis.values.len();
        let starts = (0..cells.len()).filter(|at| (at / step).is_multiple_of(size));
        all.extend(starts.map(|start| {
            let along = (0..size).filter_map(|index| cells.get(start + index * step));
            Series { axis, run, cells: along.filter(|cell| !cell.trials.is_empty()).collect() }
        }));
        step *= size;
    }
    all.retain(|series| series.cells.len() > 1);
    all
}

/// The relevance of an axis: highest for the axis of the scenario's headline, lowest for the
/// size of the load.
pub(super) fn relevance(over: Option<&str>, axis: &Axis) -> u8 {
    match axis.path.as_str() {
        path if Some(path) == over => 2,
        LOAD_SIZE => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_axis_comes_first_and_the_size_of_the_load_last() {
        let axis = |path: &str| Axis { path: path.to_owned(), values: Vec::new() };
        let (design, clients) = (axis("server.design"), axis("load.clients"));
        assert_eq!(relevance(None, &design), 1);
        assert_eq!(relevance(None, &clients), 0);
        assert_eq!(relevance(Some("load.clients"), &clients), 2);
        assert_eq!(relevance(Some("load.clients"), &design), 1);
    }
}
