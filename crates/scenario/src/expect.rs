//! Expectations: CEL expressions, checked with the plan and evaluated for each
//! trial.

use std::sync::Arc;

use cel::Program;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use crate::cell::Cell;
use crate::deep_stack::on_deep_stack;
use crate::expression::{Programs, Written, counters, describe, fill_in, kind};
use crate::facts;
use crate::kernel::Kernel;
use crate::limits::{MAX_EXPECTATIONS, MAX_PROBLEMS, MAX_STEPS_OF_CHECK};
use crate::model::Expectation;
use crate::problem::Problem;
use crate::samples::{Samples, shape};
use crate::tree::Node;

/// A scenario's expectations, compiled.
#[derive(Debug)]
pub struct Expectations(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    expectation: Expectation,
    that: Arc<Program>,
    when: Option<Arc<Program>>,
    /// The names that `that` uses, as paths.
    names: Vec<Vec<String>>,
    /// The counters that either expression uses: host and name.
    counters: Vec<(String, String)>,
}

/// The result of an expectation in one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectationResult {
    /// The expression.
    pub that: String,
    /// Why it should hold.
    pub because: Option<String>,
    /// `None` if `when` excludes the trial; also `Some(false)` if the expression could
    /// not be evaluated.
    pub held: Option<bool>,
    /// Why it could not be evaluated.
    pub error: Option<String>,
    /// The facts that it uses, with their values.
    pub facts: IndexMap<String, Value>,
}

impl Expectations {
    pub(crate) fn compile(
        expectations: &[Expectation],
        tree: &Node,
        text: &str,
        cells: &[Cell],
        kernel: &dyn Kernel,
        programs: &mut Programs,
        problems: &mut Vec<Problem>,
    ) -> Self {
        if expectations.is_empty() {
            return Self(Vec::new());
        }
        if expectations.len() > MAX_EXPECTATIONS {
            let message =
                format!("{} expectations; the most is {MAX_EXPECTATIONS}", expectations.len());
            let place = tree.place_of(&["expect", &MAX_EXPECTATIONS.to_string()]);
            problems.push(Problem::new(place, message).help("write several scenarios"));
            return Self(Vec::new());
        }
        let mut steps_left = MAX_STEPS_OF_CHECK;
        let shape = shape(cells);
        let known_counters = kernel.counter_names();
        let samples = Samples::new(cells);
        let compile = |(index, expectation): (usize, &Expectation)| {
            let index = index.to_string();
            let before_both = problems.len();
            let mut most_steps = 0_u64;
            let mut compile = |field: &str, source: &str| {
                let expression = Written {
                    source,
                    place: tree.place_of(&["expect", index.as_str(), field]),
                    text,
                };
                let before = problems.len();
                if before >= MAX_PROBLEMS {
                    return None;
                }
                let program = expression.compile(programs, problems)?;
                let names =
                    expression.check_names(&program, &shape, known_counters.as_deref(), problems);
                if problems.len() == before {
                    match expression.steps(&program, &shape) {
                        Ok(steps) => {
                            most_steps = most_steps.saturating_add(steps);
                            let all = samples.work(&names, steps);
                            match steps_left.checked_sub(all) {
                                Some(left) => {
                                    steps_left = left;
                                    problems.extend(expression.try_out(&program, &names, &samples));
                                }
                                None => problems.push(expression.too_long_to_check(all)),
                            }
                        }
                        Err(problem) => problems.push(problem),
                    }
                }
                Some((program, names))
            };
            let that = compile("that", &expectation.that);
            let when = expectation.when.as_ref().map(|when| compile("when", when));
            let (that, names) = that?;
            let (when, also) = match when {
                Some(when) => when.map(|(program, names)| (Some(program), names))?,
                None => (None, Vec::new()),
            };
            let mut counted = counters(&names);
            counted.extend(counters(&also));
            if problems.len() == before_both {
                let both = [names.as_slice(), also.as_slice()].concat();
                let written = Written {
                    source: &expectation.that,
                    place: tree.place_of(&["expect", index.as_str(), "that"]),
                    text,
                };
                let all = samples.work_in_destinations(&both, most_steps);
                match steps_left.checked_sub(all) {
                    Some(left) => {
                        steps_left = left;
                        let when = when.as_deref();
                        problems.extend(written.missing_fact(&that, when, &both, &samples));
                    }
                    None => problems.push(written.too_long_to_check(all)),
                }
            }
            Some(Compiled {
                expectation: expectation.clone(),
                that,
                when,
                names,
                counters: counted,
            })
        };
        Self(on_deep_stack(|| expectations.iter().enumerate().filter_map(compile).collect()))
    }

    /// The number of expectations.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Evaluates each in a trial. `facts` is an object with the variables of the
    /// crate's documentation; a missing counter reads as 0.
    pub fn evaluate(&self, facts: &Value) -> Vec<ExpectationResult> {
        if self.is_empty() {
            return Vec::new();
        }
        on_deep_stack(|| self.0.iter().map(|compiled| compiled.evaluate(facts)).collect())
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
        let used = self.names.iter().filter_map(|path| {
            let value = path.iter().try_fold(&facts, |value, step| value.get(step))?;
            Some((facts::path_text(path), value.clone()))
        });
        ExpectationResult {
            that: self.expectation.that.clone(),
            because: self.expectation.because.clone(),
            held: held.as_ref().map_or(Some(false), |held| *held),
            error: held.err(),
            facts: used.collect(),
        }
    }
}

fn truth(program: &Program, facts: &Value) -> Result<bool, String> {
    match program.execute(&facts::context(facts)) {
        Ok(cel::Value::Bool(truth)) => Ok(truth),
        Ok(other) => Err(format!("it is {}, neither true nor false", kind(&other))),
        Err(error) => Err(describe(&error)),
    }
}
