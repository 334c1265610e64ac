//! Expectations: CEL expressions, checked with the plan and evaluated for each
//! trial.

use std::collections::HashSet;
use std::ops::Range;

use cel::{ExecutionError, Program};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use crate::cell::Cell;
use crate::facts::{self, COUNTERS};
use crate::kernel::Kernel;
use crate::model::{CellSettings, Expectation};
use crate::place::Place;
use crate::problem::Problem;
use crate::references::{Reference, references};
use crate::suggest::did_you_mean;
use crate::tree::Node;

/// A scenario's expectations, compiled.
#[derive(Debug)]
pub struct Expectations(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    expectation: Expectation,
    that: Program,
    when: Option<Program>,
    /// What `that` speaks of, by path.
    speaks_of: Vec<Vec<String>>,
    /// The counters that either names: host and name.
    counters: Vec<(String, String)>,
}

/// What became of an expectation in one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectationResult {
    /// The expression.
    pub that: String,
    /// Why it should hold.
    pub because: Option<String>,
    /// None where `when` excludes the trial; false also where the expression
    /// could not be evaluated.
    pub held: Option<bool>,
    /// Why it could not be evaluated.
    pub error: Option<String>,
    /// The facts that it speaks of, as they were.
    pub facts: IndexMap<String, Value>,
}

impl Expectations {
    pub(crate) fn compile(
        expectations: &[Expectation],
        tree: &Node,
        text: &str,
        cells: &[Cell],
        kernel: &dyn Kernel,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let shape = shape(cells);
        let known_counters = kernel.counter_names();
        let compiled = expectations.iter().enumerate().filter_map(|(index, expectation)| {
            let index = index.to_string();
            let mut compile = |field: &str, source: &str| {
                let expression = Written {
                    source,
                    place: tree.place_of(&["expect", index.as_str(), field]),
                    text,
                };
                let before = problems.len();
                let program = expression.compile(problems)?;
                let names =
                    expression.check_names(&program, &shape, known_counters.as_deref(), problems);
                if problems.len() == before {
                    problems.extend(expression.try_out(&program, &names, cells));
                }
                Some((program, names))
            };
            let that = compile("that", &expectation.that);
            let when = expectation.when.as_ref().map(|when| compile("when", when));
            let (that, speaks_of) = that?;
            let (when, also) = match when {
                Some(when) => when.map(|(program, names)| (Some(program), names))?,
                None => (None, Vec::new()),
            };
            let mut counted = counters(&speaks_of);
            counted.extend(counters(&also));
            Some(Compiled {
                expectation: expectation.clone(),
                that,
                when,
                speaks_of,
                counters: counted,
            })
        });
        Self(compiled.collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What became of each in a trial. `facts` is an object with the variables
    /// of the crate's documentation; a counter that it lacks reads as 0.
    pub fn evaluate(&self, facts: &Value) -> Vec<ExpectationResult> {
        self.0.iter().map(|compiled| compiled.evaluate(facts)).collect()
    }
}

impl Compiled {
    fn evaluate(&self, facts: &Value) -> ExpectationResult {
        let mut facts = facts.clone();
        fill_in(&mut facts, &self.counters, 0);
        let applies = self.when.as_ref().map_or(Ok(true), |when| truth(when, &facts));
        let held = match applies {
            Ok(false) => Ok(None),
            Ok(true) => truth(&self.that, &facts).map(Some),
            Err(error) => Err(format!("in `when`: {error}")),
        };
        let spoken_of = self.speaks_of.iter().filter_map(|path| {
            let value = path.iter().try_fold(&facts, |value, step| value.get(step))?;
            Some((facts::path_text(path), value.clone()))
        });
        ExpectationResult {
            that: self.expectation.that.clone(),
            because: self.expectation.because.clone(),
            held: held.as_ref().map_or(Some(false), |held| *held),
            error: held.err(),
            facts: spoken_of.collect(),
        }
    }
}

/// The counters among an expression's names: host and name.
fn counters(names: &[Vec<String>]) -> Vec<(String, String)> {
    let counter = |path: &Vec<String>| match path.as_slice() {
        [root, host, name] if root == COUNTERS => Some((host.clone(), name.clone())),
        _ => None,
    };
    names.iter().filter_map(counter).collect()
}

/// Gives the counters that `facts` lacks a value.
fn fill_in(facts: &mut Value, counters: &[(String, String)], value: i64) {
    for (host, name) in counters {
        if let Some(host) = facts[COUNTERS][host].as_object_mut() {
            host.entry(name.clone()).or_insert(value.into());
        }
    }
}

fn truth(program: &Program, facts: &Value) -> Result<bool, String> {
    match program.execute(&facts::context(facts)) {
        Ok(cel::Value::Bool(truth)) => Ok(truth),
        Ok(other) => Err(format!("it is {}, neither true nor false", kind(&other))),
        Err(error) => Err(error.to_string()),
    }
}

fn kind(value: &cel::Value) -> &'static str {
    match value {
        cel::Value::Int(_) | cel::Value::UInt(_) | cel::Value::Float(_) => "a number",
        cel::Value::String(_) => "a text",
        cel::Value::List(_) => "a list",
        cel::Value::Map(_) => "a mapping",
        _ => "something else",
    }
}

/// Every fact that an expression may name, with made-up values.
fn shape(cells: &[Cell]) -> Value {
    let settings = cells.first().map(|cell| cell.settings.clone());
    let mut settings = settings.unwrap_or_default();
    settings.server.largest_body.get_or_insert(1);
    settings.load.connect_rate.get_or_insert(1.0);
    sample(&settings)
}

/// A trial in which everything that is counted is 1, so that nothing is
/// divided by 0.
fn sample(settings: &CellSettings) -> Value {
    let mut facts = facts::sample();
    if let (Some(facts), Ok(Value::Object(settings))) =
        (facts.as_object_mut(), serde_json::to_value(settings))
    {
        facts.extend(settings);
    }
    facts
}

/// An expression, and where it was written.
struct Written<'a> {
    source: &'a str,
    place: Place,
    text: &'a str,
}

