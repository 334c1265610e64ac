//! The text of the placeholders that stand for figures.

use run_view::number::{count, decimal};
use scenario::FactExpression;

use crate::error::{LessonError, Result};
use crate::finding::Measured;
use crate::lesson::Lesson;
use crate::placeholder::Placeholder;
use crate::recorded_run::RecordedRun;

/// A number for a person: at most three decimals, and groups of three digits.
pub fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return count(number as i64);
    }
    // Enough digits to compare it with another, not more.
    match number.abs() {
        large if large >= 1000.0 => count(number.round() as i64),
        large if large >= 100.0 => decimal((number * 10.0).round() / 10.0),
        _ => decimal((number * 100.0).round() / 100.0),
    }
}

/// The figures of a lesson in a run.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    lesson: &'a Lesson,
    run: &'a RecordedRun,
}

impl<'a> Figures<'a> {
    /// Of this lesson in this run.
    pub fn new(lesson: &'a Lesson, run: &'a RecordedRun) -> Self {
        Self { lesson, run }
    }

    /// The text of a placeholder that stands for a number; `None` if it stands for more: each
    /// output has its own form of these.
    ///
    /// # Errors
    /// [`LessonError::Unanswered`].
    pub fn text(&self, placeholder: &Placeholder) -> Result<Option<String>> {
        let unanswered = |message: String| LessonError::Unanswered {
            question: placeholder.to_string(),
            message,
        };
        let question = |id: &str| {
            self.lesson
                .question(id)
                .ok_or_else(|| unanswered("the lesson has no such question".to_owned()))
        };
        let text = match placeholder {
            Placeholder::Measured(id) => {
                let question = question(id)?;
                with_unit(&spread(question.find(self.run)?.measured), &question.unit)
            }
            Placeholder::Predicted(id) => {
                let question = question(id)?;
                // Of an exercise, whose run is another one, a rule is enough.
                with_unit(&number(question.predicted(self.run)?), &question.unit)
            }
            Placeholder::Believed(id) => {
                let question = question(id)?;
                let believed = question
                    .believed
                    .ok_or_else(|| unanswered("it has no number that is believed".to_owned()))?;
                with_unit(&number(believed), &question.unit)
            }
            Placeholder::Counter(id, counter) => {
                let question = question(id)?;
                spread(self.run.counter(counter, &question.cell).map_err(unanswered)?)
            }
            Placeholder::Value { expression, run: None, cell } => {
                let expression = FactExpression::compile(expression).map_err(unanswered)?;
                spread(self.run.value(&expression, cell).map_err(unanswered)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(text))
    }
}

/// A value with its range, if it differs between trials: `2.5 (2 to 3)`.
pub fn spread(measured: Measured) -> String {
    let [median, least, most] = [measured.median, measured.least, measured.most].map(number);
    if least == most { median } else { format!("{median} ({least} to {most})") }
}

/// A number as text with its unit: `6 connections`, `1 connection`, `0.5 s`.
pub fn with_unit(number: &str, unit: &str) -> String {
    let one = unit.strip_suffix('s').filter(|one| number == "1" && one.len() > 2);
    match one.unwrap_or(unit) {
        "" => number.to_owned(),
        unit => format!("{number} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_are_of_use() {
        assert_eq!(number(129.0), "129");
        assert_eq!(number(1_596_000.0), "1 596 000");
        assert_eq!(number(3.061_234), "3.06");
        assert_eq!(number(123.456), "123.5");
        assert_eq!(number(12_345.6), "12 346");
        assert_eq!(number(0.5), "0.5");
    }

    #[test]
    fn one_has_the_singular() {
        assert_eq!(with_unit("1", "connections"), "1 connection");
        assert_eq!(with_unit("0", "connections"), "0 connections");
        assert_eq!(with_unit("1", "s"), "1 s");
        assert_eq!(with_unit("1", ""), "1");
    }

    #[test]
    fn a_spread_is_shown_if_there_is_one() {
        let of = |values: &[f64]| spread(Measured::of(values.to_vec()).expect("values"));
        assert_eq!(of(&[2.0, 2.0]), "2");
        assert_eq!(of(&[2.0, 4.0, 3.0]), "3 (2 to 4)");
    }
}
