//! Problems of a headline in a file, and what overrides leave of it.

use std::collections::BTreeSet;

use load_generator::{Destination, LoadSettings};
use serde_json::Value;

use crate::axis::Axis;
use crate::headline::{Headline, HeadlineMetric, PLACEHOLDERS, Piece, Statement, Texts, pieces};
use crate::kernel::Kernel;
use crate::law_id::{law_and_port, law_id_on};
use crate::limits::MAX_STATEMENTS;
use crate::model::{AxisValues, Scenario};
use crate::name_hint::did_you_mean;
use crate::overrides::plain;
use crate::place::Place;
use crate::problem::Problem;
use crate::text::{listed, shortened};
use crate::tree::{Kind, Node};

/// Sections whose settings can be placeholders.
const SECTIONS: [&str; 4] = ["hosts.", "server.", "load.", "after."];

/// Checks the headline of a scenario's file.
pub(crate) fn check(
    scenario: &Scenario,
    tree: &Node,
    kernel: &dyn Kernel,
    problems: &mut Vec<Problem>,
) {
    let Some(Headline(statements)) = &scenario.headline else { return };
    let is_list = tree.get(&["headline"]).is_some_and(|node| matches!(node.kind, Kind::Seq(_)));
    if !(1..=MAX_STATEMENTS).contains(&statements.len()) {
        let message = format!("{} statements; use 1 to {MAX_STATEMENTS}", statements.len());
        problems.push(Problem::new(tree.place_of(&["headline"]), message));
        return;
    }
    for (index, statement) in statements.iter().enumerate() {
        let index = index.to_string();
        let path = if is_list { vec!["headline", &index] } else { vec!["headline"] };
        Check { statement, scenario, tree, path }.run(kernel, problems);
    }
}

/// Removes what is about other axes, or other values of them, than these: an override can fix an
/// axis or leave values out, and the record of a run must be a valid scenario.
pub(crate) fn keep_axes(headline: &mut Headline, axes: &[Axis]) {
    let values_of = |path: &str| {
        let axis = axes.iter().find(|axis| axis.path == path);
        axis.map(|axis| axis.values.iter().map(plain).collect::<Vec<_>>())
    };
    for statement in &mut headline.0 {
        statement.over.take_if(|over| values_of(over).is_none());
        statement.by.take_if(|by| values_of(by).is_none());
        statement.at.retain(|axis, wanted| {
            let Some(values) = values_of(axis) else { return false };
            let is_known =
                |value: &str| Statement::is_end(value) || values.contains(&value.to_owned());
            if is_known(&plain(wanted)) {
                return true;
            }
            let Some(several) = wanted.as_array_mut() else { return false };
            several.retain(|value| is_known(&plain(value)));
            !several.is_empty()
        });
        let winners = statement.over.as_deref().and_then(values_of).unwrap_or_default();
        for texts in [&mut statement.lead, &mut statement.say].into_iter().flatten() {
            texts.keep(|finding| winners.iter().any(|value| value == finding));
        }
    }
}

/// A statement, and where it was written.
struct Check<'a> {
    statement: &'a Statement,
    scenario: &'a Scenario,
    tree: &'a Node,
    path: Vec<&'a str>,
}

