//! The file of a scenario.

use crate::file::ParsedFile;
use crate::kernel::Kernel;
use crate::overrides::Overrides;
use crate::plan::{Plan, plan};
use crate::problem::ScenarioErrors;
use crate::source::Source;

/// The file of a scenario, read and parsed.
#[derive(Debug, Clone)]
pub struct ScenarioFile(ParsedFile);

impl ScenarioFile {
    pub(crate) fn new(file: ParsedFile) -> Self {
        Self(file)
    }

    /// A scenario from a text that is not in its own file, such as the record of a run.
    /// JSON is YAML.
    pub fn from_source(source: Source) -> Self {
        Self(ParsedFile::parse_record(source))
    }

    /// Name, path and text of the file.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// Creates the plan of the scenario.
    ///
    /// # Errors
    /// All problems of the file, in its full and in its quick form; if there are
    /// none, all problems of the overrides.
    pub fn plan(&self, overrides: &Overrides, kernel: &dyn Kernel) -> Result<Plan, ScenarioErrors> {
        let (tree, problems) = self.0.tree()?;
        plan(&self.0.source, tree, problems, overrides, kernel)
    }
}
