//! Answers from a file, for a walk without a terminal.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use lesson::{Lesson, Question};
use run_record::read_text_file;
use serde::Deserialize;

use crate::error::{CourseError, Result};
use crate::typed_number::parse_number;

/// The largest file, bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// A number, or what a person would type.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

/// Answers by the names of questions, for one lesson or for several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum File {
    One(IndexMap<String, Written>),
    Several(IndexMap<String, IndexMap<String, Written>>),
}

/// The answers of a file to the questions of a lesson.
#[derive(Debug)]
pub struct Answers {
    path: PathBuf,
    answers: IndexMap<String, f64>,
}

impl Answers {
    /// Reads the file: YAML with a number for each question, or these for each lesson.
    ///
    /// # Errors
    /// If it cannot be read, has nothing for the lesson, names a question that the lesson does
    /// not have, or an answer is no number.
    pub fn read(path: &Path, lesson: &Lesson) -> Result<Self> {
        let failed = |message: String| CourseError::Answers { path: path.to_owned(), message };
        let text = read_text_file(path, MAX_BYTES).map_err(|error| error.to_string());
        let answers = text.and_then(|text| parse(&text, lesson)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), answers })
    }

    /// The answer to a question.
    pub fn get(&self, question: &str) -> Option<f64> {
        self.answers.get(question).copied()
    }

    /// Tests that each question has an answer.
    ///
    /// # Errors
    /// With the names of those that have none.
    pub fn check<'a>(&self, questions: impl Iterator<Item = &'a Question>) -> Result<()> {
        let missing = questions.filter(|question| !self.answers.contains_key(&question.id));
        let missing: Vec<_> = missing.map(|question| question.id.as_str()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("there is no answer to {}", missing.join(", "));
        Err(CourseError::Answers { path: self.path.clone(), message })
    }
}

fn parse(text: &str, lesson: &Lesson) -> Result<IndexMap<String, f64>, String> {
    const FORM: &str = "a number for each question, such as `backlog-5: 6`, or the names of \
                        lessons with these";
    let file: File = serde_saphyr::from_str(text).map_err(|error| {
        let text = error.to_string();
        format!("{} (it has {FORM})", text.lines().next().unwrap_or_default())
    })?;
    let written = match file {
        File::One(answers) => answers,
        File::Several(mut lessons) => lessons
            .shift_remove(&lesson.name)
            .ok_or_else(|| format!("it has no answers to the lesson {}", lesson.name))?,
    };
    let answer = |(id, written): (String, Written)| {
        let question = lesson.question(&id).ok_or_else(|| {
            let ids: Vec<_> = lesson.all_questions().map(|one| one.id.as_str()).collect();
            match suggest::nearest(&id, ids.iter().copied()) {
                Some(near) => format!("there is no question `{id}`; did you mean `{near}`?"),
                None => format!("there is no question `{id}`; there are {}", ids.join(", ")),
            }
        })?;
        let number = match written {
            Written::Number(number) => parse_number(&number.to_string(), ""),
            Written::Text(text) => parse_number(&text, &question.unit),
        };
        Ok((id.clone(), number.map_err(|why| format!("`{id}`: {why}"))?))
    };
    written.into_iter().map(answer).collect()
}
