//! A number that a student predicts.

use std::fmt;

use indexmap::IndexMap;
use scenario::FactExpression;
use serde_json::Value;

use crate::within::Within;

/// A number that a student predicts, and a run measures.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its name in the lesson.
    pub id: String,
    /// The question, as Markdown.
    pub ask: String,
    /// The unit of the number; empty if it has none.
    pub unit: String,
    /// The cell of the run: a value for each axis that varies.
    pub cell: IndexMap<String, Value>,
    /// What is measured in a trial.
    pub measured: FactExpression,
    /// How the number follows from the kernel's rules.
    pub prediction: Prediction,
    /// How far an answer may be from what was measured to be right.
    pub within: Within,
    /// The number that most people expect.
    pub believed: Option<f64>,
    /// Why it is that number, as Markdown with placeholders.
    pub because: String,
    /// Counters of the kernel that explain the difference.
    pub counters: Vec<CounterName>,
}

/// How a number follows from the kernel's rules.
#[derive(Debug, Clone)]
pub enum Prediction {
    /// As this law predicted it in the run, by its id.
    Law(String),
    /// By a formula of numbers.
    Rule(FactExpression),
}

/// A counter of the kernel on one of the two hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterName {
    /// `server` or `client`.
    pub host: String,
    /// Such as `TcpExt.ListenOverflows`.
    pub name: String,
}

impl CounterName {
    /// Parses `server TcpExt.ListenOverflows`.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            [host @ ("server" | "client"), name] if name.contains('.') => {
                Ok(Self { host: host.to_owned(), name: name.to_owned() })
            }
            _ => Err(format!(
                "`{text}` is no counter: a host and a name, such as `server TcpExt.ListenOverflows`"
            )),
        }
    }
}

impl fmt::Display for CounterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.host, self.name)
    }
}
