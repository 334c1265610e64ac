//! Parts of trials that are kept once if they are equal.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexMap;
use run_record::{Check, LawCheck, LawNotApplied, SysctlValues};
use serde_json::Value;

use crate::law::Law;
use crate::trial::Expectation;

/// The most different texts, or other parts, that are compared with those of the next trial.
/// A run has few; in a damaged one each can differ.
const MAX_DIFFERENT: usize = 10_000;

/// The parts of the trials read so far.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    texts: HashSet<Arc<str>>,
    sysctls: HashSet<Arc<SysctlValues>>,
    not_applied: HashSet<Arc<[LawNotApplied]>>,
    expectations: HashSet<Arc<[Expectation]>>,
    retransmits: HashSet<Arc<BTreeMap<u32, u64>>>,
    /// Those of the last trial of each cell.
    points: HashMap<u32, Arc<IndexMap<String, Value>>>,
    laws: HashMap<u32, Arc<[Law]>>,
}

impl Shared {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        keep(&mut self.texts, text.into())
    }

    pub(crate) fn sysctls(&mut self, sysctls: SysctlValues) -> Arc<SysctlValues> {
        match self.sysctls.get(&sysctls) {
            Some(known) => Arc::clone(known),
            None => keep(&mut self.sysctls, Arc::new(sysctls)),
        }
    }

    pub(crate) fn retransmits(&mut self, counts: BTreeMap<u32, u64>) -> Arc<BTreeMap<u32, u64>> {
        match self.retransmits.get(&counts) {
            Some(known) => Arc::clone(known),
            None => keep(&mut self.retransmits, Arc::new(counts)),
        }
    }

    pub(crate) fn not_applied(&mut self, laws: Vec<LawNotApplied>) -> Arc<[LawNotApplied]> {
        match self.not_applied.get(laws.as_slice()) {
            Some(known) => Arc::clone(known),
            None => keep(&mut self.not_applied, laws.into()),
        }
    }

    pub(crate) fn expectations(&mut self, checks: &[Check]) -> Arc<[Expectation]> {
        let expectation =
            |check: &Check| Expectation { name: self.text(&check.name), held: check.held };
        let expectations: Vec<_> = checks.iter().map(expectation).collect();
        match self.expectations.get(expectations.as_slice()) {
            Some(known) => Arc::clone(known),
            None => keep(&mut self.expectations, expectations.into()),
        }
    }

    pub(crate) fn point(
        &mut self,
        cell: u32,
        point: IndexMap<String, Value>,
    ) -> Arc<IndexMap<String, Value>> {
        let known = self.points.entry(cell).or_default();
        if **known != point {
            *known = Arc::new(point);
        }
        Arc::clone(known)
    }

    pub(crate) fn laws(&mut self, cell: u32, checks: Vec<LawCheck>) -> Arc<[Law]> {
        let laws: Vec<_> = checks.iter().map(|check| Law::new(check, self)).collect();
        let known = self.laws.entry(cell).or_default();
        if **known != *laws {
            *known = laws.into();
        }
        Arc::clone(known)
    }
}

fn keep<T: ?Sized + Hash + Eq>(all: &mut HashSet<Arc<T>>, new: Arc<T>) -> Arc<T> {
    if all.len() < MAX_DIFFERENT {
        all.insert(Arc::clone(&new));
    }
    new
}
