//! The file of a suite.

use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::file::ParsedFile;
use crate::limits::{Limits, MAX_MEMBERS, MAX_PROBLEMS};
use crate::name;
use crate::overrides::Overrides;
use crate::plan::Plan;
use crate::planner::Planner;
use crate::problem::{Problem, ScenarioErrors};
use crate::scenario_file::ScenarioFile;
use crate::source::{self, FindError, Source};
use crate::strict;
use crate::suite::{MEMBERS, Suite};
use crate::text::shortened;
use crate::tree::{Entry, Kind, Node};

/// The file of a suite, read and parsed.
#[derive(Debug, Clone)]
pub struct SuiteFile(Arc<ParsedFile>);

/// A suite with the files of its scenarios.
#[derive(Debug, Clone)]
pub struct LoadedSuite {
    /// The contents of the file.
    pub suite: Suite,
    /// The files of its scenarios, in the order of [`Suite::suite`].
    pub scenarios: Vec<ScenarioFile>,
    file: Arc<ParsedFile>,
}

impl SuiteFile {
    pub(crate) fn new(file: ParsedFile) -> Self {
        Self(Arc::new(file))
    }

    pub(crate) fn file(&self) -> &ParsedFile {
        &self.0
    }

    /// Name, path and text of the file.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// Reads the suite and the files of its scenarios.
    ///
    /// # Errors
    /// All problems of the suite's own file.
    pub fn load(&self) -> Result<LoadedSuite, ScenarioErrors> {
        self.load_among(&[])
    }

    /// As [`SuiteFile::load`], with scenarios that have been read already, such as those of
    /// the catalogue.
    ///
    /// # Errors
    /// As for [`SuiteFile::load`].
    pub fn load_among(&self, read: &[ScenarioFile]) -> Result<LoadedSuite, ScenarioErrors> {
        let source = &self.0.source;
        let (mut tree, mut problems) = self.0.tree()?;
        if let Some(problem) = too_many(&tree) {
            problems.push(problem);
            return Err(ScenarioErrors::new(source, problems));
        }
        let written = tree.clone();
        expand_names(&mut tree, &mut problems);
        let suite = strict::read::<Suite>(&mut tree, &mut problems);
        let mut scenarios = Vec::new();
        if let Some(suite) = &suite {
            check_header(suite, source, &written, &mut problems);
            scenarios = self.load_scenarios(suite, read, &mut problems);
        }
        match suite {
            Some(suite) if problems.is_empty() => {
                Ok(LoadedSuite { suite, scenarios, file: Arc::clone(&self.0) })
            }
            _ => Err(ScenarioErrors::new(source, problems)),
        }
    }

    fn load_scenarios(
        &self,
        suite: &Suite,
        read: &[ScenarioFile],
        problems: &mut Vec<Problem>,
    ) -> Vec<ScenarioFile> {
        let mut scenarios = Vec::new();
        let names = suite.names();
        for (position, &name) in names.iter().enumerate() {
            if problems.len() >= MAX_PROBLEMS {
                break;
            }
            let place = self.0.place_of_member(position);
            if names[..position].contains(&name) {
                problems.push(Problem::new(place.clone(), format!("`{name}` is listed twice")));
            }
            if let Some(file) = read.iter().find(|file| file.source().name == name) {
                scenarios.push(file.clone());
                continue;
            }
            let file = match source::find(name) {
                Err(FindError::Unknown { help, .. }) => {
                    let message = format!("there is no scenario `{}`", shortened(name));
                    problems.push(Problem::new(place, message).help(help));
                    continue;
                }
                Err(error) => {
                    let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
                    problems.push(Problem::new(place, format!("{error}{cause}")));
                    continue;
                }
                Ok(source) => ParsedFile::parse(source),
            };
            if file.is_suite() {
                let message = format!("`{name}` is a suite itself: name its scenarios");
                problems.push(Problem::new(place, message));
            }
            scenarios.push(ScenarioFile::new(file));
        }
        scenarios
    }
}

