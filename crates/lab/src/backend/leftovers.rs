//! The resources of killed runs.

use super::error::BackendError;

/// Resources that were found, or removed. Each entry is a kind and a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Those of killed runs, for example `("container", "queuelab-…")`.
    pub removed: Vec<(&'static str, String)>,
    /// Runs that are alive, which were not touched.
    pub alive: Vec<String>,
    /// Why something could not be removed.
    pub problem: Option<BackendError>,
}
