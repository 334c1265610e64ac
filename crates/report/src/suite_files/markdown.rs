//! A suite's `summary.md`, for a job's summary page.

use crate::files::markdown_in_suite;
use crate::junit::{How, Unheld, WHOLE, unheld};
use crate::suite::{Member, Suite};
use crate::table::{Table, escaped};

/// GitHub takes less than a mebibyte of a job: so many bytes leave room for
/// what a workflow adds.
const ROOM: usize = 900_000;

/// Of what a scenario says in short, so that the short of all fits.
const LONGEST_BRIEF: usize = 16_000;

/// Test cases in a table before they are only counted.
const LISTED_CASES: usize = 40;

/// Of what a case says, the longest text.
const LONGEST_MESSAGE: usize = 300;

/// The table of all scenarios first, then that of what did not hold at once; then each by itself, those that failed
/// first, with all its tables while there is room.
pub(super) fn markdown(suite: &Suite) -> String {
    let record = &suite.record;
    let flaky = suite.members().any(|member| member.verdict.held_on_retry > 0);
    let sign = match (suite.verdict.verdict.is_failed(), flaky) {
        (true, _) => "❌",
        (false, true) => "⚠️",
        (false, false) => "✅",
    };
    let machine = &record.machine;
    let mut text = format!(
        "# {}: {}\n\n{sign} **{}**\n\n{}\nHosts: {}; Linux {} on {} CPUs. Begun {}{}.\n",
        escaped(&record.suite),
        escaped(&record.question),
        escaped(&suite.verdict.headline()),
        table(suite).markdown(),
        escaped(&record.backend.name),
        escaped(&machine.kernel),
        machine.cpus,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        if record.ended.is_some() { "" } else { ", and not come to its end" },
    );
    text += &cases(suite);
    let mut members: Vec<_> = suite.members().collect();
    members.sort_by_key(|member| (!member.verdict.failed(), member.verdict.held_on_retry == 0));
    let texts = |member: &Member<'_>| {
        let [whole, brief] = match member.run {
            Some(run) => markdown_in_suite(run).map(Some),
            None => [None, Some(absent(member))],
        };
        (cut(&brief.unwrap_or_default(), LONGEST_BRIEF).to_owned(), whole)
    };
    // Whatever is said at length, all others must still find room for the short.
    let members: Vec<_> = members.into_iter().map(|member| (texts(&member), member)).collect();
    let mut needed: usize = members.iter().map(|((brief, _), _)| brief.len() + 2).sum();
    let mut without_tables = Vec::new();
    for ((brief, whole), member) in members {
        needed -= brief.len() + 2;
        let whole = whole.filter(|whole| text.len() + whole.len() + needed < ROOM);
        if whole.is_none() && member.run.is_some() {
            without_tables.push(member.record.scenario.as_str());
        }
        text += &format!("\n{}\n", whole.unwrap_or(brief).trim_end());
    }
    if !without_tables.is_empty() {
        text += &format!(
            "\nLeft out, as there is no room here: the figures of {}. Their own `summary.md` \
             has them.\n",
            escaped(&without_tables.join(", "))
        );
    }
    text
}

fn table(suite: &Suite) -> Table {
    let row = |member: Member<'_>| {
        let sign = match (member.verdict.failed(), member.verdict.held_on_retry) {
            (true, _) => "❌",
            (false, 0) => "✅",
            (false, _) => "⚠️",
        };
        let (trials, took) = (member.record.trials, member.record.seconds);
        vec![
            member.record.scenario.clone(),
            format!("{sign} {}", member.verdict.state.label()),
            member.verdict.describe().to_owned(),
            trials.to_string(),
            format!("{took:.0} s"),
        ]
    };
    Table {
        title: String::new(),
        head: ["scenario", "verdict", "checks", "trials", "took"].map(str::to_owned).into(),
        rows: suite.members().map(row).collect(),
        words: 3,
    }
}

/// Each case of `junit.xml` that did not hold at once, the worst first; nothing where
/// all did. GitHub shows no such file.
fn cases(suite: &Suite) -> String {
    let of_member = |member: Member<'_>| {
        let not_run = || {
            let (case, message) = (WHOLE.to_owned(), member.verdict.describe().to_owned());
            vec![Unheld { case, how: How::Error, message }]
        };
        let cases = member.run.map_or_else(not_run, unheld);
        let scenario = member.record.scenario.clone();
        cases.into_iter().map(move |case| (scenario.clone(), case))
    };
    let mut cases: Vec<_> = suite.members().flat_map(of_member).collect();
    if cases.is_empty() {
        return String::new();
    }
    cases.sort_by_key(|(_, case)| case.how);
    let more = cases.len().saturating_sub(LISTED_CASES);
    let row = |(scenario, Unheld { case, how, message }): (String, Unheld)| {
        let how = match how {
            How::Failed => "❌ failed",
            How::Error => "❌ error",
            How::Flaky => "⚠️ flaky",
        };
        let message = message[..message.floor_char_boundary(LONGEST_MESSAGE)].to_owned();
        vec![scenario, case, how.to_owned(), message]
    };
    let table = Table {
        title: String::new(),
        head: ["scenario", "case", "", "what did not hold at first"].map(str::to_owned).into(),
        rows: cases.into_iter().take(LISTED_CASES).map(row).collect(),
        words: 4,
    };
    let more = match more {
        0 => String::new(),
        more => format!("\n… and {more} more, in `junit.xml`.\n"),
    };
    format!("\n{}{more}", table.markdown())
}

/// Of a scenario without a run.
fn absent(member: &Member<'_>) -> String {
    let name = escaped(&member.record.scenario);
    format!("## {name}\n\n❌ **not run**: {}\n", escaped(member.verdict.describe()))
}

/// The first bytes of a text, whole letters and whole lines.
fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = text.floor_char_boundary(most);
    text[..end].rsplit_once('\n').map_or(&text[..end], |(whole, _)| whole)
}
