//! Lessons on kernel queues: a student predicts a number, a run of the lab measures it, and the
//! kernel's rule explains the difference.
//!
//! A lesson is a Markdown file with YAML front matter; `docs/lessons.md` describes it. The book,
//! the walk in the terminal and the slides are made from the same files. This crate reads them,
//! and finds the answers to their questions in a run; it prints nothing and runs nothing.
//!
//! | module | holds |
//! |---|---|
//! | [`lesson`](Lesson) | a lesson, and its parts |
//! | [`question`](Question), [`exercise`](Exercise) | a number to predict; one with a solution |
//! | [`within`](Within) | how far an answer may be off |
//! | [`source`](catalogue()) | finding and reading a file: built in, `./docs/lessons`, or a path |
//! | `front_matter`, `check` | the YAML of a lesson, and what it must say |
//! | [`section`](Section) | the parts of its text |
//! | [`placeholder`](Placeholder) | what a text has in place of a figure |
//! | [`recorded_run`](RecordedRun) | a run, and the trials of one of its cells |
//! | [`finding`](Finding) | what a law predicts and a run measured for a question |
//! | [`figures`](Figures) | the text of the placeholders that stand for figures |
//! | [`error`](LessonError) | errors |

mod check;
mod error;
mod exercise;
mod figures;
mod finding;
mod front_matter;
mod lesson;
mod placeholder;
mod question;
mod recorded_run;
mod section;
mod source;
mod within;

pub use error::LessonError;
pub use exercise::Exercise;
pub use figures::{Figures, number, spread, with_unit};
pub use finding::{Finding, Measured};
pub use lesson::Lesson;
pub use placeholder::{Placeholder, fill};
pub use question::{CounterName, Prediction, Question};
pub use recorded_run::{RecordedRun, is_in_cell};
pub use section::{Section, SectionKind};
pub use source::{catalogue, find};
pub use within::Within;
