//! Questions and exercises as Markdown with HTML: a field for the reader's number, and the answer
//! in a part of the page that opens.

use lesson::{Finding, Lesson, Prediction, Question, number, spread, with_unit};
use maud::html;

use crate::command::command;
use crate::figures::{PageFigures, why};
use crate::record::Record;

/// What the kernel's rules predict.
struct Rule {
    /// The prediction.
    number: f64,
    /// Whether it is a law of the lab; else a formula of numbers.
    is_law: bool,
    /// The law's title, or the formula.
    text: String,
}

/// The number of the reader's answer, and where it is from.
struct Right {
    number: f64,
    /// Completes "Right: …".
    says: String,
}

/// The questions of a lesson, with what the run measured.
///
/// # Errors
/// In words: the run has no answer to one of them.
pub(crate) fn predictions(
    figures: &PageFigures<'_>,
    lesson: &Lesson,
    record: &Record,
) -> Result<String, String> {
    let block = |(index, question): (usize, &Question)| {
        let finding = found(question, record)?;
        let rule = rule(question, record)?;
        let because = figures.fill(&question.because).map_err(|error| of(question, error))?;
        let answer = format!("{}\n\n{because}", answer(question, &rule, Some(&finding)));
        let right = measured(question, &finding);
        Ok(disclosed("predict", index + 1, question, &right, "Answer", &answer))
    };
    let blocks = lesson.questions.iter().enumerate().map(block);
    Ok(blocks.collect::<Result<Vec<_>, String>>()?.join("\n\n"))
}

/// The exercises of a lesson, with their solutions. What an exercise's own run measures is
/// known only to who runs it.
///
/// # Errors
/// In words: a rule does not predict one of them.
pub(crate) fn exercises(
    figures: &PageFigures<'_>,
    lesson: &Lesson,
    record: &Record,
) -> Result<String, String> {
    let block = |(index, exercise): (usize, &lesson::Exercise)| {
        let question = &exercise.question;
        let filled = |text: &str| figures.fill(text).map_err(|error| of(question, error));
        let rule = rule(question, record)?;
        let finding = match exercise.run {
            Some(_) => None,
            None => Some(found(question, record)?),
        };
        let right = match &finding {
            Some(finding) => measured(question, finding),
            None => Right {
                number: rule.number,
                says: format!("the rule gives {}", with_unit(&number(rule.number), &question.unit)),
            },
        };
        let parts = [
            answer(question, &rule, finding.as_ref()),
            filled(&exercise.solution)?,
            filled(&question.because)?,
            exercise
                .run
                .as_deref()
                .map_or(String::new(), |run| format!("To measure it:\n\n{}", command(run))),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Ok(disclosed("exercise", index + 1, question, &right, "Solution", &parts.join("\n\n")))
    };
    let blocks = lesson.exercises.iter().enumerate().map(block);
    Ok(blocks.collect::<Result<Vec<_>, String>>()?.join("\n\n"))
}

/// For each question, what is believed, predicted and measured.
///
/// # Errors
/// In words: the run has no answer to one of them.
pub(crate) fn table(lesson: &Lesson, record: &Record) -> Result<String, String> {
    let mut table = "| prediction | most people believe | the kernel's rule | measured |\n\
                     |---|--:|--:|---|\n"
        .to_owned();
    for (index, question) in lesson.questions.iter().enumerate() {
        let finding = found(question, record)?;
        let rule = rule(question, record)?;
        table += &format!(
            "| [{}. {}](#predict-{}) | {} | {} | **{}** {} |\n",
            index + 1,
            question.id,
            question.id,
            question.believed.map_or("–".to_owned(), number),
            number(rule.number),
            spread(finding.measured),
            report::escaped(&question.unit),
        );
    }
    Ok(table)
}

/// What the run measured for a question.
fn found(question: &Question, record: &Record) -> Result<Finding, String> {
    question.find(record.run.recorded()).map_err(|error| of(question, why(error)))
}

/// What the kernel's rules predict for it.
///
/// # Errors
/// In words: the run of its lesson has no such cell or law.
fn rule(question: &Question, record: &Record) -> Result<Rule, String> {
    let number = question.predicted(record.run.recorded());
    let number = number.map_err(|error| of(question, why(error)))?;
    Ok(match &question.prediction {
        Prediction::Law(law) => {
            let text = record.title_of_law(law).unwrap_or(law).to_owned();
            Rule { number, is_law: true, text }
        }
        Prediction::Rule(rule) => Rule { number, is_law: false, text: rule.to_string() },
    })
}

/// What is wrong, with the question's name.
fn of(question: &Question, message: String) -> String {
    format!("question `{}`: {message}", question.id)
}

fn measured(question: &Question, finding: &Finding) -> Right {
    let shown = with_unit(&spread(finding.measured), &question.unit);
    Right { number: finding.measured.median, says: format!("the kernel gave {shown}") }
}

/// What is believed, predicted and measured, and where it is from.
fn answer(question: &Question, rule: &Rule, finding: Option<&Finding>) -> String {
    let believed = question.believed.map(|believed| ("most people believe", number(believed)));
    let measured = finding.map(|finding| ("measured", format!("**{}**", spread(finding.measured))));
    let columns: Vec<_> = believed
        .into_iter()
        .chain([("the kernel's rule", number(rule.number))])
        .chain(measured)
        .collect();
    let row = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut text = row(columns.iter().map(|(head, _)| *head).collect());
    text += &row(vec!["--:"; columns.len()]);
    text += &row(columns.iter().map(|(_, number)| number.as_str()).collect());
    let rule_text = match rule.is_law {
        true => Some(format!("The rule: {}.", report::escaped(&rule.text))),
        // A number alone is in the table.
        false if rule.text.parse::<f64>().is_ok() => None,
        false => Some(format!("The rule: `{}`.", rule.text)),
    };
    let counters = finding.map(|finding| finding.counters.as_slice()).unwrap_or_default();
    let counters: Vec<_> = counters
        .iter()
        .map(|(counter, change)| {
            format!("`{}` of the {} +{}", counter.name, counter.host, number(*change))
        })
        .collect();
    let counters =
        (!counters.is_empty()).then(|| format!("The kernel's counters: {}.", counters.join(", ")));
    let disturbed = finding
        .filter(|finding| finding.is_disturbed)
        .map(|_| "Other work on the machine disturbed each of these trials.".to_owned());
    let sentences: Vec<_> = rule_text.into_iter().chain(counters).chain(disturbed).collect();
    format!("{text}\n{}", sentences.join(" "))
}

/// A question with a field for the reader's number; behind the summary, the answer.
fn disclosed(
    kind: &str,
    index: usize,
    question: &Question,
    right: &Right,
    summary: &str,
    answer: &str,
) -> String {
    let allowed = question.within.difference(right.number);
    let within = (!question.within.is_exact()).then(|| format!("(± {} is right)", question.within));
    let field = html! {
        p.prediction data-right=(right.number) data-allowed=(allowed) data-says=(right.says) {
            label {
                "Your number: "
                input type="text" inputmode="decimal" autocomplete="off" size="8";
                @if !question.unit.is_empty() { " " (question.unit) }
            }
            @if let Some(within) = within { " " span.within { (within) } }
            " " button type="button" hidden { "Compare" }
            " " output {}
        }
    };
    format!(
        "<div class=\"question\" id=\"{kind}-{id}\">\n\n**{index}.** {ask}\n\n{field}\n\n\
         <details>\n<summary>{summary}</summary>\n\n{answer}\n\n</details>\n</div>",
        id = question.id,
        ask = question.ask,
        field = field.into_string(),
    )
}