impl Written<'_> {
    fn compile(&self, problems: &mut Vec<Problem>) -> Option<Program> {
        match Program::compile(self.source) {
            Ok(program) => Some(program),
            Err(errors) => {
                problems.extend(errors.errors.iter().map(|error| {
                    let message = error.msg.trim_start_matches("Syntax error: ");
                    // What could have stood there instead is a list of tokens.
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

    /// The place of a part of the expression, or the whole of it where YAML
    /// wrote it otherwise (escapes, folded lines).
    fn part(&self, part: Range<usize>) -> Place {
        let Place::File(whole) = &self.place else {
            return self.place.clone();
        };
        let written = self.text.get(whole.clone()).unwrap_or_default();
        let quoted = written.get(1..written.len().saturating_sub(1));
        let start = if written == self.source {
            whole.start
        } else if quoted == Some(self.source) {
            whole.start + 1
        } else {
            return self.place.clone();
        };
        let end = part.end.min(self.source.len());
        Place::File(start + part.start.min(end)..start + end)
    }

    /// The bytes of a reference: all of it where it is written as usual.
    fn range_of(&self, reference: &Reference) -> Range<usize> {
        let whole = facts::path_text(&reference.path);
        let start = reference.variable.start;
        match self.source.get(start..) {
            Some(rest) if rest.starts_with(&whole) => start..start + whole.len(),
            _ => reference.variable.clone(),
        }
    }

    /// Records names that no trial has; gives all that there are, once each.
    fn check_names(
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
                problems.push(
                    Problem::new(self.part(self.range_of(&reference)), message)
                        .maybe_help(did_you_mean(name, &names)),
                );
            } else if seen.insert(reference.path.clone()) {
                paths.push(reference.path);
            }
        }
        paths
    }

    /// Evaluates the expression for a made-up trial of each cell: types that do
    /// not fit come out before anything is run.
    fn try_out(&self, program: &Program, names: &[Vec<String>], cells: &[Cell]) -> Option<Problem> {
        let counters = counters(names);
        cells.iter().find_map(|cell| {
            let mut facts = sample(&cell.settings);
            fill_in(&mut facts, &counters, 1);
            let problem = |message| Some(Problem::new(self.place.clone(), message));
            match program.execute(&facts::context(&facts)) {
                Ok(cel::Value::Bool(_)) => None,
                Ok(other) => {
                    problem(format!("the expression is {}, neither true nor false", kind(&other)))
                }
                // These depend on the trial.
                Err(
                    ExecutionError::DivisionByZero(_)
                    | ExecutionError::RemainderByZero(_)
                    | ExecutionError::Overflow(..)
                    | ExecutionError::IndexOutOfBounds(_),
                ) => None,
                Err(error @ ExecutionError::UnsupportedBinaryOperator(..)) => {
                    Some(problem(describe(&error))?.help(
                        "CEL calculates with numbers of one kind: write 2.0 beside a rate, and \
                         double(attempts) to make a count one",
                    ))
                }
                Err(error) => problem(describe(&error)),
            }
        })
    }
}

fn describe(error: &ExecutionError) -> String {
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

/// The first step of a reference that no trial has, and what there is instead.
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
            // has() asks just that.
            None if reference.tested && index + 1 == reference.path.len() => return None,
            None => return Some((index, entries.keys().cloned().collect())),
        }
    }
    None
}
