//! One CEL expression: compiled, and checked before anything is run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use cel::{ExecutionError, Program};
use serde_json::Value;

use crate::cost::{self, TooCostly};
use crate::facts::{self, COUNTERS};
use crate::limits::{
    MAX_BRACKETS, MAX_EXPRESSION_BYTES, MAX_EXPRESSION_TOKENS, MAX_STEPS, MAX_STEPS_OF_CHECK,
    MAX_VALUE_BYTES,
};
use crate::name_hint::did_you_mean;
use crate::place::Place;
use crate::problem::Problem;
use crate::references::{Reference, references};
use crate::samples::Samples;
use crate::text::shortened;

/// The parsed expressions of a scenario by their text: its plans and their forms share them,
/// because parsing takes long.
pub(crate) type Programs = HashMap<String, Arc<Program>>;

/// An expression, and where it was written.
pub(crate) struct Written<'a> {
    /// The expression, as parsed from YAML.
    pub(crate) source: &'a str,
    pub(crate) place: Place,
    /// The text of the file.
    pub(crate) text: &'a str,
}

impl Written<'_> {
    /// Parses the expression; syntax errors become problems.
    pub(crate) fn compile(
        &self,
        programs: &mut Programs,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Program>> {
        if let Some(program) = programs.get(self.source) {
            return Some(Arc::clone(program));
        }
        if let Some(reason) = too_long(self.source) {
            problems.push(
                Problem::new(self.place.clone(), reason)
                    .help("split it into several expectations, each with its own `because`"),
            );
            return None;
        }
        match Program::compile(self.source) {
            Ok(program) => {
                let program = Arc::new(program);
                programs.insert(self.source.to_owned(), Arc::clone(&program));
                Some(program)
            }
            Err(errors) => {
                problems.extend(errors.errors.iter().map(|error| {
                    let message = error.msg.trim_start_matches("Syntax error: ");
                    // Drop the long list of expected tokens.
                    let message = message.split(" expecting ").next().unwrap_or(message);
                    let line = usize::try_from(error.pos.0).unwrap_or(1).max(1);
                    let column = usize::try_from(error.pos.1).unwrap_or(1).max(1);
                    let lines = self.source.split_inclusive('\n').take(line - 1);
                    let start = lines.map(str::len).sum::<usize>() + column - 1;
                    Problem::new(
                        self.part(start..start),
                        format!("not a CEL expression: {message}"),
                    )
                }));
                None
            }
        }
    }

    /// The place of a part of the expression, or of the full expression if YAML wrote it
    /// differently (escapes, folded lines).
    fn part(&self, part: Range<usize>) -> Place {
        let Place::File(full) = &self.place else {
            return self.place.clone();
        };
        let written = self.text.get(full.clone()).unwrap_or_default();
        let quoted = written.get(1..written.len().saturating_sub(1));
        let start = if written == self.source {
            full.start
        } else if quoted == Some(self.source) {
            full.start + 1
        } else {
            return self.place.clone();
        };
        let end = part.end.min(self.source.len());
        Place::File(start + part.start.min(end)..start + end)
    }

    /// The byte range of a reference: its full path if it is written as usual.
    fn range_of(&self, reference: &Reference) -> Range<usize> {
        let path = facts::path_text(&reference.path);
        let start = reference.variable.start;
        match self.source.get(start..) {
            Some(rest) if rest.starts_with(&path) => start..start + path.len(),
            _ => reference.variable.clone(),
        }
    }

    /// Returns the known names that the expression uses, each once. Unknown names become
    /// problems.
    pub(crate) fn check_names(
        &self,
        program: &Program,
        shape: &Value,
        counters: Option<&[String]>,
        problems: &mut Vec<Problem>,
    ) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        let mut seen = HashSet::new();
        for reference in references(program) {
            if let Some((step, names)) = unknown_step(&reference, shape, counters) {
                let parent = facts::path_text(&reference.path[..step]);
                let name = &reference.path[step];
                let message = match step {
                    0 => format!("unknown name `{name}`"),
                    _ => format!("`{parent}` has no `{name}`"),
                };
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let help = of_destination(&reference.path, shape);
                problems.push(
                    Problem::new(self.part(self.range_of(&reference)), message)
                        .maybe_help(help.or_else(|| did_you_mean(name, &names))),
                );
            } else if seen.insert(reference.path.clone()) {
                paths.push(reference.path);
            }
        }
        paths
    }

    /// The most steps of an evaluation.
    ///
    /// # Errors
    /// If they are too many, or a value can become too large.
    pub(crate) fn steps(&self, program: &Program, shape: &Value) -> Result<u64, Problem> {
        cost::steps(program, shape).map_err(|too_costly| {
            let reason = match too_costly {
                TooCostly::Steps(steps) => {
                    format!("its evaluation can take {steps} steps; the most is {MAX_STEPS}")
                }
                TooCostly::Bytes(bytes) => {
                    format!("a value can have {bytes} bytes; the most is {MAX_VALUE_BYTES}")
                }
            };
            Problem::new(self.place.clone(), reason)
                .help("use fewer macros inside each other, and shorter lists and strings")
        })
    }

    /// It would take too long to evaluate it for all cells.
    pub(crate) fn too_long_to_check(&self, steps: u64) -> Problem {
        let reason = format!(
            "to check it in all cells takes {steps} steps; the most, for all expectations \
             together, is {MAX_STEPS_OF_CHECK}"
        );
        Problem::new(self.place.clone(), reason)
            .help("use fewer cells, or an expression with fewer macros and axes")
    }

    /// Evaluates the expression with sample facts of each cell, so that type errors
    /// are found before anything is run. Cells that do not differ on an axis that the
    /// expression uses are evaluated once.
    pub(crate) fn try_out(
        &self,
        program: &Program,
        names: &[Vec<String>],
        samples: &Samples<'_>,
    ) -> Option<Problem> {
        let counters = counters(names);
        samples.differing_in(names).find_map(|mut facts| {
            fill_in(&mut facts, &counters, 1);
            self.evaluate_sample(program, &facts)
        })
    }

    /// Evaluates the expression in cells with different destinations for which `when` holds, each
    /// with the facts that it has. `names` are those of both expressions.
    pub(crate) fn missing_fact(
        &self,
        program: &Program,
        when: Option<&Program>,
        names: &[Vec<String>],
        samples: &Samples<'_>,
    ) -> Option<Problem> {
        let counters = counters(names);
        samples.differing_in_destinations(names).find_map(|(cell, mut facts)| {
            fill_in(&mut facts, &counters, 1);
            let context = facts::context(&facts);
            let applies = when.map(|when| when.execute(&context));
            let error = match applies {
                Some(Ok(cel::Value::Bool(false))) => return None,
                Some(Err(error)) => error,
                _ => program.execute(&context).err()?,
            };
            let ExecutionError::NoSuchKey(key) = error else { return None };
            let message = format!("there is no `{}` with {}", shortened(&key), shortened(&cell));
            let help = "a fact of a port, or of the only queue, is not in every cell: test it first, in \
                        `when` or here, such as `\"8081\" in destinations` or `has(queue.depth)`";
            Some(Problem::new(self.place.clone(), message).help(help))
        })
    }

    fn evaluate_sample(&self, program: &Program, facts: &Value) -> Option<Problem> {
        let problem = |message| Some(Problem::new(self.place.clone(), message));
        match program.execute(&facts::context(facts)) {
            Ok(cel::Value::Bool(_)) => None,
            Ok(other) => {
                problem(format!("the expression is {}, neither true nor false", kind(&other)))
            }
            // These errors depend on the trial.
            Err(
                ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_)
                | ExecutionError::Overflow(..)
                | ExecutionError::IndexOutOfBounds(_),
            ) => None,
            Err(error @ ExecutionError::UnsupportedBinaryOperator(..)) => {
                Some(problem(describe(&error))?.help(
                    "CEL calculates with numbers of one kind: write 2.0 beside a rate, and \
                     double(attempts) to convert a count",
                ))
            }
            Err(error) => problem(describe(&error)),
        }
    }
}

