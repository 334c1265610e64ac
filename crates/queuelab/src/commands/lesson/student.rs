//! The one who answers: a person at a terminal, or a file.

use std::io::{self, IsTerminal};
use std::path::Path;

use course::{Answers, parse_number, walk_text};
use lesson::{Lesson, Question};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::commands::print_message;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// The one who answers.
pub(super) enum Student {
    /// A person at a terminal.
    Person(Box<DefaultEditor>),
    /// A file.
    File(Answers),
}

/// What came of asking.
pub(super) enum Asked<T> {
    /// An answer.
    Answer(T),
    /// The student has left.
    Left(Exit),
}

impl Student {
    /// The file, or the person at this terminal.
    ///
    /// # Errors
    /// If there is neither, or the file is not usable.
    pub(super) fn new(answers: Option<&Path>, lesson: &Lesson) -> Result<Self> {
        if let Some(path) = answers {
            return Ok(Self::File(Answers::read(path, lesson)?));
        }
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(CommandError::Usage(format!(
                "failed to ask the questions of the lesson: this is no terminal; start it in one, \
                 or give the answers in a file: queuelab lesson {} --answers FILE",
                lesson.name
            )));
        }
        let editor = DefaultEditor::new().map_err(terminal_error)?;
        Ok(Self::Person(Box::new(editor)))
    }

    /// Tests that a file has the answers to these questions.
    ///
    /// # Errors
    /// With the names of those that have none.
    pub(super) fn check<'a>(&self, questions: impl Iterator<Item = &'a Question>) -> Result<()> {
        match self {
            Self::File(answers) => Ok(answers.check(questions)?),
            Self::Person(_) => Ok(()),
        }
    }

    /// Asks for a number until one is typed.
    ///
    /// # Errors
    /// If the terminal fails.
    pub(super) fn ask(&mut self, question: &Question) -> Result<Asked<f64>> {
        let editor = match self {
            Self::File(answers) => {
                let number = answers.get(&question.id);
                return Ok(Asked::Answer(number.expect("the answers were checked")));
            }
            Self::Person(editor) => editor,
        };
        loop {
            let line = match editor.readline(&walk_text::prompt(question)) {
                Ok(line) => line,
                Err(error) => return left(error),
            };
            match parse_number(&line, &question.unit) {
                Ok(number) => return Ok(Asked::Answer(number)),
                Err(why) => print_message(&why),
            }
        }
    }

    /// Waits until a person has read what was shown.
    ///
    /// # Errors
    /// If the terminal fails.
    pub(super) fn pause(&mut self) -> Result<Asked<()>> {
        let Self::Person(editor) = self else { return Ok(Asked::Answer(())) };
        match editor.readline("Enter goes on, Ctrl-D leaves> ") {
            Ok(_) => Ok(Asked::Answer(())),
            Err(error) => left(error),
        }
    }
}

fn left<T>(error: ReadlineError) -> Result<Asked<T>> {
    match error {
        ReadlineError::Eof => Ok(Asked::Left(Exit::Held)),
        ReadlineError::Interrupted => Ok(Asked::Left(Exit::Interrupted)),
        error => Err(terminal_error(error)),
    }
}

fn terminal_error(source: ReadlineError) -> CommandError {
    CommandError::Io { action: "use the terminal".to_owned(), source: io::Error::other(source) }
}
