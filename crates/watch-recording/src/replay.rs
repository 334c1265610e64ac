//! The state after each line of a record.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use watch_record::{Effort, Snapshot, Unseen, WatchedListener, WatchedNamespace};

use crate::line::RecordLine;
use crate::patch::{Patch, Patched, apply};

/// The state after a line of a record.
#[derive(Debug, Default)]
pub struct Replay {
    listeners: BTreeMap<u64, Object<WatchedListener>>,
    namespaces: BTreeMap<u64, Object<WatchedNamespace>>,
    effort: Option<Object<Effort>>,
    unseen: Vec<Unseen>,
}

/// An object with all patches applied.
#[derive(Debug)]
struct Object<T> {
    members: Map<String, Value>,
    value: T,
}

impl<T: Patched + DeserializeOwned> Object<T> {
    /// Applies a patch to an object, or makes it by its first patch.
    fn patched(before: Option<Self>, patch: &Patch<T>) -> Result<Self, String> {
        let mut members = before.map(|object| object.members).unwrap_or_default();
        apply(&patch.members, &mut members);
        let value = serde_json::from_value(Value::Object(members.clone()));
        let value = value.map_err(|error| format!("what changed of {}: {error}", T::schema_name()));
        Ok(Self { members, value: value? })
    }
}

impl Replay {
    /// Applies a line. The listeners that are gone with it are still there.
    ///
    /// # Errors
    /// Why it cannot follow the lines before.
    pub(crate) fn apply(&mut self, line: &RecordLine) -> Result<(), String> {
        for patch in &line.listeners {
            let id = patch.key().ok_or("a listener without an id")?;
            let object = Object::patched(self.listeners.remove(&id), patch)?;
            self.listeners.insert(id, object);
        }
        for patch in &line.namespaces {
            let inode = patch.key().ok_or("a namespace without an inode")?;
            let object = Object::patched(self.namespaces.remove(&inode), patch)?;
            self.namespaces.insert(inode, object);
        }
        self.effort = Some(Object::patched(self.effort.take(), &line.effort)?);
        if let Some(unseen) = &line.unseen {
            self.unseen.clone_from(unseen);
        }
        Ok(())
    }

    /// Removes what is gone with a line.
    pub(crate) fn remove_gone(&mut self, line: &RecordLine) {
        for gone in &line.gone {
            self.listeners.remove(&gone.id);
        }
        for inode in &line.gone_namespaces {
            self.namespaces.remove(inode);
        }
    }

    /// The listener with this id; those that are gone with this line are still there.
    pub fn listener(&self, id: u64) -> Option<&WatchedListener> {
        self.listeners.get(&id).map(|object| &object.value)
    }

    /// The listeners; those that are gone with this line are still there.
    pub fn listeners(&self) -> impl Iterator<Item = &WatchedListener> {
        self.listeners.values().map(|object| &object.value)
    }

    /// The network namespaces; those that are gone with this line are still there.
    pub fn namespaces(&self) -> impl Iterator<Item = &WatchedNamespace> {
        self.namespaces.values().map(|object| &object.value)
    }

    /// The network namespace with this number.
    pub fn namespace(&self, inode: u64) -> Option<&WatchedNamespace> {
        self.namespaces.get(&inode).map(|object| &object.value)
    }

    /// How the figures were obtained.
    pub fn effort(&self) -> Effort {
        self.effort.as_ref().map(|object| object.value).unwrap_or_default()
    }

    /// What could not be seen.
    pub fn unseen(&self) -> &[Unseen] {
        &self.unseen
    }

    /// The snapshot of a line, by address, without what the lines before have and without the
    /// listeners that are gone.
    pub fn snapshot(&self, line: &RecordLine) -> Snapshot {
        let is_there =
            |listener: &&WatchedListener| !line.gone.iter().any(|it| it.id == listener.id);
        let mut listeners: Vec<_> = self.listeners().filter(is_there).cloned().collect();
        listeners.sort_by_key(|listener| (listener.namespace, listener.address, listener.id));
        let namespaces = self.namespaces();
        let namespaces = namespaces.filter(|it| !line.gone_namespaces.contains(&it.inode));
        Snapshot {
            drops_of_gone: 0,
            at: line.at.clone(),
            watched_seconds: line.at_us as f64 / 1e6,
            effort: self.effort(),
            listeners,
            namespaces: namespaces.cloned().collect(),
            unseen: self.unseen.clone(),
        }
    }
}
