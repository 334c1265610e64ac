//! The annotation of a job: one for all steps, because GitHub shows only a few.

/// The severity of an annotation's worst line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Warning,
    Error,
}

/// A level and lines of text, as a workflow command.
#[derive(Debug, Default)]
pub(super) struct Annotation {
    /// The workflow command; empty without a line.
    text: String,
}

impl Annotation {
    /// The annotation that `queuelab report --annotate` prints.
    pub(super) fn parse(printed: &str) -> Self {
        Self { text: printed.trim().to_owned() }
    }

    pub(super) fn is_error(&self) -> bool {
        self.text.starts_with("::error")
    }

    /// Adds a line. An error becomes the first line and makes the annotation an error; a
    /// warning becomes the last line.
    pub(super) fn add(&mut self, level: Level, suite: &str, line: &str) {
        let (suite, line) = (report::escape_data(suite), report::escape_data(line));
        if level == Level::Warning && !self.text.is_empty() {
            self.text += &format!("%0A{line}");
            return;
        }
        let command = match level {
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let others = match self.lines() {
            "" => String::new(),
            others => format!("%0A{others}"),
        };
        self.text = format!("::{command} title=queuelab {suite}::{line}{others}");
    }

    /// The workflow command; `None` without a line.
    pub(super) fn command(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.is_empty())
    }

    fn lines(&self) -> &str {
        let body = self.text.strip_prefix("::").and_then(|rest| rest.split_once("::"));
        body.map_or(self.text.as_str(), |(_, body)| body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_first_and_a_warning_last() {
        let mut annotation = Annotation::parse("::warning title=a::one%0Atwo\n");
        annotation.add(Level::Error, "laws", "three");
        annotation.add(Level::Warning, "laws", "4 %\n\u{1b}four");
        let expected = "::error title=queuelab laws::three%0Aone%0Atwo%0A4 %25%0A\\u{1b}four";
        assert_eq!(annotation.command(), Some(expected));
        assert!(annotation.is_error());
        assert_eq!(Annotation::default().command(), None);
    }
}
