//! A course of lessons with a student: what was answered, how it is judged, and how a lesson is
//! shown in a terminal and on slides.
//!
//! A [`lesson`] is a file; this crate is about walking through it. It neither runs nor asks:
//! the program does, and calls it in between.
//!
//! | module | holds |
//! |---|---|
//! | [`record`](CourseRecord), [`record_file`](RecordFile) | what a student has answered, and its file |
//! | [`progress`](Step) | what comes next in a lesson, and how far a student is |
//! | [`typed_number`](parse_number) | a number as a person types it |
//! | [`answers`](Answers) | the file of `--answers` |
//! | [`judgement`](Comparison) | an answer beside the law's and the measured number |
//! | [`answering_run`](AnsweringRun) | a run that answers questions, with its directory |
//! | [`walk_text`] | the texts of a walk in a terminal |
//! | [`markdown_text`](markdown_text()) | Markdown as text for a terminal |
//! | `markdown_html` | Markdown as HTML, in parts for slides |
//! | [`slides`](slides()) | a lesson as slides in one HTML file |
//! | [`grade`](grade()) | a table of a class |
//! | [`error`](CourseError) | errors |

mod answering_run;
mod answers;
mod error;
mod grade;
mod judgement;
mod markdown_html;
mod markdown_text;
mod progress;
mod record;
mod record_file;
mod slides;
mod typed_number;
pub mod walk_text;

pub use answering_run::AnsweringRun;
pub use answers::Answers;
pub use error::CourseError;
pub use grade::{GradedRecord, grade};
pub use judgement::{Comparison, table};
pub use markdown_text::markdown_text;
pub use progress::{Progress, Step, next_step};
pub use record::{Attempt, CourseRecord, GivenAnswer, RecordedFinding};
pub use record_file::{RecordFile, read_record};
pub use slides::{Deck, slides};
pub use typed_number::parse_number;
