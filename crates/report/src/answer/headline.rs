//! The headline that a run's scenario declares.

use run_view::Run;

use super::quantity::Quantity;

/// The quantity and the axis of the answer.
pub(super) struct Headline<'a> {
    /// The declared quantity; `None` if the run does not have it.
    pub(super) quantity: Option<Quantity>,
    /// The declared axis; `None` if it does not vary in the run.
    pub(super) over: Option<&'a str>,
}

impl<'a> Headline<'a> {
    /// The headline of a run's record. Records before schema 3 have none.
    pub(super) fn new(run: &'a Run) -> Self {
        let declared = &run.record.scenario.resolved["headline"];
        let over = declared["over"].as_str();
        let over = over.filter(|over| run.varying_axes().iter().any(|axis| axis.path == *over));
        let metric = declared["metric"].as_str().and_then(|name| Quantity::named(run, name));
        let law = declared["law"].as_str().and_then(|id| Quantity::of_law(run, id));
        Self { quantity: metric.or(law), over }
    }

    /// Whether the quantity is a law of a count, which does not depend on time.
    pub(super) fn is_exact_law(&self) -> bool {
        matches!(self.quantity, Some(Quantity::Law(_, false)))
    }
}
