//! A YAML document as a tree with the place of each node.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Spanned};

use crate::limits::{MAX_DEPTH, MAX_NODES, MAX_PATH_BYTES, MAX_TEXT_BYTES};
use crate::place::Place;
use crate::problem::Problem;

/// The most anchors and aliases, and the most nodes that aliases stand for.
const MAX_ALIASES: usize = 100;
const MAX_REPLAYED: usize = 2_000;

/// The most entries of a mapping. With more, each mistake among them would take long.
const MAX_ENTRIES: usize = 200;

/// Begins the message of an error that is not about the syntax.
const TOO_LARGE: &str = "too large: ";

/// A node and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Scalar(Value),
    Seq(Vec<Node>),
    Map(IndexMap<String, Entry>),
}

/// A mapping's value, and the place of its key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Place,
    pub(crate) node: Node,
}

impl Node {
    /// Parses one YAML document. Duplicate keys become problems, and the first one is
    /// used.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(crate) fn parse(
        text: &str,
        max_nodes: usize,
        problems: &mut Vec<Problem>,
    ) -> Result<Node, Problem> {
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            merge_keys: MergeKeyPolicy::AsOrdinary,
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            reject_unsupported_tags: true,
            with_snippet: false,
            budget: serde_saphyr::budget! {
                max_depth: MAX_DEPTH,
                flow_nesting_limit: MAX_DEPTH,
                max_nodes: max_nodes,
                max_events: 4 * max_nodes,
                max_documents: 1,
                max_anchors: MAX_ALIASES,
                max_aliases: MAX_ALIASES,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: MAX_REPLAYED,
                max_replay_stack_depth: MAX_DEPTH,
            },
        };
        let raw: Raw = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let at = error.location().map_or(0, |location| offset(text, location));
            let message = error.render();
            // The others are about the aliases on the way.
            let message = message.lines().next().unwrap_or_default();
            // The parser's message for `.inf` and `.nan`.
            let message =
                message.replace("rejected by the configured policy", "is not a valid value");
            // The place is shown next to the message.
            let message =
                message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            let message = match message.strip_prefix(TOO_LARGE) {
                Some(what) => what.to_owned(),
                None if message.starts_with("budget breached: Nodes") => {
                    format!("the file has more than {max_nodes} YAML nodes")
                }
                None if message.starts_with("budget breached: Depth")
                    || message == "recursion limit exceeded" =>
                {
                    format!("the file has more than {MAX_DEPTH} levels")
                }
                None => format!("not YAML: {message}"),
            };
            Problem::new(Place::File(at..at), message)
        })?;
        Ok(raw.into_node(text, problems))
    }

    /// The value of a flag, as YAML.
    pub(crate) fn parse_flag(flag: &Arc<str>, yaml: &str) -> Result<Node, Problem> {
        let mut problems = Vec::new();
        let mut node = Node::parse(yaml, MAX_NODES, &mut problems)
            .map_err(|problem| Problem::new(Place::Flag(flag.clone()), problem.message))?;
        if let Some(problem) = problems.pop() {
            return Err(Problem::new(Place::Flag(flag.clone()), problem.message));
        }
        node.put_at(&Place::Flag(flag.clone()));
        Ok(node)
    }

    fn put_at(&mut self, place: &Place) {
        self.place = place.clone();
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::Seq(items) => items.iter_mut().for_each(|item| item.put_at(place)),
            Kind::Map(entries) => {
                for entry in entries.values_mut() {
                    entry.key = place.clone();
                    entry.node.put_at(place);
                }
            }
        }
    }

    pub(crate) fn empty_map(place: Place) -> Node {
        Node { place, kind: Kind::Map(IndexMap::new()) }
    }

    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::Seq(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|(key, entry)| (key.clone(), entry.node.to_json())).collect()
            }
        }
    }

    pub(crate) fn entries(&self) -> Option<&IndexMap<String, Entry>> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    fn entries_mut(&mut self) -> Option<&mut IndexMap<String, Entry>> {
        match &mut self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The node at `path`; a step into a sequence is its index.
    pub(crate) fn get<S: AsRef<str>>(&self, path: &[S]) -> Option<&Node> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        match &self.kind {
            Kind::Scalar(_) => None,
            Kind::Seq(items) => items.get(step.as_ref().parse::<usize>().ok()?)?.get(rest),
            Kind::Map(entries) => entries.get(step.as_ref())?.node.get(rest),
        }
    }

    /// The place of the key at the end of `path`, if there is one.
    pub(crate) fn key_place<S: AsRef<str>>(&self, path: &[S]) -> Option<&Place> {
        let (last, parents) = path.split_last()?;
        let entries = self.get(parents)?.entries()?;
        entries.get(last.as_ref()).map(|entry| &entry.key)
    }

    /// The place to show for `path`: that of its value; that of its key if the value
    /// has no text of its own (a block); or that of its nearest parent.
    pub(crate) fn place_of<S: AsRef<str>>(&self, path: &[S]) -> Place {
        if let Some(node) = self.get(path) {
            let has_text = match (&node.place, &node.kind) {
                (Place::Flag(_) | Place::Nowhere, _) => true,
                (Place::File(range), Kind::Scalar(_)) => !range.is_empty(),
                (Place::File(_), _) => false,
            };
            if has_text {
                return node.place.clone();
            }
            if let Some(key) = self.key_place(path) {
                return key.clone();
            }
            if !path.is_empty() {
                return node.place.clone();
            }
        }
        match path.split_last() {
            Some((_, parents)) => self.place_of(parents),
            None => Place::start_of_file(),
        }
    }

    /// Replaces an item of the list at `key`, if there is one.
    pub(crate) fn replace_item(&mut self, key: &str, index: usize, node: Node) {
        let Kind::Map(entries) = &mut self.kind else { return };
        let list = entries.get_mut(key).map(|entry| &mut entry.node.kind);
        if let Some(Kind::Seq(items)) = list
            && let Some(item) = items.get_mut(index)
        {
            *item = node;
        }
    }

    /// Removes the node at `path`; false if there is none.
    pub(crate) fn remove(&mut self, path: &[String]) -> bool {
        let Some((step, rest)) = path.split_first() else {
            return false;
        };
        match &mut self.kind {
            Kind::Scalar(_) => false,
            Kind::Seq(items) => match step.parse::<usize>() {
                Ok(index) if index < items.len() && rest.is_empty() => {
                    items.remove(index);
                    true
                }
                Ok(index) => items.get_mut(index).is_some_and(|item| item.remove(rest)),
                Err(_) => false,
            },
            Kind::Map(entries) if rest.is_empty() => entries.shift_remove(step).is_some(),
            Kind::Map(entries) => {
                entries.get_mut(step).is_some_and(|entry| entry.node.remove(rest))
            }
        }
    }

    /// Puts `entry` at `path` and creates the mappings on the way. A parent that is
    /// not a mapping is replaced by one.
    pub(crate) fn set(&mut self, path: &[String], entry: Entry) {
        let Some((step, rest)) = path.split_first() else {
            return;
        };
        if self.entries().is_none() {
            *self = Node::empty_map(self.place.clone());
        }
        let Some(entries) = self.entries_mut() else {
            return;
        };
        if rest.is_empty() {
            entries.insert(step.clone(), entry);
            return;
        }
        let place = entry.key.clone();
        entries
            .entry(step.clone())
            .or_insert_with(|| Entry { key: place.clone(), node: Node::empty_map(place) })
            .node
            .set(rest, entry);
    }
}

