//! The output of `queuelab list`.

use schemars::JsonSchema;
use serde::Serialize;

/// Everything that has a name.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Catalogue {
    /// The scenarios, by name.
    pub scenarios: Vec<ListedScenario>,
    /// The suites, by name.
    pub suites: Vec<ListedSuite>,
}

/// A scenario of the catalogue.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedScenario {
    /// Its name.
    pub name: String,
    /// The path of its file.
    pub path: String,
    /// Its question; none if the file is invalid.
    pub question: Option<String>,
    /// Points of its matrix; none if the file is invalid.
    pub cells: Option<u64>,
    /// Trials of a run without flags; none if the file is invalid.
    pub trials: Option<u64>,
    /// What is wrong with the file, in a line; `check` has the details.
    pub problem: Option<String>,
}

/// A suite of the catalogue.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedSuite {
    /// Its name.
    pub name: String,
    /// The path of its file.
    pub path: String,
    /// Its question; none if the file is invalid.
    pub question: Option<String>,
    /// The names of its scenarios, in their order.
    pub scenarios: Vec<String>,
    /// What is wrong with the file, in a line; `check` has the details.
    pub problem: Option<String>,
}
