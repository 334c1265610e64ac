//! A number of a trial as a CEL expression over its facts.

use std::fmt;
use std::sync::Arc;

use cel::Program;
use serde_json::{Value, json};

use crate::deep_stack::on_deep_stack;
use crate::expression::{Programs, Written, counters, describe, fill_in, kind};
use crate::facts;
use crate::place::Place;

/// A compiled expression over the facts of a trial, without its settings: a number such as
/// `queue.depth` or `outcomes.ok + outcomes.phantom`.
#[derive(Debug, Clone)]
pub struct FactExpression {
    source: String,
    program: Arc<Program>,
    /// The counters that it uses: host and name.
    counters: Vec<(String, String)>,
}

impl FactExpression {
    /// Compiles the expression, and checks its names.
    ///
    /// # Errors
    /// In words: it is no CEL expression, has an unknown name, or can take too many steps.
    pub fn compile(source: &str) -> Result<Self, String> {
        Self::with_shape(source, &facts::sample())
    }

    /// As [`FactExpression::compile`], without any facts: numbers only, such as
    /// `min(128, 4096) + 1`.
    ///
    /// # Errors
    /// As there; every name of a fact is unknown.
    pub fn compile_constant(source: &str) -> Result<Self, String> {
        Self::with_shape(source, &json!({}))
    }

    fn with_shape(source: &str, shape: &Value) -> Result<Self, String> {
        on_deep_stack(|| {
            let written = Written { source, place: Place::Nowhere, text: "" };
            let mut problems = Vec::new();
            let program = written.compile(&mut Programs::new(), &mut problems);
            let names = program.as_deref().map(|program| {
                let names = written.check_names(program, shape, None, &mut problems);
                if problems.is_empty() {
                    problems.extend(written.steps(program, shape).err());
                }
                names
            });
            let problem = problems.into_iter().next();
            match (program, names, problem) {
                (Some(program), Some(names), None) => {
                    Ok(Self { source: source.to_owned(), program, counters: counters(&names) })
                }
                (.., Some(problem)) => Err(match &problem.help {
                    Some(help) => format!("{problem}; {help}"),
                    None => problem.to_string(),
                }),
                (.., None) => Err("not a CEL expression".to_owned()),
            }
        })
    }

    /// Its value. `facts` is an object as for
    /// [`Expectations::evaluate`](crate::Expectations::evaluate); a missing counter reads as 0.
    ///
    /// # Errors
    /// In words: a fact is missing, or the value is not a number.
    pub fn evaluate(&self, facts: &Value) -> Result<f64, String> {
        on_deep_stack(|| {
            let mut facts = facts.clone();
            fill_in(&mut facts, &self.counters, 0);
            match self.program.execute(&facts::context(&facts)) {
                Ok(cel::Value::Int(integer)) => Ok(integer as f64),
                Ok(cel::Value::UInt(integer)) => Ok(integer as f64),
                Ok(cel::Value::Float(number)) => Ok(number),
                Ok(other) => Err(format!("`{}` is {}, no number", self.source, kind(&other))),
                Err(error) => Err(format!("`{}`: {}", self.source, describe(&error))),
            }
        })
    }
}

impl fmt::Display for FactExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_computed_from_the_facts() {
        let facts = json!({
            "queue": { "depth": 129 }, "outcomes": { "ok": 2, "phantom": 3 },
            "counters": { "server": { "TcpExt.ListenDrops": 7 }, "client": {} }, "success_rate": 0.5,
        });
        let value = |source: &str| {
            FactExpression::compile(source).and_then(|expression| expression.evaluate(&facts))
        };
        assert_eq!(value("queue.depth"), Ok(129.0));
        assert_eq!(value("outcomes.ok + outcomes.phantom"), Ok(5.0));
        assert_eq!(value("success_rate * 100.0"), Ok(50.0));
        assert_eq!(value("counters.server[\"TcpExt.ListenDrops\"]"), Ok(7.0));
        // Not counted: nothing changed.
        assert_eq!(value("counters.client[\"TcpExt.TCPTimeouts\"]"), Ok(0.0));
        let error = value("queue.length").unwrap_err();
        assert!(error.contains("`queue` has no `length`"), "{error}");
        let error = value("queue.depth == 1").unwrap_err();
        assert!(error.contains("no number"), "{error}");
        assert!(value("queue.depth +").is_err());
    }

    #[test]
    fn a_constant_knows_no_facts() {
        let value = |source: &str| {
            FactExpression::compile_constant(source)
                .and_then(|expression| expression.evaluate(&json!({})))
        };
        assert_eq!(value("min(128, 4096) + 1"), Ok(129.0));
        assert!(value("queue.depth").is_err());
    }
}
