//! The slides of a lesson, in their order.

use indexmap::{IndexMap, IndexSet};
use lesson::{
    Exercise, Figures, Lesson, LessonError, Placeholder, Question, SectionKind, fill, number,
};
use maud::{Markup, PreEscaped, html};
use report::{Table, escaped};

use super::page::page;
use super::slide::Slide;
use crate::answering_run::AnsweringRun;
use crate::error::Result;
use crate::markdown_html::{markdown_html, parts};
use crate::walk_text::{code, no_chart, run_section, with_unit};

/// The height of a chart, by its width, from which on it is also shown enlarged.
const TALL: f64 = 0.6;

/// What the slides are made from.
#[derive(Debug)]
pub struct Deck<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// The run whose figures are shown.
    pub run: &'a AnsweringRun,
    /// What the law of each exercise predicts, by its name: its run is another one.
    pub predicted: IndexMap<String, f64>,
}

/// The slides as one HTML file.
///
/// # Errors
/// If a text names a figure or a chart that the run does not have.
pub fn slides(deck: &Deck<'_>) -> Result<String> {
    let charts = report::charts(deck.run.run(), deck.run.path());
    let lesson = deck.lesson;
    let mut slides = vec![deck.title()];
    slides.extend(deck.text(SectionKind::Question)?);
    slides.extend(deck.text(SectionKind::Belief)?);
    for (at, question) in lesson.questions.iter().enumerate() {
        slides.push(deck.question(at, question)?);
    }
    slides.push(deck.command()?);
    slides.push(deck.figures()?);
    for name in deck.chart_names()? {
        let Some(chart) = charts.iter().find(|chart| chart.name == name) else {
            slides.push(Slide::new("text", None, markdown_html(&no_chart(&name))));
            continue;
        };
        let drawn = chart.relinked(|_| None).inline();
        slides.push(Slide::new("chart-slide", None, drawn.clone()));
        // As a whole, the words of a tall one are too small for the back of a room.
        if chart.height > TALL * chart.width {
            slides.push(Slide::new("chart-slide enlarged", None, drawn));
        }
    }
    for kind in [SectionKind::Seen, SectionKind::Rule, SectionKind::Change] {
        slides.extend(deck.text(kind)?);
    }
    for (at, exercise) in lesson.exercises.iter().enumerate() {
        slides.push(deck.exercise(at, exercise)?);
    }
    slides.push(deck.end());
    Ok(page(lesson, &slides))
}

