//! The file of a scenario.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::compiled::CompiledTexts;
use crate::file::ParsedFile;
use crate::form::Form;
use crate::kernel::Kernel;
use crate::limits::Limits;
use crate::overrides::Overrides;
use crate::plan::{self, Forms, Plan, Unchanged, into_plan};
use crate::problem::ScenarioErrors;
use crate::source::Source;
use crate::tree::Node;

/// The file of a scenario, read and parsed once: its clones share the result.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    file: Arc<ParsedFile>,
    /// What its earlier plans have compiled.
    compiled: Arc<Mutex<CompiledTexts>>,
}

impl ScenarioFile {
    pub(crate) fn new(file: ParsedFile) -> Self {
        Self { file: Arc::new(file), compiled: Arc::default() }
    }

    /// A scenario from a text that is not in its own file, such as the record of a run.
    /// JSON is YAML.
    pub fn from_source(source: Source) -> Self {
        Self::new(ParsedFile::parse_record(source))
    }

    pub(crate) fn file(&self) -> &ParsedFile {
        &self.file
    }

    pub(crate) fn compiled(&self) -> MutexGuard<'_, CompiledTexts> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
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
        let forms = self.check(overrides.allow_large, kernel)?;
        let Unchanged { tree, form } = forms.into_form(overrides.quick);
        let form = match overrides.change_settings() {
            true => self.changed(tree, overrides, kernel)?,
            false => form,
        };
        Ok(into_plan(form, self.source(), overrides.seed))
    }

    /// Checks the file in its full and its quick form.
    ///
    /// # Errors
    /// All problems of the file.
    pub(crate) fn check(
        &self,
        allow_large: bool,
        kernel: &dyn Kernel,
    ) -> Result<Forms, ScenarioErrors> {
        let (tree, problems) = self.file.tree()?;
        let mut compiled = self.compiled();
        let limits = Limits::new(allow_large);
        plan::check(self.source(), tree, problems, &limits, kernel, &mut compiled)
    }

    /// A checked form with changes of its settings.
    ///
    /// # Errors
    /// All problems of the changes.
    pub(crate) fn changed(
        &self,
        tree: Node,
        overrides: &Overrides,
        kernel: &dyn Kernel,
    ) -> Result<Form, ScenarioErrors> {
        let mut compiled = self.compiled();
        let limits = Limits::new(overrides.allow_large);
        plan::changed(self.source(), tree, overrides, &limits, kernel, &mut compiled)
    }

    /// Whether both are the same file, read once.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file)
    }
}
