//! The flags of `queuelab lesson`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCompleter;

use crate::completion;

/// Flags of `queuelab lesson`.
#[derive(Debug, Args)]
pub(crate) struct LessonArguments {
    /// Name of the lesson, or path of its file. Without it, the lessons are listed.
    #[arg(add = ArgValueCompleter::new(completion::lessons))]
    pub(super) lesson: Option<String>,
    /// Answer from a file instead of asking: YAML with a number for each question, such as
    /// `backlog-5: 6`, or these under the name of each lesson.
    #[arg(long, value_name = "FILE", requires = "lesson", conflicts_with = "slides")]
    pub(super) answers: Option<PathBuf>,
    /// Start over. The earlier answers stay in the record.
    #[arg(long, requires = "lesson", conflicts_with = "slides")]
    pub(super) again: bool,
    /// Ask and run only this exercise, such as one that does not need what the lesson needs.
    #[arg(long, value_name = "ID", requires = "lesson", conflicts_with = "slides")]
    pub(super) exercise: Option<String>,
    /// File of the student's answers, from which a lesson goes on where it was left.
    #[arg(long, value_name = "FILE", default_value = "reports/lessons.json")]
    pub(super) record: PathBuf,
    /// The student's name, for the record.
    #[arg(long, requires = "lesson", conflicts_with = "slides")]
    pub(super) name: Option<String>,
    /// Directory for runs [default: reports/runs]; with --slides, the file of the slides
    /// [default: reports/slides/LESSON.html].
    #[arg(long, value_name = "PATH", requires = "lesson")]
    pub(super) out: Option<PathBuf>,
    /// Write the lesson as slides: one HTML file that needs no network. The arrow keys turn them.
    ///
    /// The figures and charts are those of the last run in the record; without one, the scenario
    /// is run first.
    #[arg(long, requires = "lesson")]
    pub(super) slides: bool,
    /// Show the figures of this run on the slides.
    #[arg(long, value_name = "RUN", requires = "slides")]
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    pub(super) run: Option<PathBuf>,
    /// Print a table (CSV) of the records of a class: each question of each file, with the first
    /// answer to it.
    ///
    /// A record is the student's own file, and can be edited: whether an answer is right is
    /// judged here, what was answered and measured is what the file says.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["lesson", "json"])]
    pub(super) grade: Vec<PathBuf>,
    /// Print JSON; `queuelab schema lesson` describes it. A walk then needs --answers.
    #[arg(long, conflicts_with = "slides")]
    pub(crate) json: bool,
}
