//! A scenario or suite, by name or path.

use crate::file::ParsedFile;
use crate::scenario_file::ScenarioFile;
use crate::source::{self, FindError, Source};
use crate::suite_file::SuiteFile;

/// A file that holds a scenario or a suite, read and parsed once.
///
/// It may still be wrong: [`ScenarioFile::plan`] and [`SuiteFile::load`] report
/// every problem. A file that is not YAML counts as a scenario.
#[derive(Debug, Clone)]
pub enum Document {
    /// A scenario.
    Scenario(ScenarioFile),
    /// A suite.
    Suite(SuiteFile),
}

impl Document {
    /// Name, path and text of the file.
    pub fn source(&self) -> &Source {
        match self {
            Self::Scenario(scenario) => scenario.source(),
            Self::Suite(suite) => suite.source(),
        }
    }

    /// Its question as written, without a check of the file; `None` if it has none.
    pub fn question(&self) -> Option<&str> {
        let file = match self {
            Self::Scenario(scenario) => scenario.file(),
            Self::Suite(suite) => suite.file(),
        };
        file.question()
    }

    /// Its name: the name of the file without its extension.
    pub fn name(&self) -> &str {
        &self.source().name
    }
}

impl From<Source> for Document {
    fn from(source: Source) -> Self {
        let file = ParsedFile::parse(source);
        match file.is_suite() {
            true => Self::Suite(SuiteFile::new(file)),
            false => Self::Scenario(ScenarioFile::new(file)),
        }
    }
}

/// Reads the scenario or suite of that name, or at that path. An argument with a
/// `/`, or that ends in `.yaml` or `.yml`, is a path. A name is looked up in
/// `./scenarios`, then among the scenarios built into this program.
///
/// # Errors
/// There is no such scenario, or its file cannot be read.
pub fn load(name_or_path: &str) -> Result<Document, FindError> {
    source::find(name_or_path).map(Document::from)
}

/// Every scenario and suite that has a name, sorted by name: the files in
/// `./scenarios`, and the built-in ones that they do not replace.
pub fn catalogue() -> Vec<Document> {
    source::named().into_iter().map(Document::from).collect()
}

/// The scenarios of the [`catalogue`].
pub fn scenarios() -> Vec<ScenarioFile> {
    scenarios_of(&catalogue())
}

/// The scenarios among these documents, which share what has been read.
pub fn scenarios_of(documents: &[Document]) -> Vec<ScenarioFile> {
    let scenario = |document: &Document| match document {
        Document::Scenario(scenario) => Some(scenario.clone()),
        Document::Suite(_) => None,
    };
    documents.iter().filter_map(scenario).collect()
}

/// The suites of the [`catalogue`].
pub fn suites() -> Vec<SuiteFile> {
    let suite = |document| match document {
        Document::Suite(suite) => Some(suite),
        Document::Scenario(_) => None,
    };
    catalogue().into_iter().filter_map(suite).collect()
}