/// Why an expression is not even parsed. The parser recurses, and takes long for nested
/// brackets, so this reads the text only: the signs within a string count too.
fn too_long(source: &str) -> Option<String> {
    if source.len() > MAX_EXPRESSION_BYTES {
        let length = source.len();
        return Some(format!(
            "the expression has {length} bytes; the most is {MAX_EXPRESSION_BYTES}"
        ));
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = 0;
    let mut in_word = false;
    for c in source.chars() {
        tokens += usize::from(!(c.is_whitespace() || is_word(c) && in_word));
        in_word = is_word(c);
    }
    if tokens > MAX_EXPRESSION_TOKENS {
        return Some(format!(
            "the expression has {tokens} words and signs; the most is {MAX_EXPRESSION_TOKENS}"
        ));
    }
    let brackets = source.matches(['(', '[', '{']).count();
    (brackets > MAX_BRACKETS)
        .then(|| format!("the expression has {brackets} brackets; the most is {MAX_BRACKETS}"))
}

/// An error in words. It may contain a value, which can be long.
pub(crate) fn describe(error: &ExecutionError) -> String {
    shortened(&in_full(error)).into_owned()
}

fn in_full(error: &ExecutionError) -> String {
    match error {
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
            format!("cannot {} {} and {}", in_words(operator), left.type_of(), right.type_of())
        }
        ExecutionError::UndeclaredReference(name) => format!("there is no function `{name}`"),
        other => other.to_string(),
    }
}

