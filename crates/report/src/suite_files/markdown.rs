//! The `summary.md` of a suite, for the summary page of a CI job.

use run_record::{MemberState, SuiteMember, Verdict};

use crate::answer::in_a_line;
use crate::files::markdown_in_suite;
use crate::junit::{RUN_CASE, Status, Unheld, unheld};
use crate::suite::{Member, Suite};
use crate::table::{Table, escaped};

/// The largest size, bytes. GitHub limits the summary of a job to one mebibyte; the rest is
/// for what a workflow adds.
const MAX_BYTES: usize = 900_000;

/// The largest size of the short form of a scenario, bytes, so that all fit.
const MAX_BRIEF_BYTES: usize = 16_000;

/// The test cases that are listed; the others are only counted.
const MAX_CASES: usize = 40;

/// The largest size of the message of a case, bytes.
const MAX_MESSAGE_BYTES: usize = 300;

/// A table of all scenarios, a table of the cases that did not hold at first, and a section
/// for each scenario, failed ones first, with its tables while there is room.
pub(super) fn markdown(suite: &Suite) -> String {
    let record = &suite.record;
    let sign = match suite.verdict.verdict {
        Verdict::Failed => "❌",
        Verdict::Held => "✅",
        _ => "⚠️",
    };
    let machine = &record.machine;
    let mut text = format!(
        "# {}: {}\n\n{sign} **{}**\n\n{}\nHosts: {}; Linux {} on {} CPUs. Started {}{}.\n",
        escaped(&record.suite),
        escaped(&record.question),
        escaped(&suite.verdict.headline()),
        table(suite).markdown(),
        escaped(&record.backend.name),
        escaped(&machine.kernel),
        machine.cpus,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        if record.ended.is_some() { "" } else { ", not finished" },
    );
    text += &cases(suite);
    let mut members: Vec<_> = suite.members().collect();
    members.sort_by_key(|member| {
        let SuiteMember { held_on_retry, .. } = member.verdict;
        let is_inconclusive = member.verdict.is_inconclusive();
        (!member.verdict.failed(), !is_inconclusive, *held_on_retry == 0)
    });
    let texts = |member: &Member<'_>| {
        let [full, brief] = match member.run {
            Some(run) => markdown_in_suite(run).map(Some),
            None => [None, Some(not_run_section(member))],
        };
        (truncate(&brief.unwrap_or_default(), MAX_BRIEF_BYTES).to_owned(), full)
    };
    // The short forms of all other scenarios must still fit.
    let members: Vec<_> = members.into_iter().map(|member| (texts(&member), member)).collect();
    let mut needed: usize = members.iter().map(|((brief, _), _)| brief.len() + 2).sum();
    let mut without_tables = Vec::new();
    for ((brief, full), member) in members {
        needed -= brief.len() + 2;
        let full = full.filter(|full| text.len() + full.len() + needed < MAX_BYTES);
        if full.is_none() && member.run.is_some() {
            without_tables.push(member.record.scenario.as_str());
        }
        text += &format!("\n{}\n", full.unwrap_or(brief).trim_end());
    }
    if !without_tables.is_empty() {
        text += &format!(
            "\nOmitted for lack of space: the tables of {}. See their own `summary.md`.\n",
            escaped(&without_tables.join(", "))
        );
    }
    text
}

fn table(suite: &Suite) -> Table {
    let row = |member: Member<'_>| {
        let sign = match (member.verdict.state, member.verdict.held_on_retry) {
            (state, _) if state.is_failed() => "❌",
            (MemberState::Inconclusive | MemberState::Skipped, _) => "⚠️",
            (_, 0) => "✅",
            _ => "⚠️",
        };
        let (trials, took) = (member.record.trials, member.record.seconds);
        vec![
            member.record.scenario.clone(),
            format!("{sign} {}", member.verdict.state.label()),
            member.verdict.describe().to_owned(),
            member.run.and_then(in_a_line).unwrap_or_default(),
            trials.to_string(),
            format!("{took:.0} s"),
        ]
    };
    Table {
        head: ["scenario", "verdict", "checks", "answer", "trials", "took"]
            .map(str::to_owned)
            .into(),
        rows: suite.members().map(row).collect(),
        words: 4,
        ..Table::default()
    }
}

/// The cases of `junit.xml` that did not hold at first, the worst first, because GitHub does
/// not show that file; empty if all held.
fn cases(suite: &Suite) -> String {
    let of_member = |member: Member<'_>| {
        let not_run = || {
            let (case, message) = (RUN_CASE.to_owned(), member.verdict.describe().to_owned());
            let is_skipped = member.verdict.state == MemberState::Skipped;
            match is_skipped {
                true => Vec::new(),
                false => vec![Unheld { case, status: Status::Error, message }],
            }
        };
        let cases = member.run.map_or_else(not_run, unheld);
        let scenario = member.record.scenario.clone();
        cases.into_iter().map(move |case| (scenario.clone(), case))
    };
    let mut cases: Vec<_> = suite.members().flat_map(of_member).collect();
    if cases.is_empty() {
        return String::new();
    }
    cases.sort_by_key(|(_, case)| case.status);
    let more = cases.len().saturating_sub(MAX_CASES);
    let row = |(scenario, Unheld { case, status, message }): (String, Unheld)| {
        let status = match status {
            Status::Failed => "❌ failed",
            Status::Error => "❌ error",
            Status::Disturbed => "⚠️ disturbed",
            Status::Flaky => "⚠️ flaky",
        };
        let message = message[..message.floor_char_boundary(MAX_MESSAGE_BYTES)].to_owned();
        vec![scenario, case, status.to_owned(), message]
    };
    let table = Table {
        head: ["scenario", "case", "", "first violation"].map(str::to_owned).into(),
        rows: cases.into_iter().take(MAX_CASES).map(row).collect(),
        words: 4,
        ..Table::default()
    };
    let more = match more {
        0 => String::new(),
        more => format!("\n… and {more} more, in `junit.xml`.\n"),
    };
    format!("\n{}{more}", table.markdown())
}

/// The section of a scenario without a run.
fn not_run_section(member: &Member<'_>) -> String {
    let name = escaped(&member.record.scenario);
    let verdict = match member.verdict.state {
        MemberState::Skipped => "⚠️ **skipped**",
        _ => "❌ **not run**",
    };
    format!("## {name}\n\n{verdict}: {}\n", escaped(member.verdict.describe()))
}

/// The first lines of a text, at most that many bytes.
fn truncate(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = text.floor_char_boundary(max);
    text[..end].rsplit_once('\n').map_or(&text[..end], |(lines, _)| lines)
}
