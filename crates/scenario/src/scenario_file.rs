//! The file of a scenario.

use std::sync::{Arc, Mutex, PoisonError};

use crate::expression::Programs;
use crate::file::ParsedFile;
use crate::kernel::Kernel;
use crate::overrides::Overrides;
use crate::plan::{Plan, plan};
use crate::problem::ScenarioErrors;
use crate::source::Source;

/// The file of a scenario, read and parsed once: its clones share the result.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    file: Arc<ParsedFile>,
    /// The compiled expressions of its earlier plans.
    programs: Arc<Mutex<Programs>>,
}

impl ScenarioFile {
    pub(crate) fn new(file: ParsedFile) -> Self {
        Self { file: Arc::new(file), programs: Arc::default() }
    }

    /// A scenario from a text that is not in its own file, such as the record of a run.
    /// JSON is YAML.
    pub fn from_source(source: Source) -> Self {
        Self::new(ParsedFile::parse_record(source))
    }

    pub(crate) fn file(&self) -> &ParsedFile {
        &self.file
    }

    /// Name, path and text of the file.
    pub fn source(&self) -> &Source {
        &self.file.source
    }

    /// Creates the plan of the scenario.
    ///
    /// # Errors
    /// All problems of the file, in its full and in its quick form; if there are
    /// none, all problems of the overrides.
    pub fn plan(&self, overrides: &Overrides, kernel: &dyn Kernel) -> Result<Plan, ScenarioErrors> {
        let (tree, problems) = self.file.tree()?;
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        plan(&self.file.source, tree, problems, overrides, kernel, &mut programs)
    }
}
