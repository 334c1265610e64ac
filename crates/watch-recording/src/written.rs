//! What the lines so far say, so that only what changed is written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use watch_record::{Effort, Snapshot, Unseen, WatchedListener, WatchedNamespace};

use crate::calm::{recorded_listener, recorded_namespace, rounded};
use crate::patch::{Patch, Patched, difference, members};

/// What the lines so far say.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) listeners: BTreeMap<u64, Known<WatchedListener>>,
    namespaces: BTreeMap<u64, Known<WatchedNamespace>>,
    effort: Option<Known<Effort>>,
    unseen: Vec<Unseen>,
}

/// An object as it was last written.
#[derive(Debug)]
pub(crate) struct Known<T> {
    value: T,
    members: Map<String, Value>,
}

impl<T: Patched + PartialEq> Known<T> {
    /// What changed of it; `None` if nothing did. It is `value` from now on.
    fn update(known: Option<&mut Self>, value: T) -> (Option<Patch<T>>, Option<Self>) {
        match known {
            Some(known) if known.value == value => (None, None),
            Some(known) => {
                let now = members(&value);
                let mut patch = difference(&known.members, &now);
                if let Some(key) = T::KEY {
                    patch.shift_insert(0, key.to_owned(), now[key].clone());
                }
                (known.value, known.members) = (value, now);
                (Some(Patch::new(patch)), None)
            }
            None => {
                let members = members(&value);
                (Some(Patch::new(members.clone())), Some(Self { value, members }))
            }
        }
    }
}

impl Written {
    /// What changed of a listener.
    pub(crate) fn listener(&mut self, now: &WatchedListener) -> Option<Patch<WatchedListener>> {
        let known = self.listeners.get_mut(&now.id);
        let value = recorded_listener(now, known.as_ref().map(|known| &known.value));
        let (patch, new) = Known::update(known, value);
        self.listeners.extend(new.map(|new| (now.id, new)));
        patch
    }

    /// What changed of the namespaces, and those that are gone.
    pub(crate) fn namespaces(
        &mut self,
        now: &[WatchedNamespace],
    ) -> (Vec<Patch<WatchedNamespace>>, Vec<u64>) {
        let mut patches = Vec::new();
        for namespace in now {
            let known = self.namespaces.get_mut(&namespace.inode);
            let (patch, new) = Known::update(known, recorded_namespace(namespace));
            self.namespaces.extend(new.map(|new| (namespace.inode, new)));
            patches.extend(patch);
        }
        let is_there = |inode: &u64| now.iter().any(|namespace| namespace.inode == *inode);
        let gone: Vec<u64> =
            self.namespaces.keys().copied().filter(|inode| !is_there(inode)).collect();
        for inode in &gone {
            self.namespaces.remove(inode);
        }
        (patches, gone)
    }

    /// What changed of the effort.
    pub(crate) fn effort(&mut self, now: Effort) -> Patch<Effort> {
        let value = Effort {
            interval_seconds: now.interval_seconds,
            achieved_interval_seconds: (now.achieved_interval_seconds * 1e5).round() / 1e5,
            walk_cost_seconds: (now.walk_cost_seconds * 1e5).round() / 1e5,
            walk_interval_seconds: rounded(now.walk_interval_seconds),
            cpu_share: rounded(now.cpu_share),
            recent_cpu_share: rounded(now.recent_cpu_share),
            ..now
        };
        let (patch, new) = Known::update(self.effort.as_mut(), value);
        self.effort = new.or(self.effort.take());
        patch.unwrap_or_else(|| Patch::new(Map::new()))
    }

    /// What cannot be seen, if that changed.
    pub(crate) fn unseen(&mut self, snapshot: &Snapshot) -> Option<Vec<Unseen>> {
        let has_changed = self.unseen != snapshot.unseen;
        self.unseen.clone_from(&snapshot.unseen);
        has_changed.then(|| self.unseen.clone())
    }
}
