//! A suite as a table for a terminal.

use run_record::SuiteDirectory;
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable, Screen};

use crate::answer::in_a_line;
use crate::document::emphasis;
use crate::suite::{Member, Suite};
use crate::table::Table;

/// The answers of the scenarios that have a run, a paragraph each.
fn answers(suite: &Suite, screen: Screen) -> Option<Printable> {
    let answer = |member: Member<'_>| {
        let answer = in_a_line(member.run?)?;
        let text = format!("{}: {answer}", member.record.scenario);
        Some(Printable::new(&wrap_to(screen.columns, &text, "", "  ").replace('\u{a0}', " ")))
    };
    let answers: Vec<_> = suite.members().filter_map(answer).collect();
    (!answers.is_empty()).then(|| Printable::joined(answers, "\n"))
}

/// A row for each scenario, the answers, the verdict, and the suite's directory.
pub(super) fn summary(suite: &Suite, screen: Screen) -> Printable {
    let record = &suite.record;
    let row = |member: Member<'_>| {
        let directory = match (&member.record.run, member.run) {
            (Some(run), Some(_)) => {
                let directory = SuiteDirectory::run_path(&suite.path, run);
                let directory = directory.map_or_else(|error| error, |it| it.display().to_string());
                match member.record.problem {
                    Some(_) => format!("{}: {directory}", member.verdict.describe().to_owned()),
                    None => directory,
                }
            }
            _ => member.verdict.describe().to_owned(),
        };
        let (trials, took) = (member.record.trials, member.record.seconds);
        vec![
            member.record.scenario.clone(),
            member.verdict.state.label().to_owned(),
            directory,
            trials.to_string(),
            format!("{took:.0} s"),
        ]
    };
    let table = Table {
        head: ["scenario", "", "run directory", "trials", "took"].map(str::to_owned).into(),
        rows: suite.members().map(row).collect(),
        words: 3,
        keys: 1,
        emphasis: suite.members().enumerate().map(state).collect(),
        ..Table::default()
    };
    let text = |emphasis, text: &str| {
        Printable::with(screen, emphasis, &wrap_to(screen.columns, text, "", "  "))
    };
    let title = text(Emphasis::Strong, &format!("{}: {}", record.suite, record.question));
    let verdict = text(emphasis(suite.verdict.verdict), &suite.verdict.headline());
    let verdict = match record.ended {
        None => Printable::joined([verdict, Printable::new("The suite is not finished.")], "\n"),
        Some(_) => verdict,
    };
    let directory = Printable::new(&format!("Suite directory: {}", suite.path.display()));
    let parts = [Some(title), Some(table.text(screen)), answers(suite, screen), Some(verdict)];
    Printable::joined(parts.into_iter().flatten().chain([directory]), "\n\n")
}

/// The meaning of the state of the scenario in a row.
fn state((row, member): (usize, Member<'_>)) -> ((usize, usize), Emphasis) {
    let emphasis = match member.verdict.state {
        state if state.is_passed() => Emphasis::Good,
        state if state.is_failed() => Emphasis::Bad,
        _ => Emphasis::Warning,
    };
    ((row, 1), emphasis)
}
