//! The headline that a run's scenario declares.

use run_view::Run;
use scenario::HeadlineMetric;
use serde_json::Value;

use super::quantity::Quantity;

/// The quantity and the axis of an answer without words of its own.
pub(super) struct Plain<'a> {
    /// The declared quantity; `None` if the run does not have it.
    pub(super) quantity: Option<Quantity>,
    /// The declared axis; `None` if it does not vary in the run.
    pub(super) over: Option<&'a str>,
}

/// What the scenario of a run declares; `None` if it declares nothing, as records before
/// schema 3, or only a metric or law along an axis.
pub(super) fn declared(run: &Run) -> Option<scenario::Headline> {
    let declared = &run.record.scenario.resolved["headline"];
    let headline: scenario::Headline = serde_json::from_value(declared.clone()).ok()?;
    let is_plain = match headline.0.as_slice() {
        [] => true,
        [only] => only.is_plain() && only.metric.is_none_or(is_quantity),
        _ => false,
    };
    (!is_plain).then_some(headline)
}

/// Whether a metric alone has an answer in the words of [`Quantity`].
fn is_quantity(metric: HeadlineMetric) -> bool {
    let name = serde_json::to_value(metric).unwrap_or(Value::Null);
    name.as_str().is_some_and(Quantity::has_name)
}

impl<'a> Plain<'a> {
    /// The headline of a run's record, without words. Records before schema 3 have none.
    pub(super) fn new(run: &'a Run) -> Self {
        let declared = &run.record.scenario.resolved["headline"];
        let declared = declared.get(0).unwrap_or(declared);
        let over = declared["over"].as_str();
        let over = over.filter(|over| run.varying_axes().iter().any(|axis| axis.path == *over));
        let metric = declared["metric"].as_str().and_then(|name| Quantity::named(run, name));
        let law = declared["law"].as_str().and_then(|id| Quantity::of_law(run, id));
        Self { quantity: metric.or(law), over }
    }

    /// Whether the quantity is a law of a count, which does not depend on time.
    pub(super) fn is_exact_law(&self) -> bool {
        matches!(&self.quantity, Some(Quantity::Law(law)) if !law.is_timed())
    }
}
