//! A lesson.

use sha2::{Digest, Sha256};

use crate::check::check;
use crate::error::{LessonError, Result};
use crate::exercise::Exercise;
use crate::front_matter;
use crate::question::Question;
use crate::section::{self, Section, SectionKind};

/// A lesson: its questions, and its text in parts.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Its file's name without number and extension.
    pub name: String,
    /// The path of its file, for messages.
    pub path: String,
    /// The SHA-256 of its file's text, in hexadecimal digits.
    pub sha256: String,
    /// The question that it answers.
    pub title: String,
    /// How long a reader needs, in minutes.
    pub minutes: u32,
    /// The arguments of `queuelab run` that answer it.
    pub run: Vec<String>,
    /// What the student predicts before the run.
    pub questions: Vec<Question>,
    /// What the student solves after it.
    pub exercises: Vec<Exercise>,
    /// Its text, one part for each kind, in their order.
    pub sections: Vec<Section>,
}

impl Lesson {
    /// Parses the text of a file.
    ///
    /// # Errors
    /// [`LessonError::Malformed`], with the line if it is known.
    pub fn parse(name: &str, path: &str, text: &str) -> Result<Self> {
        let malformed = |line: Option<usize>, message: String| LessonError::Malformed {
            place: line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}")),
            message: visible::line(&message).into_owned(),
        };
        let (front, body, first_line) = front_matter::split(text).ok_or_else(|| {
            malformed(Some(1), "it does not begin with `---` and YAML".to_owned())
        })?;
        let front = front_matter::read(&front).map_err(|(line, why)| malformed(line, why))?;
        let sections =
            section::split(body, first_line).map_err(|(line, why)| malformed(Some(line), why))?;
        let (questions, exercises) = front.questions().map_err(|why| malformed(None, why))?;
        let run = front_matter::arguments(&front.run).map_err(|why| malformed(None, why))?;
        let lesson = Self {
            name: name.to_owned(),
            path: path.to_owned(),
            sha256: Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect(),
            title: front.title,
            minutes: front.minutes,
            run,
            questions,
            exercises,
            sections,
        };
        check(&lesson).map_err(|why| malformed(None, why))?;
        Ok(lesson)
    }

    /// Its text of this kind.
    pub fn section(&self, kind: SectionKind) -> &str {
        let section = self.sections.iter().find(|section| section.kind == kind);
        section.map_or("", |section| section.text.as_str())
    }

    /// Its questions, and those of its exercises.
    pub fn all_questions(&self) -> impl Iterator<Item = &Question> {
        let exercises = self.exercises.iter().map(|exercise| &exercise.question);
        self.questions.iter().chain(exercises)
    }

    /// The question of this name, also of an exercise.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.all_questions().find(|question| question.id == id)
    }

    /// The command that answers it, for a person to type.
    pub fn command(run: &[String]) -> String {
        let quote = |argument: &String| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%".contains(c);
            if argument.chars().all(is_plain) { argument.clone() } else { format!("'{argument}'") }
        };
        let arguments: Vec<_> = run.iter().map(quote).collect();
        format!("queuelab run {}", arguments.join(" "))
    }
}
