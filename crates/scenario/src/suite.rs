//! A suite: several scenarios under one name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Source;
use crate::problem::{Problem, ScenarioErrors};
use crate::source::{self, FindError};
use crate::strict;
use crate::tree::Node;

/// The member that makes a file a suite.
const MEMBER: &str = "suite";

/// Several scenarios, run one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// The scenarios' names, in the order in which they are run.
    #[schemars(length(min = 1))]
    pub suite: Vec<String>,
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
        self.suite.iter().map(|name| source::find(name)).collect()
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
        for (position, name) in self.suite.iter().enumerate() {
            let place = || written.place_of(&[MEMBER, &position.to_string()]);
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
                Ok(_) if self.suite[..position].contains(name) => {
                    problems.push(Problem::new(place(), format!("`{name}` is there twice")));
                }
                Ok(_) => {}
            }
        }
        problems
    }
}

/// Whether a file is meant to be a suite.
pub(crate) fn is_suite(source: &Source) -> bool {
    let tree = Node::parse(&source.text, &mut Vec::new());
    tree.is_ok_and(|tree| tree.get(&[MEMBER]).is_some())
}
