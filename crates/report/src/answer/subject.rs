//! The axes along which an answer can compare cells.

use run_record::Axis;

use run_view::Cell;
use run_view::Run;
use serde_json::Value;

/// How large a load is: seldom what is asked.
const SIZE_OF_THE_LOAD: &str = "load.clients";

/// The cells along an axis, all else being equal.
pub(super) struct Lane<'a> {
    pub(super) axis: &'a Axis,
    run: &'a Run,
    /// In the axis's order, those that have trials.
    pub(super) cells: Vec<&'a Cell<'a>>,
}

impl Lane<'_> {
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

/// Every lane of every axis that varies.
pub(super) fn lanes<'a>(run: &'a Run, cells: &'a [Cell<'a>]) -> Vec<Lane<'a>> {
    let axes = run.varying_axes();
    let mut lanes = Vec::new();
    let mut apart = 1;
    for axis in axes.into_iter().rev() {
        let size = axis.values.len();
        let starts = (0..cells.len()).filter(|at| (at / apart).is_multiple_of(size));
        lanes.extend(starts.map(|start| {
            let along = (0..size).filter_map(|step| cells.get(start + step * apart));
            Lane { axis, run, cells: along.filter(|cell| !cell.trials.is_empty()).collect() }
        }));
        apart *= size;
    }
    lanes.retain(|lane| lane.cells.len() > 1);
    lanes
}

/// How well an axis suits an answer: first the one that the scenario's headline names,
/// last the size of the load.
pub(super) fn relevance(over: Option<&str>, axis: &Axis) -> u8 {
    match axis.path.as_str() {
        path if Some(path) == over => 2,
        SIZE_OF_THE_LOAD => 0,
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
