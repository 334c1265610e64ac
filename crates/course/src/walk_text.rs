//! The texts of a walk in a terminal.

use lesson::{Figures, Lesson, LessonError, Placeholder, Question, SectionKind, fill, number};
use report::escaped;
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable, Screen};

use crate::answering_run::AnsweringRun;
use crate::error::Result;
use crate::judgement::{Comparison, table};
use crate::markdown_text::markdown_text;
use crate::record::Attempt;

/// The parts after the table, in their order.
pub const AFTER_THE_RUN: [SectionKind; 3] =
    [SectionKind::Seen, SectionKind::Rule, SectionKind::Change];

const BETWEEN: &str = "\n\n";

/// The title.
pub fn title(lesson: &Lesson, screen: Screen) -> Printable {
    let title = wrap_to(screen.columns, &lesson.title, "", "");
    let line = format!("Lesson {}, {} minutes", lesson.name, lesson.minutes);
    let title = Printable::with(screen, Emphasis::Strong, &title);
    Printable::joined([title, Printable::new(&line)], "\n")
}

/// The parts before the questions.
pub fn opening(lesson: &Lesson, screen: Screen) -> Printable {
    let kinds = [SectionKind::Question, SectionKind::Belief, SectionKind::Predict];
    let parts = kinds.map(|kind| headed(kind.heading(), &unfilled(lesson.section(kind)), screen));
    Printable::joined(parts, BETWEEN)
}

/// What was answered before, when a walk goes on.
pub fn going_on(lesson: &Lesson, attempt: &Attempt, screen: Screen) -> Printable {
    let answer = |question: &Question| {
        let given = attempt.answers.get(&question.id)?;
        Some(format!("{}: {}", question.id, with_unit(given.answer, question)))
    };
    let answers: Vec<_> = lesson.all_questions().filter_map(answer).collect();
    let text =
        format!("The lesson goes on where it was left. You have answered {}.", answers.join("; "));
    plain(&text, screen)
}

/// A question, without a hint at its answer.
pub fn question(lesson: &Lesson, question: &Question, screen: Screen) -> Printable {
    let is_it = |other: &Question| other.id == question.id;
    let at = lesson.questions.iter().position(is_it);
    let of_exercise = lesson.exercises.iter().position(|exercise| is_it(&exercise.question));
    let (questions, exercises) = (lesson.questions.len(), lesson.exercises.len());
    let heading = match (at, of_exercise) {
        (Some(at), _) => format!("Question {} of {questions}: {}", at + 1, question.id),
        (None, Some(at)) => format!("Exercise {} of {exercises}: {}", at + 1, question.id),
        (None, None) => question.id.clone(),
    };
    let mut text = question.ask.clone();
    if !question.within.is_exact() {
        let unit = if question.within.to_string().ends_with('%') { "" } else { &question.unit };
        let within = lesson::with_unit(&question.within.to_string(), unit);
        text += &format!("\n\nAn answer is right within {within} of what is measured.");
    }
    headed(&heading, &text, screen)
}

/// What a prompt says before the cursor.
pub fn prompt(question: &Question) -> String {
    match question.unit.as_str() {
        "" => "your number> ".to_owned(),
        unit => format!("your number ({})> ", visible::line(unit)),
    }
}

/// The sentence and the command before the run.
pub fn before_run(lesson: &Lesson, screen: Screen) -> Result<Printable> {
    Ok(headed(SectionKind::Run.heading(), &run_section(lesson)?, screen))
}

/// How to run the lesson's run, with the command.
pub(crate) fn run_section(lesson: &Lesson) -> Result<String> {
    fill(lesson.section(SectionKind::Run), |placeholder| {
        Ok(match placeholder {
            Placeholder::Run => code(&Lesson::command(&lesson.run)),
            _ => String::new(),
        })
    })
}

/// The command of an exercise.
pub fn before_exercise(run: &[String], screen: Screen) -> Printable {
    markdown_text(&code(&Lesson::command(run)), screen)
}