impl Check<'_> {
    fn place(&self, steps: &[&str]) -> Place {
        self.tree.place_of(&[self.path.as_slice(), steps].concat())
    }

    fn run(&self, kernel: &dyn Kernel, problems: &mut Vec<Problem>) {
        self.check_subject(kernel, problems);
        let Statement { over, by, at, lead, say, .. } = self.statement;
        for (field, axis) in [("over", over), ("by", by)] {
            if let Some(axis) = axis {
                self.check_is_axis(axis, self.place(&[field]), problems);
            }
        }
        for (axis, wanted) in at {
            self.check_is_axis(axis, self.place(&["at", axis]), problems);
            self.check_values(axis, wanted, problems);
        }
        if by.is_some() && by == over {
            let message = "`by` and `over` are the same axis";
            problems.push(Problem::new(self.place(&["by"]), message));
        }
        for (field, texts) in [("lead", lead), ("say", say)] {
            if let Some(texts) = texts {
                self.check_texts(field, texts, problems);
            }
        }
    }

    /// Checks the values of an axis in `at`: one, or several in a list.
    fn check_values(&self, axis: &str, wanted: &Value, problems: &mut Vec<Problem>) {
        let values = self.values_of(axis);
        let is_known = |value: &str| Statement::is_end(value) || values.contains(&value.to_owned());
        // The values of an axis can be lists, too.
        if values.is_empty() || is_known(&plain(wanted)) {
            return;
        }
        let several = wanted.as_array().filter(|several| !several.is_empty());
        for value in several.map_or(std::slice::from_ref(wanted), Vec::as_slice) {
            let value = plain(value);
            if !is_known(&value) {
                let message = format!("`{axis}` has no value {}", shortened(&value));
                let help = format!("use `first`, `last` or one of {}", listed(&values));
                problems.push(Problem::new(self.place(&["at", axis]), message).help(help));
            }
        }
    }

    fn check_subject(&self, kernel: &dyn Kernel, problems: &mut Vec<Problem>) {
        let Statement { metric, law, expectation, over, .. } = self.statement;
        let subjects = [metric.is_some(), law.is_some(), expectation.is_some()];
        if subjects.into_iter().filter(|is_subject| *is_subject).count() != 1 {
            let message =
                "a statement of the headline needs either a `metric`, a `law` or an `expectation`";
            let help = "for example `headline: {metric: success, over: server.backlog}`";
            problems.push(Problem::new(self.place(&[]), message).help(help));
        }
        if let (Some(law), Some(known)) = (law, kernel.law_ids()) {
            self.check_law(law, &known, problems);
        }
        let Some(expectation) = expectation else { return };
        let expressions: Vec<&str> =
            self.scenario.expect.iter().map(|expectation| expectation.that.as_str()).collect();
        if !expressions.contains(&expectation.as_str()) {
            let message = format!("no expectation is `{}`", shortened(expectation));
            let help = match did_you_mean(expectation, &expressions) {
                Some(help) => help,
                None => "write the `that:` of one of them".to_owned(),
            };
            problems.push(Problem::new(self.place(&["expectation"]), message).help(help));
        }
        if over.is_some() {
            let message = "an expectation is not compared along an axis";
            problems.push(Problem::new(self.place(&["over"]), message).help("remove `over`"));
        }
    }

    fn check_law(&self, law: &str, known: &[&'static str], problems: &mut Vec<Problem>) {
        let (id, port) = law_and_port(law);
        let message = format!("there is no law `{law}`");
        if !known.contains(&id) {
            let help = did_you_mean(law, known)
                .unwrap_or_else(|| format!("use one of {}", known.join(", ")));
            problems.push(Problem::new(self.place(&["law"]), message).help(help));
            return;
        }
        let Some(port) = port else { return };
        let ports = self.ports_of_several();
        if ports.contains(&port) {
            return;
        }
        let problem = Problem::new(self.place(&["law"]), message);
        problems.push(problem.help(match ports.is_empty() {
            true => {
                format!(
                    "use `{id}`: the load does not have several destinations (load.destinations)"
                )
            }
            false => {
                let ids: Vec<_> = ports.iter().map(|port| law_id_on(id, *port)).collect();
                let ids: Vec<_> = ids.iter().map(String::as_str).collect();
                format!("use one of {}: the load has no other destination", listed(&ids))
            }
        }));
    }

    /// The ports of each list of several destinations, in both forms of the scenario.
    fn ports_of_several(&self) -> BTreeSet<u16> {
        let quick = self.scenario.quick.as_ref();
        let loads = [Some(&self.scenario.load), quick.map(|quick| &quick.load)];
        let fixed = loads.into_iter().flatten().map(LoadSettings::ports);
        let axes = [Some(&self.scenario.matrix), quick.map(|quick| &quick.matrix)];
        let axes = axes.into_iter().flatten().filter_map(|matrix| matrix.get("load.destinations"));
        let values = axes.flat_map(|values| match values {
            AxisValues::List(values) => values.as_slice(),
            AxisValues::Range(_) => &[],
        });
        let varied = values.filter_map(|list| {
            let list: Vec<Destination> = serde_json::from_value(list.clone()).ok()?;
            Some(list.iter().map(|destination| destination.port).collect())
        });
        let lists: Vec<Vec<u16>> = fixed.chain(varied).collect();
        lists.into_iter().filter(|ports| ports.len() > 1).flatten().collect()
    }

    fn check_is_axis(&self, name: &str, place: Place, problems: &mut Vec<Problem>) {
        let axes = self.axes();
        if axes.contains(&name) {
            return;
        }
        let message = format!("`{}` is not an axis of the matrix", shortened(name));
        let help = match axes.is_empty() {
            true => Some("remove it: the scenario has no axes".to_owned()),
            false => did_you_mean(name, &axes),
        };
        problems.push(Problem::new(place, message).maybe_help(help));
    }

    /// The axes as written, of which some may be invalid.
    fn axes(&self) -> Vec<&str> {
        let axes = self.tree.get(&["matrix"]).and_then(Node::entries);
        axes.into_iter().flatten().map(|(path, _)| path.as_str()).collect()
    }

    /// The values of an axis in both forms of the scenario, as they would be typed.
    fn values_of(&self, axis: &str) -> Vec<String> {
        let quick = self.scenario.quick.as_ref().and_then(|quick| quick.matrix.get(axis));
        let axes = self.scenario.matrix.get(axis).into_iter().chain(quick);
        let values = axes.flat_map(|values| match values {
            AxisValues::List(values) => values.clone(),
            AxisValues::Range(range) => range.values().unwrap_or_default(),
        });
        values.map(|value| plain(&value)).collect()
    }

    fn check_texts(&self, field: &str, texts: &Texts, problems: &mut Vec<Problem>) {
        let winners = match &self.statement.over {
            Some(over) => self.values_of(over),
            None => Vec::new(),
        };
        for (finding, text) in texts.all() {
            let steps: Vec<_> = [field].into_iter().chain(finding).collect();
            if let Some(finding) = finding
                && !Texts::FINDINGS.contains(&finding)
                && !winners.iter().any(|value| value == finding)
            {
                let known = Texts::FINDINGS.into_iter().chain(winners.iter().map(String::as_str));
                let known: Vec<_> = known.collect();
                let message = format!("no finding is `{}`", shortened(finding));
                let problem = Problem::new(self.place(&steps), message);
                problems.push(problem.help(format!("use one of {}", listed(&known))));
            }
            self.check_text(text, &steps, problems);
        }
    }

    fn check_text(&self, text: &str, steps: &[&str], problems: &mut Vec<Problem>) {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(reason) => {
                let help = "write the name of a placeholder in braces, as in `{values}`";
                problems.push(Problem::new(self.place(steps), reason).help(help));
                return;
            }
        };
        for piece in pieces {
            let Piece::Placeholder(name) = piece else { continue };
            let is_setting = SECTIONS.iter().any(|section| name.starts_with(section));
            let is_metric = HeadlineMetric::named(name).is_some();
            if PLACEHOLDERS.contains(&name) || is_setting || is_metric {
                continue;
            }
            let message = format!("no placeholder is `{{{}}}`", shortened(name));
            let problem = Problem::new(self.place(steps), message);
            problems.push(problem.maybe_help(did_you_mean(name, &PLACEHOLDERS)));
        }
    }
}
