//! The labels of a run's containers and networks, and filters by them.

use std::collections::HashMap;

/// Label of every container and network of a run, with the run's id.
pub(super) const RUN_LABEL: &str = "queuelab.run";
/// Label of the same resources, with the trial that they were created for.
pub(super) const TRIAL_LABEL: &str = "queuelab.trial";
/// Label of the same resources, with the process that created them.
pub(super) const OWNER_LABEL: &str = "queuelab.owner";

/// A label and its value.
pub(super) fn label(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Filters for the engine's API.
pub(super) fn filters(pairs: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect()
}
