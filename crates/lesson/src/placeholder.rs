//! What a text has in place of a figure: `{{measured ID}}`.

use std::fmt;
use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::{Captures, Regex};
use serde_json::Value;

use crate::question::CounterName;

/// What stands between `{{` and `}}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Placeholder {
    /// The command to type.
    Run,
    /// The questions, to be answered before the run.
    Predict,
    /// The exercises, with their solutions.
    Exercises,
    /// The answer of the run in a sentence.
    Answer,
    /// What is believed, predicted and measured, for each question.
    Table,
    /// A chart of the run, by its name.
    Chart(String),
    /// What was measured, by the question.
    Measured(String),
    /// What the law predicts, by the question.
    Predicted(String),
    /// What most people expect, by the question.
    Believed(String),
    /// The change of a counter in the cell of a question.
    Counter(String, CounterName),
    /// The value of an expression in a cell.
    Value {
        /// In CEL, over the facts of a trial.
        expression: String,
        /// The name of another run than that of the text.
        run: Option<String>,
        /// A value for each axis that varies.
        cell: IndexMap<String, Value>,
    },
}

static PATTERN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{\s*([^{}]*?)\s*\}\}").expect("a pattern of this program"));

impl Placeholder {
    /// Parses what stands between the brackets.
    fn parse(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let unknown = || Err(format!("there is no placeholder `{{{{{text}}}}}`"));
        let named = |make: fn(String) -> Self| match rest {
            "" => Err(format!("`{{{{{text}}}}}` lacks a name")),
            name => Ok(make(name.to_owned())),
        };
        match word {
            "run" | "predict" | "exercises" | "answer" | "table" if !rest.is_empty() => unknown(),
            "run" => Ok(Self::Run),
            "predict" => Ok(Self::Predict),
            "exercises" => Ok(Self::Exercises),
            "answer" => Ok(Self::Answer),
            "table" => Ok(Self::Table),
            "chart" => named(Self::Chart),
            "measured" => named(Self::Measured),
            "predicted" => named(Self::Predicted),
            "believed" => named(Self::Believed),
            "counter" => {
                let (id, counter) = rest.split_once(' ').unwrap_or((rest, ""));
                Ok(Self::Counter(id.to_owned(), CounterName::parse(counter)?))
            }
            "value" => Self::parse_value(rest),
            _ => unknown(),
        }
    }

    /// Parses `EXPRESSION @ RUN: AXIS=VALUE, AXIS=VALUE`; the run and the cell can be missing.
    fn parse_value(text: &str) -> Result<Self, String> {
        let (expression, place) = text.rsplit_once('@').unwrap_or((text, ""));
        let (run, cell) = match place.split_once(':') {
            Some((run, cell)) if !run.contains('=') => (Some(run.trim().to_owned()), cell),
            _ => (None, place),
        };
        let axis = |pair: &str| {
            let (axis, value) = pair.split_once('=').ok_or_else(|| {
                format!("`{}` is no value on an axis, such as server.backlog=128", pair.trim())
            })?;
            let value = value.trim();
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            Ok((axis.trim().to_owned(), value))
        };
        let pairs = cell.split(',').filter(|pair| !pair.trim().is_empty());
        let cell = pairs.map(axis).collect::<Result<_, String>>()?;
        Ok(Self::Value { expression: expression.trim().to_owned(), run, cell })
    }

    /// The question that it is about.
    pub fn question(&self) -> Option<&str> {
        match self {
            Self::Measured(id)
            | Self::Predicted(id)
            | Self::Believed(id)
            | Self::Counter(id, _) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => f.write_str("{{run}}"),
            Self::Predict => f.write_str("{{predict}}"),
            Self::Exercises => f.write_str("{{exercises}}"),
            Self::Answer => f.write_str("{{answer}}"),
            Self::Table => f.write_str("{{table}}"),
            Self::Chart(name) => write!(f, "{{{{chart {name}}}}}"),
            Self::Measured(id) => write!(f, "{{{{measured {id}}}}}"),
            Self::Predicted(id) => write!(f, "{{{{predicted {id}}}}}"),
            Self::Believed(id) => write!(f, "{{{{believed {id}}}}}"),
            Self::Counter(id, counter) => write!(f, "{{{{counter {id} {counter}}}}}"),
            Self::Value { expression, .. } => write!(f, "{{{{value {expression}}}}}"),
        }
    }
}

/// The placeholders of a text, in their order.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = Result<Placeholder, String>> {
    PATTERN.captures_iter(text).map(|found| Placeholder::parse(&found[1]))
}

/// The text with each placeholder replaced.
///
/// # Errors
/// That of `replace`, or of a placeholder that there is not, in words.
pub fn fill<E: From<String>>(
    text: &str,
    mut replace: impl FnMut(&Placeholder) -> Result<String, E>,
) -> Result<String, E> {
    let mut failed = None;
    let filled = PATTERN.replace_all(text, |found: &Captures<'_>| {
        let replaced = Placeholder::parse(&found[1]).map_err(E::from).and_then(|p| replace(&p));
        replaced.unwrap_or_else(|error| {
            failed.get_or_insert(error);
            String::new()
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(filled.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_parsed_and_replaced() {
        let text = "a {{run}} b {{ measured x-1 }} {{counter x server TcpExt.ListenDrops}}";
        let shown = fill::<String>(text, |placeholder| Ok(format!("<{placeholder}>")));
        let expected = "a <{{run}}> b <{{measured x-1}}> <{{counter x server TcpExt.ListenDrops}}>";
        assert_eq!(shown.unwrap(), expected);
        for wrong in ["{{other}}", "{{measured}}", "{{run x}}", "{{counter x TcpExt.A}}"] {
            assert!(fill::<String>(wrong, |_| Ok(String::new())).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_has_an_expression_and_a_cell() {
        let parse = |text: &str| Placeholder::parse(text).expect("a value");
        let Placeholder::Value { expression, run, cell } =
            parse("value outcomes.ok + 1 @ server.backlog=128, server.design=snapshot")
        else {
            panic!("a value")
        };
        assert_eq!((expression.as_str(), run), ("outcomes.ok + 1", None));
        assert_eq!(cell["server.backlog"], json!(128));
        assert_eq!(cell["server.design"], json!("snapshot"));
        let Placeholder::Value { run, cell, .. } = parse("value outcomes.ok @ belief-x: a=1")
        else {
            panic!("a value")
        };
        assert_eq!((run.as_deref(), cell.len()), (Some("belief-x"), 1));
    }
}
