//! A scenario's topic, built from its file.

use std::collections::BTreeMap;

use diagnosis::{ScenarioUse, Topic, TopicKind, Topics};
use indexmap::{IndexMap, IndexSet};
use run_record::{AxisNames, describe_value};
use scenario::{
    AnyKernel, Axis, Document, Overrides, Plan, Planner, ScenarioErrors, ScenarioFile, Suite,
};

/// The scenario's topic, and how it uses the other topics, by name.
pub(super) fn topic(
    document: &Document,
    topics: &Topics,
) -> (Topic, IndexMap<String, ScenarioUse>) {
    let (summary, text, shows) = content(document, topics).unwrap_or_else(|_| {
        let check = format!("See `queuelab check {}`.", document.name());
        ("invalid".to_owned(), check, IndexMap::new())
    });
    let shown = shows.iter().filter(|(_, showing)| !matches!(showing, ScenarioUse::Fixed(_)));
    let mut see: Vec<_> = shown.map(|(name, _)| name.clone()).collect();
    if see.is_empty() {
        see.push("backlog".to_owned());
    }
    let topic = Topic {
        kind: TopicKind::Scenario,
        name: document.name().to_owned(),
        aliases: Vec::new(),
        summary,
        default: None,
        text,
        kernel: IndexMap::new(),
        misconceptions: IndexMap::new(),
        scenarios: BTreeMap::new(),
        related: see,
    };
    (topic, shows)
}

/// A document's question, its text, and how it uses each topic.
fn content(
    document: &Document,
    topics: &Topics,
) -> Result<(String, String, IndexMap<String, ScenarioUse>), ScenarioErrors> {
    Ok(match document {
        Document::Scenario(file) => {
            let mut planner = Planner::new(&AnyKernel);
            let plan = planner.plan(file, &Overrides::default())?;
            let text = text(file, &plan, &mut planner);
            (plan.scenario.question.clone(), text, shows(&plan, topics))
        }
        Document::Suite(file) => {
            let suite = file.load()?.suite;
            (suite.question.clone(), suite_text(&suite), IndexMap::new())
        }
    })
}

/// The description of a suite, with its scenarios.
fn suite_text(suite: &Suite) -> String {
    let description = suite.description.as_deref().unwrap_or_default().trim();
    let form = if suite.quick { "the quick form of " } else { "" };
    format!("{description}\n\nIt runs {form}{}.", suite.names().join(", "))
}

/// What a plan does with each topic: the first of varying it, checking it and keeping it
/// at a value.
fn shows(plan: &Plan, topics: &Topics) -> IndexMap<String, ScenarioUse> {
    let mut shows = IndexMap::new();
    let mut show = |name: &str, showing: ScenarioUse| {
        if let Some(topic) = topics.find(name) {
            shows.entry(topic.name.clone()).or_insert(showing);
        }
    };
    for axis in &plan.axes {
        show(axis_setting(&axis.path), ScenarioUse::Varied(values(axis)));
    }
    for name in checked_topics(plan) {
        show(&name, ScenarioUse::Checked);
    }
    let hosts = &plan.scenario.hosts;
    for (name, value) in [&hosts.server, &hosts.client].into_iter().flat_map(|host| &host.sysctls) {
        show(name, ScenarioUse::Fixed(value.to_string()));
    }
    shows
}

/// The sysctl or the setting that an axis varies.
fn axis_setting(path: &str) -> &str {
    path.split_once(".sysctls.").map_or(path, |(_, name)| name)
}

fn values(axis: &Axis) -> String {
    let texts: Vec<_> = axis.values.iter().map(describe_value).collect();
    match texts.as_slice() {
        [first, .., last] if texts.len() > 6 => {
            format!("{} values from {first} to {last}", texts.len())
        }
        _ => texts.join(", "),
    }
}

/// The counters, outcomes and queue depths that its expectations refer to.
fn checked_topics(plan: &Plan) -> IndexSet<String> {
    let expectations = plan.scenario.expect.iter();
    let expressions =
        expectations.flat_map(|expectation| [Some(&expectation.that), expectation.when.as_ref()]);
    expressions
        .flatten()
        .flat_map(|text| named_counters(text).into_iter().chain(named_fields(text)))
        .collect()
}

/// The counters that an expression names: `counters.server["TcpExt.TW"]`.
pub(super) fn named_counters(expression: &str) -> Vec<String> {
    let after = expression.split("counters.").skip(1);
    after.filter_map(|rest| rest.split('"').nth(1)).map(str::to_owned).collect()
}

/// The outcomes and queue depths that an expression names: `outcomes.ok`, `queue.depth`.
fn named_fields(expression: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let names = expression.split(|c| !is_name(c));
    names
        .filter_map(|name| {
            name.strip_prefix("outcomes.").or(name.strip_prefix("queue.").map(|_| name))
        })
        .map(str::to_owned)
        .collect()
}

fn text(file: &ScenarioFile, plan: &Plan, planner: &mut Planner<'_>) -> String {
    let mut paragraphs: Vec<String> = Vec::new();
    paragraphs.extend(plan.scenario.description.as_deref().map(|text| text.trim().to_owned()));
    let names = AxisNames::new(plan.axes.iter().map(|axis| axis.path.as_str()));
    let varied: Vec<_> = plan
        .axes
        .iter()
        .filter(|axis| axis.values.len() > 1)
        .map(|axis| format!("{} ({})", names.short(&axis.path), values(axis)))
        .collect();
    if !varied.is_empty() {
        paragraphs.push(format!("It varies {}.", varied.join(", ")));
    }
    paragraphs.push(size(file, plan, planner));
    let expected: Vec<_> = plan
        .scenario
        .expect
        .iter()
        .map(|expectation| {
            let when = expectation.when.as_ref();
            let when = when.map_or(String::new(), |when| format!("\n      when {when}"));
            let because = expectation.because.as_ref();
            let because = because.map_or(String::new(), |why| format!("\n      because {why}"));
            format!("  {}{when}{because}", expectation.that)
        })
        .collect();
    if !expected.is_empty() {
        paragraphs.push(format!("What must hold in each trial:\n{}", expected.join("\n")));
    }
    paragraphs.join("\n\n")
}

/// The numbers of trials and cells, and of trials in the quick form.
fn size(file: &ScenarioFile, plan: &Plan, planner: &mut Planner<'_>) -> String {
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", report::count(number as i64)),
    };
    let quick = Overrides { quick: true, ..Overrides::default() };
    let quick = planner.plan(file, &quick).map_or(0, |quick| quick.trials.len());
    let quick = match quick {
        0 => String::new(),
        fewer if fewer < plan.trials.len() => {
            format!(", and {} with `--quick`", report::count(fewer as i64))
        }
        _ => String::new(),
    };
    format!(
        "`queuelab run {}` runs {} in {}{quick}.",
        file.source().name,
        count(plan.trials.len(), "trial"),
        count(plan.cells.len(), "cell"),
    )
}
