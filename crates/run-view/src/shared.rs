//! Parts of trials that are kept once if they are equal.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexMap;
use run_record::{Check, EndedBy, LawCheck, LawNotApplied, SysctlValues};
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
    causes: HashSet<Arc<BTreeMap<String, u64>>>,
    ends: HashSet<Arc<BTreeMap<EndedBy, u64>>>,
    /// Those of the last trial of each cell.
    points: HashMap<u32, Arc<IndexMap<String, Value>>>,
    laws: HashMap<u32, Arc<[Law]>>,
}

impl Shared {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        shared(&mut self.texts, text)
    }

    pub(crate) fn sysctls(&mut self, sysctls: SysctlValues) -> Arc<SysctlValues> {
        shared(&mut self.sysctls, sysctls)
    }

    pub(crate) fn retransmits(&mut self, counts: BTreeMap<u32, u64>) -> Arc<BTreeMap<u32, u64>> {
        shared(&mut self.retransmits, counts)
    }

    pub(crate) fn causes(&mut self, counts: BTreeMap<String, u64>) -> Arc<BTreeMap<String, u64>> {
        shared(&mut self.causes, counts)
    }

    pub(crate) fn ends(&mut self, counts: BTreeMap<EndedBy, u64>) -> Arc<BTreeMap<EndedBy, u64>> {
        shared(&mut self.ends, counts)
    }

    pub(crate) fn not_applied(&mut self, laws: Vec<LawNotApplied>) -> Arc<[LawNotApplied]> {
        shared(&mut self.not_applied, laws)
    }

    pub(crate) fn expectations(&mut self, checks: &[Check]) -> Arc<[Expectation]> {
        let expectation =
            |check: &Check| Expectation { name: self.text(&check.name), held: check.held };
        let expectations: Vec<_> = checks.iter().map(expectation).collect();
        shared(&mut self.expectations, expectations)
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

/// The part that is equal to this one, if one is known; otherwise this one.
fn shared<T: ?Sized + Hash + Eq>(
    all: &mut HashSet<Arc<T>>,
    part: impl Borrow<T> + Into<Arc<T>>,
) -> Arc<T> {
    let equal: &T = part.borrow();
    if let Some(known) = all.get(equal) {
        return Arc::clone(known);
    }
    let new = part.into();
    if all.len() < MAX_DIFFERENT {
        all.insert(Arc::clone(&new));
    }
    new
}
