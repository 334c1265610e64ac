//! The placeholders of a page, replaced by the figures of committed runs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lesson::{Figures, Lesson, LessonError, Placeholder, fill, spread};
use scenario::FactExpression;

use crate::command::commands;
use crate::question;
use crate::record::{Record, Records};

/// The figures of a page: of a lesson's own run, and of others that it names.
#[derive(Debug)]
pub(crate) struct PageFigures<'a> {
    /// The lesson of the page with its run; none of a page that is no lesson.
    lesson: Option<(&'a Lesson, Rc<Record>)>,
    records: &'a Records,
    /// The runs whose figures the page shows, in the order in which it first does.
    used: RefCell<Vec<Rc<Record>>>,
    has_chart: Cell<bool>,
}

impl<'a> PageFigures<'a> {
    /// Of a page that is no lesson.
    pub(crate) fn new(records: &'a Records) -> Self {
        Self { lesson: None, records, used: RefCell::default(), has_chart: Cell::new(false) }
    }

    /// Of a lesson.
    ///
    /// # Errors
    /// In words: it has no committed run.
    pub(crate) fn of_lesson(lesson: &'a Lesson, records: &'a Records) -> Result<Self, String> {
        let record = records.get(&lesson.name)?;
        let figures = Self::new(records);
        figures.use_record(&record);
        Ok(Self { lesson: Some((lesson, record)), ..figures })
    }

    /// The text with every placeholder replaced.
    ///
    /// # Errors
    /// The first placeholder that stands for nothing, and why, in words.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        fill(text, |placeholder| {
            self.replace(placeholder).map_err(|why| format!("{placeholder}: {why}"))
        })
    }

    /// The runs whose figures the page shows.
    pub(crate) fn used(&self) -> Vec<Rc<Record>> {
        self.used.borrow().clone()
    }

    /// Whether the page shows a chart.
    pub(crate) fn has_chart(&self) -> bool {
        self.has_chart.get()
    }

    fn lesson(&self) -> Result<(&'a Lesson, &Record), String> {
        let (lesson, record) = self.lesson.as_ref().ok_or("this page is no lesson")?;
        Ok((lesson, record))
    }

    fn use_record(&self, record: &Rc<Record>) {
        let mut used = self.used.borrow_mut();
        if used.iter().all(|used| used.name != record.name) {
            used.push(Rc::clone(record));
        }
    }

    fn replace(&self, placeholder: &Placeholder) -> Result<String, String> {
        if let Placeholder::Value { expression, run: Some(run), cell } = placeholder {
            let record = self.records.get(run)?;
            self.use_record(&record);
            let expression = FactExpression::compile(expression)?;
            return Ok(spread(record.run.recorded().value(&expression, cell)?));
        }
        let (lesson, record) = self.lesson()?;
        match placeholder {
            Placeholder::Run => Ok(commands(&lesson.run)),
            Placeholder::Predict => question::predictions(self, lesson, record),
            Placeholder::Exercises => question::exercises(self, lesson, record),
            Placeholder::Table => question::table(lesson, record),
            Placeholder::Answer => Ok(report::escaped(&record.run.answer())),
            Placeholder::Chart(name) => {
                self.has_chart.set(true);
                record.chart(name)
            }
            figure => Figures::new(lesson, record.run.recorded())
                .text(figure)
                .map_err(why)?
                .ok_or_else(|| "the book has no form of it".to_owned()),
        }
    }
}

/// The cause in an error of a lesson, without the placeholder, which the page names.
pub(crate) fn why(error: LessonError) -> String {
    match error {
        LessonError::Unanswered { message, .. } => message,
        other => other.to_string(),
    }
}
