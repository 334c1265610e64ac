//! An answer beside the law's and the measured number.

use lesson::{CounterName, Finding, Question, number};
use report::Table;
use run_view::Emphasis;

use crate::answering_run::AnsweringRun;
use crate::error::Result;

/// A student's number, the law's, and the measured one.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// The question.
    pub question: &'a Question,
    /// The student's number.
    pub answer: f64,
    /// What the run found.
    pub found: Finding,
}

impl<'a> Comparison<'a> {
    /// Of an answer with what a run found.
    ///
    /// # Errors
    /// If the run does not answer the question.
    pub fn new(question: &'a Question, answer: f64, run: &AnsweringRun) -> Result<Self> {
        Ok(Self { question, answer, found: question.find(run.recorded())? })
    }

    /// Whether the student is right: by what was measured.
    pub fn is_right(&self) -> bool {
        self.question.within.is_right(self.answer, self.found.measured.median)
    }

    /// Whether the rule predicted what was measured.
    pub fn law_is_right(&self) -> bool {
        self.question.within.is_right(self.found.predicted, self.found.measured.median)
    }

    /// `right` or `wrong`.
    pub fn verdict(&self) -> &'static str {
        if self.is_right() { "right" } else { "wrong" }
    }

    /// What the counters that explain the number did.
    pub fn counters(&self) -> &[(CounterName, f64)] {
        &self.found.counters
    }
}

/// The numbers side by side, a row for each question.
pub fn table(comparisons: &[Comparison<'_>]) -> Table {
    let row = |one: &Comparison<'_>| {
        let numbers = [one.answer, one.found.predicted, one.found.measured.median];
        let words = [one.question.id.clone(), one.verdict().to_owned()];
        words.into_iter().chain(numbers.map(number)).collect()
    };
    let colour = |one: &Comparison<'_>| match one.is_right() {
        true => Emphasis::Good,
        false => Emphasis::Bad,
    };
    Table {
        head: ["question", "you are", "you", "the law", "measured"].map(str::to_owned).to_vec(),
        rows: comparisons.iter().map(row).collect(),
        words: 2,
        keys: 1,
        emphasis: comparisons.iter().enumerate().map(|(at, one)| ((at, 1), colour(one))).collect(),
        ..Table::default()
    }
}