/// The byte offset of a location.
fn offset(text: &str, location: Location) -> usize {
    if let Some(byte) = location.span().byte_offset() {
        return usize::try_from(byte).unwrap_or(0).min(text.len());
    }
    let line = usize::try_from(location.line()).unwrap_or(1).max(1);
    let column = usize::try_from(location.column()).unwrap_or(1).max(1);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let within = text[start..].char_indices().nth(column - 1);
    within.map_or(text.len(), |(byte, _)| start + byte)
}

fn place(text: &str, location: Location) -> Place {
    let span = location.span();
    let start = offset(text, location);
    let length = usize::try_from(span.byte_len().unwrap_or(0)).unwrap_or(0);
    let end = (start + length).min(text.len());
    let written = text.get(start..end).unwrap_or_default().trim_end().len();
    Place::File(start..start + written)
}

/// The tree as the YAML parser returns it, with duplicate keys.
struct Raw(Spanned<RawKind>);

enum RawKind {
    Scalar(Value),
    Seq(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    fn into_node(self, text: &str, problems: &mut Vec<Problem>) -> Node {
        let kind = match self.0.value {
            RawKind::Scalar(value) => Kind::Scalar(value),
            RawKind::Seq(items) => {
                Kind::Seq(items.into_iter().map(|item| item.into_node(text, problems)).collect())
            }
            RawKind::Map(pairs) => {
                let mut entries = IndexMap::<String, Entry>::new();
                for (key, value) in pairs {
                    let key_place = place(text, key.referenced);
                    if let Some(first) = entries.get(&key.value) {
                        problems.push(
                            Problem::new(key_place, format!("duplicate key `{}`", key.value))
                                .also(&first.key, "first written here")
                                .help("remove one of the two"),
                        );
                        continue;
                    }
                    let entry = Entry { key: key_place, node: value.into_node(text, problems) };
                    entries.insert(key.value, entry);
                }
                Kind::Map(entries)
            }
        };
        Node { place: place(text, self.0.referenced), kind }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Raw)
    }
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawKind;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a YAML node")
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<RawKind, E> {
        short_enough(value, MAX_TEXT_BYTES)?;
        Ok(RawKind::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawKind, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(RawKind::Seq(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<RawKind, A::Error> {
        let mut all = Vec::new();
        while let Some(pair) = pairs.next_entry::<Spanned<String>, Raw>()? {
            short_enough(&pair.0.value, MAX_PATH_BYTES)?;
            all.push(pair);
            if all.len() > MAX_ENTRIES {
                return Err(A::Error::custom(format!(
                    "{TOO_LARGE}a mapping has more than {MAX_ENTRIES} entries"
                )));
            }
        }
        Ok(RawKind::Map(all))
    }
}

/// Aliases can repeat a text, so each one is limited when it is read.
fn short_enough<E: Error>(text: &str, most: usize) -> Result<(), E> {
    match text.len() {
        length if length > most => {
            Err(E::custom(format!("{TOO_LARGE}a text has {length} bytes; the most is {most}")))
        }
        _ => Ok(()),
    }
}