fn in_words(operator: &str) -> &str {
    match operator {
        "sub" => "subtract",
        "mul" => "multiply",
        "div" => "divide",
        "rem" => "take the remainder of",
        other => other,
    }
}

/// The first unknown name in a reference, by its position, and the known names there.
fn unknown_step(
    reference: &Reference,
    shape: &Value,
    counters: Option<&[String]>,
) -> Option<(usize, Vec<String>)> {
    if let ([root, host, name], Some(counters)) = (reference.path.as_slice(), counters)
        && root == COUNTERS
        && shape[COUNTERS].get(host).is_some()
    {
        return (!counters.contains(name)).then(|| (2, counters.to_vec()));
    }
    let mut value = shape;
    for (index, step) in reference.path.iter().enumerate() {
        let Value::Object(entries) = value else {
            return None;
        };
        match entries.get(step) {
            Some(inner) => value = inner,
            None if index == 2 && reference.path[0] == COUNTERS => return None,
            // has() tests exactly this.
            None if reference.tested && index + 1 == reference.path.len() => return None,
            None => return Some((index, entries.keys().cloned().collect())),
        }
    }
    None
}

/// How to name a fact of the only queue in a load with several destinations.
fn of_destination(path: &[String], shape: &Value) -> Option<String> {
    let [queue, fact, ..] = path else { return None };
    let port = shape.get(facts::DESTINATIONS)?.as_object()?.keys().next()?;
    (queue == facts::QUEUE).then(|| {
        let path = [facts::DESTINATIONS, port, queue, fact].map(str::to_owned);
        format!("each destination has its own, such as `{}`", facts::path_text(&path))
    })
}

/// The kind of a value, for error messages.
pub(crate) fn kind(value: &cel::Value) -> &'static str {
    match value {
        cel::Value::Int(_) | cel::Value::UInt(_) | cel::Value::Float(_) => "a number",
        cel::Value::String(_) => "a string",
        cel::Value::List(_) => "a list",
        cel::Value::Map(_) => "a mapping",
        _ => "something else",
    }
}

/// The counters among an expression's names: host and name.
pub(crate) fn counters(names: &[Vec<String>]) -> Vec<(String, String)> {
    let counter = |path: &Vec<String>| match path.as_slice() {
        [root, host, name] if root == COUNTERS => Some((host.clone(), name.clone())),
        _ => None,
    };
    names.iter().filter_map(counter).collect()
}

/// Adds the counters that `facts` lacks, with this value.
pub(crate) fn fill_in(facts: &mut Value, counters: &[(String, String)], value: i64) {
    for (host, name) in counters {
        if let Some(host) = facts[COUNTERS][host].as_object_mut() {
            host.entry(name.clone()).or_insert(value.into());
        }
    }
}
