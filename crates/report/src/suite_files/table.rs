//! A suite as a table for a terminal.

use run_record::SuiteDirectory;
use run_view::prose::wrap;

use crate::answer::in_a_line;
use crate::suite::{Member, Suite};
use crate::table::Table;

/// The answers of the scenarios that have a run; an empty line follows them.
fn answers(suite: &Suite) -> String {
    let answer = |member: Member<'_>| {
        let answer = in_a_line(member.run?)?;
        let text = visible::line(&format!("{}: {answer}", member.record.scenario)).into_owned();
        Some(wrap(&text, "", "  "))
    };
    let answers: Vec<_> = suite.members().filter_map(answer).collect();
    if answers.is_empty() { String::new() } else { format!("{}\n\n", answers.join("\n")) }
}

/// A row for each scenario, the answers, the verdict, and the suite's directory.
pub(super) fn summary(suite: &Suite) -> String {
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
        title: String::new(),
        head: ["scenario", "", "run directory", "trials", "took"].map(str::to_owned).into(),
        rows: suite.members().map(row).collect(),
        words: 3,
    };
    let unfinished = match record.ended {
        None => "\nThe suite is not finished.",
        Some(_) => "",
    };
    format!(
        "{}\n\n{}\n\n{}{}{unfinished}\n\nSuite directory: {}",
        visible::line(&format!("{}: {}", record.suite, record.question)),
        table.drawn(),
        answers(suite),
        visible::line(&suite.verdict.headline()),
        suite.path.display()
    )
}
