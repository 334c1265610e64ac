//! The YAML at the beginning of a lesson.

use indexmap::IndexMap;
use scenario::FactExpression;
use serde::Deserialize;
use serde_json::Value;

use crate::exercise::Exercise;
use crate::question::{CounterName, Prediction, Question};
use crate::within::Within;

/// The front matter, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrontMatter {
    pub(crate) title: String,
    pub(crate) minutes: u32,
    pub(crate) run: String,
    predict: Vec<Written>,
    exercises: Vec<Written>,
}

/// A question or an exercise, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    ask: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    cell: IndexMap<String, Value>,
    measured: String,
    law: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    within: Within,
    believed: Option<f64>,
    #[serde(default)]
    because: String,
    #[serde(default)]
    counters: Vec<String>,
    /// Of an exercise only.
    run: Option<String>,
    /// Of an exercise only, which has one.
    solution: Option<String>,
}

impl FrontMatter {
    /// Its questions and exercises.
    ///
    /// # Errors
    /// In words, with the question's name.
    pub(crate) fn questions(&self) -> Result<(Vec<Question>, Vec<Exercise>), String> {
        let questions = self.predict.iter().map(Written::prediction).collect::<Result<_, _>>()?;
        let exercises = self.exercises.iter().map(Written::exercise);
        Ok((questions, exercises.collect::<Result<_, _>>()?))
    }
}

impl Written {
    fn prediction(&self) -> Result<Question, String> {
        match (&self.run, &self.solution) {
            (None, None) => self.question(),
            _ => Err(self.named("only an exercise has a `run` or a `solution`".to_owned())),
        }
    }

    fn exercise(&self) -> Result<Exercise, String> {
        let run = self.run.as_deref().map(arguments).transpose().map_err(|why| self.named(why))?;
        let solution = self.solution.as_deref();
        let solution =
            solution.ok_or_else(|| self.named("an exercise has a `solution`".to_owned()))?;
        Ok(Exercise { question: self.question()?, run, solution: solution.trim().to_owned() })
    }

    fn question(&self) -> Result<Question, String> {
        let expression = |field: &str, compiled: Result<FactExpression, String>| {
            compiled.map_err(|why| self.named(format!("{field}: {why}")))
        };
        let prediction = match (&self.law, &self.rule) {
            (Some(law), None) => Prediction::Law(law.clone()),
            (None, Some(rule)) => {
                Prediction::Rule(expression("rule", FactExpression::compile_constant(rule))?)
            }
            _ => return Err(self.named("it has either a `law` or a `rule`".to_owned())),
        };
        let counter = |text: &String| CounterName::parse(text).map_err(|why| self.named(why));
        Ok(Question {
            id: self.id.clone(),
            ask: self.ask.trim().to_owned(),
            unit: self.unit.clone(),
            cell: self.cell.clone(),
            measured: expression("measured", FactExpression::compile(&self.measured))?,
            prediction,
            within: self.within,
            believed: self.believed,
            because: self.because.trim().to_owned(),
            counters: self.counters.iter().map(counter).collect::<Result<_, _>>()?,
        })
    }

    /// What is wrong, with the question's name.
    fn named(&self, why: String) -> String {
        format!("`{}`: {why}", self.id)
    }
}

/// The YAML with its lines where they are in the file, the text after it, and the line where that
/// begins; `None` if the file does not begin with YAML between lines `---`.
pub(crate) fn split(text: &str) -> Option<(String, &str, usize)> {
    let rest = text.strip_prefix("---\n")?;
    let end = rest.find("\n---\n")? + 1;
    let front = format!("\n{}", &rest[..end]);
    let first_line = front.lines().count() + 2;
    Some((front, &rest[end + 4..], first_line))
}

/// Reads the YAML.
///
/// # Errors
/// The line, if it is known, and the cause.
pub(crate) fn read(front: &str) -> Result<FrontMatter, (Option<usize>, String)> {
    serde_saphyr::from_str(front).map_err(|error| {
        let line = error.location().map(|location| location.line() as usize);
        let text = error.to_string();
        (line, text.lines().next().unwrap_or_default().to_owned())
    })
}

/// The arguments of `queuelab run`, as typed: separated by spaces, with quotes around those that
/// contain some.
///
/// # Errors
/// In words: a quote is not closed, there are none, or a flag that a lesson must not have.
pub(crate) fn arguments(text: &str) -> Result<Vec<String>, String> {
    const FLAGS: [&str; 4] = ["--set", "--only", "--quick", "--repeat"];
    let mut arguments = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| *c == '\'' || *c == '"');
        let (argument, then) = match quote {
            Some(quote) => rest[1..].split_once(quote).ok_or("a quote in `run` is not closed")?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        arguments.push(argument.to_owned());
        rest = then.trim_start();
    }
    let name = arguments.first().ok_or("`run` is empty: it names a scenario")?;
    if name.starts_with('-') {
        return Err("`run` begins with a scenario, without `queuelab run`".to_owned());
    }
    let flag = |argument: &&String| argument.starts_with("--");
    let other = |argument: &&String| {
        let flag = argument.split_once('=').map_or(argument.as_str(), |(flag, _)| flag);
        !FLAGS.contains(&flag)
    };
    match arguments.iter().filter(flag).find(other) {
        Some(other) => Err(format!("`run` has `{other}`: a lesson has only {}", FLAGS.join(", "))),
        None => Ok(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_as_typed() {
        let split = |text: &str| arguments(text);
        assert_eq!(
            split("laws --set 'server.backlog=[1, 5]'  --quick").unwrap(),
            ["laws", "--set", "server.backlog=[1, 5]", "--quick"]
        );
        assert!(split("").is_err());
        assert!(split("laws 'open").is_err());
        assert!(split("laws --out /tmp/x").unwrap_err().contains("--out"));
        assert!(split("laws --allow-commands").is_err());
        assert!(split("laws --backend=docker").is_err());
    }

    #[test]
    fn only_an_exercise_has_a_solution() {
        let question = "{ id: x, ask: a, measured: attempts, rule: '1'";
        let written = |predict: &str, exercise: &str| {
            let text = format!(
                "title: t\nminutes: 1\nrun: laws\npredict: [{question}{predict} }}]\n\
                 exercises: [{question}{exercise} }}]\n"
            );
            read(&text).expect("all fields are known").questions()
        };
        assert!(written("", ", solution: s").is_ok());
        let error = written(", solution: s", ", solution: s").unwrap_err();
        assert!(error.contains("only an exercise"), "{error}");
        let error = written("", "").unwrap_err();
        assert!(error.contains("has a `solution`"), "{error}");
    }

    #[test]
    fn yaml_keeps_its_lines() {
        let (front, body, line) = split("---\ntitle: x\nminutes: y\n---\nbody\n").expect("YAML");
        assert_eq!((body, line), ("body\n", 5));
        let (line, _) = read(&front).expect_err("minutes is a number");
        assert_eq!(line, Some(3));
        assert!(super::split("title: x\n").is_none());
    }
}
