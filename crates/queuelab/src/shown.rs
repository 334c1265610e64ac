//! An error whose texts are safe to print.

use std::error::Error;
use std::fmt;
use std::io::Write;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};
use scenario::{Problem, ScenarioErrors, ScenarioWarnings};

/// The longest line of a file that is printed with an error, bytes.
const MAX_LINE_BYTES: usize = 400;

/// An error with safe texts. The renderer adds colours, so its output cannot be made safe
/// afterwards.
#[derive(Debug)]
pub(crate) struct Shown {
    message: String,
    help: Option<String>,
    cause: Option<Box<Shown>>,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
    severity: Severity,
}

impl Shown {
    /// An error without causes.
    pub(crate) fn new(message: &str, help: Option<String>) -> Self {
        Self {
            message: visible::lines(message).into_owned(),
            help: help.map(|help| visible::lines(&help).into_owned()),
            cause: None,
            source: None,
            labels: Vec::new(),
            related: Vec::new(),
            severity: Severity::Error,
        }
    }

    /// An error with its causes.
    pub(crate) fn with_causes(error: &dyn Diagnostic) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        let chain = causes.iter().rev().fold(None, |inner, cause| {
            Some(Box::new(Self { cause: inner, ..Self::new(cause, None) }))
        });
        let help = error.help().map(|help| help.to_string());
        Self { cause: chain, ..Self::new(&error.to_string(), help) }
    }

    /// The problems of a scenario, each with the lines of its place.
    pub(crate) fn problems(errors: &ScenarioErrors) -> Self {
        let text = visible::same_length(errors.text());
        let path = visible::line(errors.path());
        let shown = |problem| Self::problem(errors, problem, &path, &text);
        Self {
            related: errors.problems().iter().map(shown).collect(),
            source: Some(NamedSource::new(&path, text.clone().into_owned())),
            ..Self::new(&errors.to_string(), None)
        }
    }

    /// Warnings about a scenario, each with the lines of its place.
    pub(crate) fn warnings(warnings: &ScenarioWarnings) -> Self {
        let shown = Self::problems(warnings.placed());
        let warning = |one: Self| Self { severity: Severity::Warning, ..one };
        let related = shown.related.into_iter().map(warning).collect();
        let message = visible::lines(&warnings.to_string()).into_owned();
        warning(Self { message, related, ..shown })
    }

    /// Prints it to standard error. If it cannot be printed, as after the end of the terminal,
    /// the exit code has to do.
    pub(crate) fn print(self) {
        let _ = writeln!(anstream::stderr(), "{:?}", miette::Report::new(self));
    }

    fn problem(errors: &ScenarioErrors, problem: &Problem, path: &str, text: &str) -> Self {
        let help = Diagnostic::help(problem).map(|help| help.to_string());
        let labels: Vec<_> = problem.labels().into_iter().flatten().collect();
        let shown = Self::new(&problem.to_string(), help);
        if labels.iter().all(|label| fits(text, label)) {
            return Self { labels, ..shown };
        }
        // A file can be a single line of a megabyte.
        let place = errors
            .position(problem)
            .map_or(String::new(), |(line, column)| format!("{path}:{line}:{column}: "));
        Self { message: format!("{place}{}", shown.message), ..shown }
    }
}

/// Whether the lines that are printed with a label are short: those of it and one around.
fn fits(text: &str, label: &LabeledSpan) -> bool {
    let start = text.floor_char_boundary(label.offset());
    let end = text.floor_char_boundary(label.offset() + label.len());
    let before: usize = text[..start].rsplit('\n').take(2).map(str::len).sum();
    let after: usize = text[end..].split('\n').take(2).map(str::len).sum();
    before + (end - start) + after <= 3 * MAX_LINE_BYTES
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Shown {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<_>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match self.labels.is_empty() {
            true => None,
            false => Some(Box::new(self.labels.iter().cloned())),
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self.related.is_empty() {
            true => None,
            false => Some(Box::new(self.related.iter().map(|one| one as &dyn Diagnostic))),
        }
    }
}
