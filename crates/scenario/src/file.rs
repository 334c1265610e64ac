//! A file that has been read and parsed as YAML.

use crate::limits::{MAX_NODES, MAX_RECORDED_NODES};
use crate::place::Place;
use crate::problem::{Problem, ScenarioErrors};
use crate::source::Source;
use crate::suite;
use crate::tree::{Kind, Node};

/// The text of a file and its parsed YAML.
#[derive(Debug, Clone)]
pub(crate) struct ParsedFile {
    pub(crate) source: Source,
    /// The tree, or the problem that prevents parsing.
    tree: Result<Node, Problem>,
    /// Duplicate keys, which do not prevent parsing.
    problems: Vec<Problem>,
}

impl ParsedFile {
    pub(crate) fn parse(source: Source) -> Self {
        Self::parse_up_to(MAX_NODES, source)
    }

    /// Parses the record of a run, which can be longer than a file.
    pub(crate) fn parse_record(source: Source) -> Self {
        Self::parse_up_to(MAX_RECORDED_NODES, source)
    }

    fn parse_up_to(max_nodes: usize, source: Source) -> Self {
        let mut problems = Vec::new();
        let tree = Node::parse(&source.text, max_nodes, &mut problems);
        Self { source, tree, problems }
    }

    /// Whether the file describes a suite, right or wrong.
    pub(crate) fn is_suite(&self) -> bool {
        self.tree.as_ref().is_ok_and(|tree| tree.get(&[suite::MEMBERS]).is_some())
    }

    /// The question, if it is a text.
    pub(crate) fn question(&self) -> Option<&str> {
        match &self.tree.as_ref().ok()?.get(&["question"])?.kind {
            Kind::Scalar(value) => value.as_str(),
            Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// A copy of the tree to work on, and the problems found so far.
    ///
    /// # Errors
    /// The file is not YAML.
    pub(crate) fn tree(&self) -> Result<(Node, Vec<Problem>), ScenarioErrors> {
        match &self.tree {
            Ok(tree) => Ok((tree.clone(), self.problems.clone())),
            Err(problem) => Err(ScenarioErrors::new(&self.source, vec![problem.clone()])),
        }
    }

    /// The place of the list of a suite's members.
    pub(crate) fn place_of_suite(&self) -> Place {
        self.tree.as_ref().map_or(Place::Nowhere, |tree| tree.place_of(&[suite::MEMBERS]))
    }

    /// The place of the member of a suite at `position`.
    pub(crate) fn place_of_member(&self, position: usize) -> Place {
        let Ok(tree) = &self.tree else { return Place::Nowhere };
        let position = position.to_string();
        match tree.get(&[suite::MEMBERS, &position, "scenario"]) {
            Some(name) => name.place.clone(),
            None => tree.place_of(&[suite::MEMBERS, &position]),
        }
    }
}