impl Deck<'_> {
    fn title(&self) -> Slide {
        let Lesson { title, name, minutes, .. } = self.lesson;
        let content = html! {
            h1 { (title) }
            p.quiet { "queuelab · lesson " (name) " · " (minutes) " minutes" }
        };
        Slide::new("title", None, content)
    }

    /// A part of the text, on as many slides as it needs.
    fn text(&self, kind: SectionKind) -> Result<Vec<Slide>> {
        let text = self.filled(self.lesson.section(kind))?;
        let parts = parts(&text);
        let count = parts.len();
        let slide = |(at, part): (usize, &String)| {
            let heading = match count {
                1 => kind.heading().to_owned(),
                _ => format!("{} ({} of {count})", kind.heading(), at + 1),
            };
            Slide::new("text", Some(&heading), markdown_html(part))
        };
        Ok(parts.iter().enumerate().map(slide).collect())
    }

    /// A question; its answer comes with the next key.
    fn question(&self, at: usize, question: &Question) -> Result<Slide> {
        let found = question.find(self.run.recorded())?;
        let heading = format!("Predict ({} of {})", at + 1, self.lesson.questions.len());
        let because = self.filled(&question.because)?;
        let answer = html! {
            dl.answer {
                (believed(question))
                (figure("", "The law", &with_unit(found.predicted, question)))
                (figure("measured", "Measured", &with_unit(found.measured.median, question)))
            }
            (markdown_html(&because))
            @for (counter, change) in &found.counters {
                p.quiet { (counter.to_string()) ": " (number(*change)) }
            }
        };
        let slide = Slide::new("ask", Some(&heading), markdown_html(&question.ask));
        Ok(slide.then(Some(answer)))
    }

    fn command(&self) -> Result<Slide> {
        let text = markdown_html(&run_section(self.lesson)?);
        Ok(Slide::new("command", Some(SectionKind::Run.heading()), text))
    }

    /// What is believed, predicted and measured, and where it was measured.
    fn figures(&self) -> Result<Slide> {
        let row = |question: &Question| -> Result<Vec<String>> {
            let found = question.find(self.run.recorded())?;
            let unit = match question.unit.as_str() {
                "" => question.id.clone(),
                unit => format!("{} ({unit})", question.id),
            };
            let believed = question.believed.map_or_else(|| "–".to_owned(), number);
            let numbers = [found.predicted, found.measured.median].map(number);
            Ok([unit, believed].into_iter().chain(numbers).collect())
        };
        let rows = self.lesson.questions.iter().map(row).collect::<Result<_>>()?;
        let head = ["", "most people expect", "the law", "measured"];
        let head = head.map(str::to_owned).to_vec();
        let table = Table { head, rows, words: 1, ..Table::default() };
        let record = self.run.recorded().record();
        let date = record.started.strftime("%Y-%m-%d").to_string();
        let content = html! {
            (table.html())
            @if let Some(problem) = self.run.problem() { p.warning { (problem) } }
            p.quiet { "Measured on Linux " (record.machine.kernel) ", " (date) "." }
        };
        Ok(Slide::new("figures", Some("Believed, predicted, measured"), content))
    }

    /// The names of the charts that the lesson shows.
    fn chart_names(&self) -> Result<IndexSet<String>> {
        let mut names = IndexSet::new();
        for section in &self.lesson.sections {
            fill::<crate::CourseError>(&section.text, |placeholder| {
                if let Placeholder::Chart(name) = placeholder {
                    names.insert(name.clone());
                }
                Ok(String::new())
            })?;
        }
        Ok(names)
    }

    /// An exercise; its solution comes with the next key.
    fn exercise(&self, at: usize, exercise: &Exercise) -> Result<Slide> {
        let question = &exercise.question;
        let heading = format!("Exercise ({} of {})", at + 1, self.lesson.exercises.len());
        let predicted = self.predicted.get(&question.id).copied();
        let predicted = predicted.map_or_else(|| question.predicted(self.run.recorded()), Ok)?;
        let solution = html! {
            dl.answer {
                (believed(question))
                (figure("measured", "The law", &with_unit(predicted, question)))
            }
            (markdown_html(&self.filled(&exercise.solution)?))
        };
        let slide = Slide::new("exercise", Some(&heading), markdown_html(&question.ask));
        Ok(slide.then(Some(solution)))
    }

    fn end(&self) -> Slide {
        let content = html! {
            p { "Predict, run and compare the numbers on your own machine:" }
            pre { code { "queuelab lesson " (self.lesson.name) } }
        };
        Slide::new("command", Some("Your turn"), content)
    }

    /// A text with its figures. What has a slide of its own is left out.
    fn filled(&self, text: &str) -> Result<String> {
        let figures = Figures::new(self.lesson, self.run.recorded());
        fill(text, |placeholder| {
            if let Placeholder::Predicted(id) = placeholder
                && let Some((predicted, question)) =
                    self.predicted.get(id).zip(self.lesson.question(id))
            {
                return Ok(with_unit(*predicted, question));
            }
            if let Some(figure) = figures.text(placeholder)? {
                return Ok(figure);
            }
            Ok(match placeholder {
                Placeholder::Answer => escaped(&self.run.answer()),
                Placeholder::Run => code(&Lesson::command(&self.lesson.run)),
                Placeholder::Value { .. } => {
                    let question = placeholder.to_string();
                    let message = "a lesson has one run".to_owned();
                    return Err(LessonError::Unanswered { question, message }.into());
                }
                _ => String::new(),
            })
        })
    }
}

fn believed(question: &Question) -> Markup {
    match question.believed {
        Some(believed) => figure("", "Most people expect", &with_unit(believed, question)),
        None => PreEscaped(String::new()),
    }
}

fn figure(class: &str, name: &str, value: &str) -> Markup {
    html! { div class=(class) { dt { (name) } dd { (value) } } }
}