impl LoadedSuite {
    /// The overrides of each scenario, in their order.
    pub fn overrides(&self) -> impl Iterator<Item = Overrides> {
        self.suite.suite.iter().map(|member| member.overrides(&self.suite))
    }

    /// The plan of each scenario, with what the suite changes in it.
    ///
    /// # Errors
    /// All problems of the changes or of the scenarios, at the lines of the
    /// suite's file.
    pub fn plans(
        &self,
        allow_large: bool,
        planner: &mut Planner<'_>,
    ) -> Result<Vec<Rc<Plan>>, ScenarioErrors> {
        let (mut plans, mut problems) = (Vec::<Rc<Plan>>::new(), Vec::new());
        for (position, (scenario, overrides)) in
            self.scenarios.iter().zip(self.overrides()).enumerate()
        {
            match planner.plan(scenario, &Overrides { allow_large, ..overrides }) {
                Ok(plan) => plans.push(plan),
                Err(errors) => {
                    let place = self.file.place_of_member(position);
                    let name = &scenario.source().name;
                    problems.extend(errors.problems().iter().map(|problem| {
                        Problem::new(place.clone(), format!("`{name}`: {problem}"))
                            .maybe_help(problem.help.clone())
                    }));
                }
            }
        }
        let trials = plans.iter().map(|plan| plan.trials.len() as u64).sum();
        problems.extend(Limits::new(allow_large).too_many_trials(trials).map(
            |(reason, advice)| {
                let place = self.file.place_of_suite();
                Problem::new(place, format!("the suite has {reason}")).help(advice)
            },
        ));
        if problems.is_empty() {
            Ok(plans)
        } else {
            Err(ScenarioErrors::new(&self.file.source, problems))
        }
    }
}

/// A problem if the list is longer than any suite. Reading a scenario takes much longer than
/// reading its name.
fn too_many(tree: &Node) -> Option<Problem> {
    let Some(Node { kind: Kind::Seq(items), .. }) = tree.get(&[MEMBERS]) else { return None };
    (items.len() > MAX_MEMBERS).then(|| {
        let message = format!("{} scenarios; the most of a suite is {MAX_MEMBERS}", items.len());
        let place = tree.place_of(&[MEMBERS, &MAX_MEMBERS.to_string()]);
        Problem::new(place, message).help("write several suites")
    })
}

/// Checks the suite's name, and that it has scenarios.
fn check_header(suite: &Suite, source: &Source, written: &Node, problems: &mut Vec<Problem>) {
    name::check(&suite.name, written.place_of(&["name"]), problems);
    if suite.name != source.name {
        let message =
            format!("the suite is called `{}`, but its file `{}`", suite.name, source.name);
        problems.push(Problem::new(written.place_of(&["name"]), message));
    }
    if suite.suite.is_empty() {
        let message = "a suite needs at least one scenario";
        problems.push(Problem::new(written.place_of(&[MEMBERS]), message));
    }
}

/// Replaces each name in the list by a mapping, and removes what is neither. Serde
/// would accept a list as a member, with its items as the fields in order.
fn expand_names(tree: &mut Node, problems: &mut Vec<Problem>) {
    let Some(Node { kind: Kind::Seq(items), .. }) = tree.get(&[MEMBERS]) else { return };
    for (position, item) in items.clone().into_iter().enumerate().rev() {
        let path = [MEMBERS, &position.to_string()].map(str::to_owned);
        match &item.kind {
            Kind::Map(_) => {}
            Kind::Scalar(Value::String(_)) => {
                let place = item.place.clone();
                let name = Entry { key: place.clone(), node: item };
                let member = Kind::Map(IndexMap::from([("scenario".to_owned(), name)]));
                tree.replace_item(MEMBERS, position, Node { place, kind: member });
            }
            Kind::Scalar(_) | Kind::Seq(_) => {
                let message = "a scenario of a suite is a name or a mapping";
                let problem = Problem::new(tree.place_of(&path), message);
                problems.push(problem.help("write `smoke` or `{ scenario: smoke, repeat: 10 }`"));
                tree.remove(&path);
            }
        }
    }
}