/// The numbers side by side, what explains each, and what to know of the run.
///
/// # Errors
/// If a reason names a figure that the run does not have.
pub fn results(
    lesson: &Lesson,
    comparisons: &[Comparison<'_>],
    run: &AnsweringRun,
    screen: Screen,
) -> Result<Printable> {
    let heading = Printable::with(screen, Emphasis::Strong, "You, the law, and the kernel");
    let mut parts = vec![heading, table(comparisons).text(screen)];
    for comparison in comparisons {
        let reason = filled(lesson, run, &comparison.question.because)?;
        parts.push(outcome(comparison, screen));
        parts.push(markdown_text(&reason, screen));
    }
    // What other work disturbs are times and rates.
    let matters = run.has_failed() || comparisons.iter().any(|one| !one.question.within.is_exact());
    parts.extend(run.problem().filter(|_| matters).map(|problem| {
        let text = wrap_to(screen.columns, &problem, "", "");
        Printable::with(screen, Emphasis::Warning, &text)
    }));
    Ok(Printable::joined(parts.into_iter().filter(|part| !part.as_str().is_empty()), BETWEEN))
}

/// What a student said and what was measured, with the counters.
fn outcome(comparison: &Comparison<'_>, screen: Screen) -> Printable {
    let Comparison { question, answer, found } = comparison;
    let (measured, law) = (found.measured.median, found.predicted);
    let mut text = format!(
        "{}: {}. You said {}; measured: {}.",
        question.id,
        comparison.verdict(),
        with_unit(*answer, question),
        with_unit(measured, question)
    );
    if !comparison.is_right() && question.believed == Some(*answer) {
        text += " It is what most people expect.";
    }
    if !comparison.law_is_right() {
        text += &format!(
            " The law says {}, so it was not right in this run either.",
            with_unit(law, question)
        );
    }
    // What is counted exactly is right all the same.
    if found.is_disturbed && !question.within.is_exact() {
        text += " Other work disturbed each of its trials, so this is no finding.";
    }
    let lines = comparison.counters().iter().map(|(counter, change)| {
        let change = format!("{counter}: {}", sign(*change));
        wrap_to(screen.columns, &change, "- ", "  ")
    });
    let text = wrap_to(screen.columns, &text, "", "");
    let lines: Vec<_> = std::iter::once(text).chain(lines).collect();
    Printable::new(&lines.join("\n"))
}

/// One of the parts after the run.
///
/// # Errors
/// If it names a figure that the run does not have.
pub fn section(
    lesson: &Lesson,
    kind: SectionKind,
    run: &AnsweringRun,
    screen: Screen,
) -> Result<Printable> {
    Ok(headed(kind.heading(), &filled(lesson, run, lesson.section(kind))?, screen))
}

/// The solution of an exercise.
///
/// # Errors
/// If it names a figure that the run does not have.
pub fn solution(
    lesson: &Lesson,
    solution: &str,
    run: &AnsweringRun,
    screen: Screen,
) -> Result<Printable> {
    Ok(headed("Solution", &filled(lesson, run, solution)?, screen))
}

/// A text with its figures. The table is shown before it, and charts are files.
fn filled(lesson: &Lesson, run: &AnsweringRun, text: &str) -> Result<String> {
    let figures = Figures::new(lesson, run.recorded());
    fill(text, |placeholder| {
        if let Some(figure) = figures.text(placeholder)? {
            return Ok(unbroken(&figure));
        }
        Ok(match placeholder {
            Placeholder::Answer => escaped(&run.answer()),
            Placeholder::Run => code(&Lesson::command(&lesson.run)),
            Placeholder::Chart(name) => chart(run, name),
            Placeholder::Table | Placeholder::Predict | Placeholder::Exercises => String::new(),
            other => {
                let (question, message) = (other.to_string(), "a lesson has one run".to_owned());
                return Err(LessonError::Unanswered { question, message }.into());
            }
        })
    })
}

/// The file of a chart.
fn chart(run: &AnsweringRun, name: &str) -> String {
    let file = run.path().join("charts").join(format!("{name}.svg"));
    match file.is_file() {
        // As code, it is not wrapped.
        true => code(&format!("Chart: {}", file.display())),
        false => no_chart(name),
    }
}

/// A run that was disturbed has no charts of its rates, so a student's may lack one.
pub(crate) fn no_chart(name: &str) -> String {
    format!("(This run has no chart `{name}`: see its report.)")
}

/// A text whose placeholders stand for what is shown elsewhere.
fn unfilled(text: &str) -> String {
    fill::<String>(text, |_| Ok(String::new())).unwrap_or_else(|_| text.to_owned())
}

fn headed(heading: &str, markdown: &str, screen: Screen) -> Printable {
    let heading = Printable::with(screen, Emphasis::Strong, heading);
    let text = markdown_text(markdown, screen);
    let parts = [heading, text].into_iter().filter(|part| !part.as_str().is_empty());
    Printable::joined(parts, "\n")
}

fn plain(text: &str, screen: Screen) -> Printable {
    Printable::new(&wrap_to(screen.columns, text, "", ""))
}

pub(crate) fn code(command: &str) -> String {
    format!("    {command}")
}

/// A number with the unit of its question.
pub(crate) fn with_unit(value: f64, question: &Question) -> String {
    lesson::with_unit(&unbroken(&number(value)), &question.unit)
}

fn sign(change: f64) -> String {
    if change > 0.0 { format!("+{}", number(change)) } else { number(change) }
}

/// The same number, in one line: its groups are not separated.
fn unbroken(figure: &str) -> String {
    let characters: Vec<char> = figure.chars().collect();
    let is_digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    let one = |(at, c): (usize, &char)| match c {
        ' ' if at > 0 && is_digit(at - 1) && is_digit(at + 1) => '\u{a0}',
        c => *c,
    };
    characters.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_of_a_number_stay_together() {
        assert_eq!(unbroken("1 596 000 segments"), "1\u{a0}596\u{a0}000 segments");
        assert_eq!(unbroken("3 (2 to 4) s"), "3 (2 to 4) s");
    }
}
