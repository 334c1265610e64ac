//! A suite: several scenarios under one name.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::{Problem, ScenarioErrors};
use crate::source::{self, FindError};
use crate::strict;
use crate::tree::{Entry, Kind, Node, Place};
use crate::{Kernel, Overrides, Plan, Source, plan};

/// The member that makes a file a suite.
const MEMBER: &str = "suite";

/// Several scenarios, run one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The suite's name: the same as its file's, without `.yaml`.
    pub name: String,
    /// The question that they answer together, in a sentence.
    pub question: String,
    /// What to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Take the quick form of each.
    #[serde(default)]
    pub quick: bool,
    /// The scenarios, in the order in which they are run: each by its name alone,
    /// or with what is changed in it.
    #[schemars(length(min = 1), schema_with = "names_or_members")]
    pub suite: Vec<SuiteMember>,
}

/// A scenario of a suite, and what is changed in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteMember {
    /// The scenario's name.
    pub scenario: String,
    /// Take its quick form; as the suite says, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<bool>,
    /// Settings by their path, as `--set` has them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub set: IndexMap<String, Value>,
    /// Values to keep of axes, as `--only` has them: one, or a list of them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub only: IndexMap<String, Value>,
    /// Trials of each cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub repeat: Option<u32>,
}

/// A name is short for a member without changes.
fn names_or_members(generator: &mut SchemaGenerator) -> Schema {
    let member = generator.subschema_for::<SuiteMember>();
    json_schema!({
        "type": "array",
        "items": { "anyOf": [{ "type": "string" }, member] },
    })
}

impl SuiteMember {
    /// What is changed in the scenario, as a command line would.
    pub fn overrides(&self, suite: &Suite) -> Overrides {
        let pair = |path: &str, value: &Value| (path.to_owned(), value.to_string());
        let set = self.set.iter().map(|(path, value)| pair(path, value));
        let only = self.only.iter().flat_map(|(path, value)| match value {
            Value::Array(values) => values.iter().map(|value| pair(path, value)).collect(),
            value => vec![pair(path, value)],
        });
        Overrides {
            quick: self.quick.unwrap_or(suite.quick),
            set: set.collect(),
            only: only.collect(),
            repeat: self.repeat,
            seed: None,
        }
    }
}

impl Suite {
    /// The suite that a file holds; none where it holds a scenario, or nothing
    /// that can be read as YAML.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn of(source: &Source) -> Result<Option<Self>, ScenarioErrors> {
        let mut problems = Vec::new();
        let Ok(mut tree) = Node::parse(&source.text, &mut problems) else { return Ok(None) };
        if tree.get(&[MEMBER]).is_none() {
            return Ok(None);
        }
        let written = tree.clone();
        spell_out(&mut tree, &mut problems);
        let suite = strict::read::<Self>(&mut tree, &mut problems);
        if let Some(suite) = &suite {
            problems.extend(suite.misfits(source, &written));
        }
        match suite {
            Some(suite) if problems.is_empty() => Ok(Some(suite)),
            _ => Err(ScenarioErrors::new(source, problems)),
        }
    }

    /// Its scenarios' files.
    ///
    /// # Errors
    /// When one has gone since the suite was read.
    pub fn members(&self) -> Result<Vec<Source>, FindError> {
        self.suite.iter().map(|member| source::find(&member.scenario)).collect()
    }

    /// Its scenarios' names.
    pub fn names(&self) -> Vec<&str> {
        self.suite.iter().map(|member| member.scenario.as_str()).collect()
    }

    /// The plan of each of its scenarios, as it would be run.
    ///
    /// # Errors
    /// Everything wrong with what the suite, whose file this is, changes in them,
    /// or with one of them.
    pub fn plans(&self, source: &Source, kernel: &dyn Kernel) -> Result<Vec<Plan>, ScenarioErrors> {
        let written = Node::parse(&source.text, &mut Vec::new());
        let (mut plans, mut problems) = (Vec::new(), Vec::new());
        for (position, member) in self.suite.iter().enumerate() {
            // One that has gone since the suite was read is told when it is run.
            let Ok(file) = source::find(&member.scenario) else { continue };
            match plan(&file, &member.overrides(self), kernel) {
                Ok(plan) => plans.push(plan),
                Err(errors) => {
                    let path = [MEMBER, &position.to_string()];
                    let place = written.as_ref().map_or(Place::Nowhere, |tree| {
                        match tree.get(&[MEMBER, path[1], "scenario"]) {
                            Some(name) => name.place.clone(),
                            None => tree.place_of(&path),
                        }
                    });
                    problems.extend(errors.problems().iter().map(|problem| {
                        let message = format!("`{}`: {problem}", member.scenario);
                        Problem::new(place.clone(), message).maybe_help(problem.help.clone())
                    }));
                }
            }
        }
        if problems.is_empty() { Ok(plans) } else { Err(ScenarioErrors::new(source, problems)) }
    }

    fn misfits(&self, source: &Source, written: &Node) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name != source.name {
            let message =
                format!("the suite is called `{}`, but its file `{}`", self.name, source.name);
            problems.push(Problem::new(written.place_of(&["name"]), message));
        }
        if self.suite.is_empty() {
            let message = "a suite without scenarios checks nothing";
            problems.push(Problem::new(written.place_of(&[MEMBER]), message));
        }
        for (position, name) in self.names().into_iter().enumerate() {
            let path = [MEMBER, &position.to_string()].map(str::to_owned);
            let place = || match written.get(&[&path[0], &path[1], "scenario"]) {
                Some(name) => name.place.clone(),
                None => written.place_of(&path),
            };
            match source::find(name) {
                Err(FindError::Unknown { help, .. }) => {
                    let message = format!("there is no scenario `{name}`");
                    problems.push(Problem::new(place(), message).help(help));
                }
                Err(error) => problems.push(Problem::new(place(), error.to_string())),
                Ok(member) if is_suite(&member) => {
                    let message = format!("`{name}` is a suite itself: name its scenarios");
                    problems.push(Problem::new(place(), message));
                }
                Ok(_) if self.names()[..position].contains(&name) => {
                    problems.push(Problem::new(place(), format!("`{name}` is there twice")));
                }
                Ok(_) => {}
            }
        }
        problems
    }
}

/// Makes a member of each name, and takes away what is neither. Serde would take
/// a list for a member, its items the fields in order.
fn spell_out(tree: &mut Node, problems: &mut Vec<Problem>) {
    let Some(Node { kind: Kind::Seq(items), .. }) = tree.get(&[MEMBER]) else { return };
    for (position, item) in items.clone().into_iter().enumerate().rev() {
        let path = [MEMBER, &position.to_string()].map(str::to_owned);
        match &item.kind {
            Kind::Map(_) => {}
            Kind::Scalar(Value::String(_)) => {
                let place = item.place.clone();
                let name = Entry { key: place.clone(), node: item };
                let member = Kind::Map(IndexMap::from([("scenario".to_owned(), name)]));
                tree.replace_item(MEMBER, position, Node { place, kind: member });
            }
            Kind::Scalar(_) | Kind::Seq(_) => {
                let message = "a scenario of a suite is its name, or a mapping";
                let problem = Problem::new(tree.place_of(&path), message);
                problems.push(problem.help("write `smoke` or `{ scenario: smoke, repeat: 10 }`"));
                tree.remove(&path);
            }
        }
    }
}

/// Whether a file is meant to be a suite.
pub(crate) fn is_suite(source: &Source) -> bool {
    let tree = Node::parse(&source.text, &mut Vec::new());
    tree.is_ok_and(|tree| tree.get(&[MEMBER]).is_some())
}
