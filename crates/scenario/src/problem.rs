//! The problems of a scenario, as diagnostics.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use crate::limits::MAX_PROBLEMS;
use crate::place::Place;
use crate::source::Source;
use crate::text::shortened;

/// One problem of a scenario, or of a flag that changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) place: Place,
    also: Option<(Place, String)>,
}

impl Problem {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, place, also: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = self.help.or(help);
        self
    }

    /// A second place that the problem is about.
    pub(crate) fn also(mut self, place: &Place, label: &str) -> Self {
        self.also = Some((place.clone(), label.to_owned()));
        self
    }

    /// The byte offset of the problem in the text; `None` for a flag, or if the
    /// problem is not about a part of the text.
    pub fn offset(&self) -> Option<usize> {
        match &self.place {
            Place::File(range) => Some(range.start),
            Place::Flag(_) | Place::Nowhere => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(_) | Place::Nowhere => f.write_str(&self.message),
            Place::Flag(flag) => write!(f, "{}: {}", shortened(flag), self.message),
        }
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<_>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Place::File(range) = &self.place else {
            return None;
        };
        let here = LabeledSpan::new_primary_with_span(Some("here".to_owned()), range.clone());
        let also = self.also.as_ref().and_then(|(place, label)| match place {
            Place::File(range) => {
                Some(LabeledSpan::new_with_span(Some(label.clone()), range.clone()))
            }
            Place::Flag(_) | Place::Nowhere => None,
        });
        Some(Box::new(std::iter::once(here).chain(also)))
    }
}

/// The problems of a scenario, in the order of its text; flags last. Of very many, the first.
#[derive(Debug, Clone)]
pub struct ScenarioErrors {
    name: String,
    source: NamedSource<String>,
    problems: Vec<Problem>,
}

impl ScenarioErrors {
    pub(crate) fn new(source: &Source, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.offset().unwrap_or(usize::MAX));
        problems.truncate(MAX_PROBLEMS);
        Self {
            name: source.path.clone(),
            source: NamedSource::new(&source.path, source.text.clone()),
            problems,
        }
    }

    /// The path of the file.
    pub fn path(&self) -> &str {
        &self.name
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        self.source.inner()
    }

    /// The problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Line and column of a problem, both from 1, the column in characters;
    /// `None` if [`Problem::offset`] is.
    pub fn position(&self, problem: &Problem) -> Option<(usize, usize)> {
        let before = self.source.inner().get(..problem.offset()?)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Some((line, before[line_start..].chars().count() + 1))
    }
}

/// What is doubtful about a valid scenario, in the order of its text: a run of it is allowed.
#[derive(Debug, Clone)]
pub struct ScenarioWarnings(ScenarioErrors);

impl ScenarioWarnings {
    pub(crate) fn new(source: &Source, problems: Vec<Problem>) -> Self {
        Self(ScenarioErrors::new(source, problems))
    }

    /// Each of them, with its place in the text.
    pub fn placed(&self) -> &ScenarioErrors {
        &self.0
    }
}

impl fmt::Display for ScenarioWarnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} warning{plural} about scenario {}", self.0.name)
    }
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        let more = if count >= MAX_PROBLEMS { " or more" } else { "" };
        write!(f, "{count}{more} problem{plural} with scenario {}", self.name)
    }
}

impl std::error::Error for ScenarioErrors {}

impl Diagnostic for ScenarioErrors {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}
