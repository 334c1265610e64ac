//! The state after each line of a record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use watch_record::{Effort, Snapshot, Unseen, WatchedListener, WatchedNamespace, WatchedProcess};

use crate::line::RecordLine;
use crate::patch::{Patch, Patched};

/// The state after a line of a record.
#[derive(Debug, Default)]
pub struct Replay {
    listeners: BTreeMap<u64, Listener>,
    namespaces: BTreeMap<u64, WatchedNamespace>,
    effort: Option<Effort>,
    unseen: Vec<Unseen>,
}

#[derive(Debug)]
struct Listener {
    value: WatchedListener,
    lost: Option<Lost>,
}

/// What a listener without processes had before: at its end, it may not have them any more.
#[derive(Debug)]
struct Lost {
    processes: Vec<WatchedProcess>,
    /// Its container, if that has changed since.
    container: Option<Option<String>>,
}

/// Applies a patch to an object, or makes it by its first patch.
fn patched<T: Patched>(known: Option<T>, patch: &Patch<T>) -> Result<T, String> {
    let new = match known {
        Some(mut value) => value.merge(&patch.members).map(|()| value),
        None => T::deserialize(&patch.members).map_err(|error| error.to_string()),
    };
    new.map_err(|error| format!("what changed of {}: {error}", T::schema_name()))
}

impl Listener {
    fn patched(known: Option<Self>, patch: &Patch<WatchedListener>) -> Result<Self, String> {
        let Some(Self { mut value, mut lost }) = known else {
            return Ok(Self { value: patched(None, patch)?, lost: None });
        };
        let processes = patch.members.get("processes").and_then(Value::as_array);
        // Moved and not copied: a patch costs what it has.
        match processes.map(Vec::is_empty) {
            Some(true) if !value.processes.is_empty() => {
                let processes = std::mem::take(&mut value.processes);
                lost = Some(Lost { processes, container: None });
            }
            Some(false) => lost = None,
            _ => {}
        }
        if let Some(lost) = &mut lost
            && lost.container.is_none()
            && patch.has("container")
        {
            lost.container = Some(value.container.take());
        }
        Ok(Self { value: patched(Some(value), patch)?, lost })
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
            let listener = Listener::patched(self.listeners.remove(&id), patch)?;
            self.listeners.insert(id, listener);
        }
        for patch in &line.namespaces {
            let inode = patch.key().ok_or("a namespace without an inode")?;
            let namespace = patched(self.namespaces.remove(&inode), patch)?;
            self.namespaces.insert(inode, namespace);
        }
        self.effort = Some(patched(self.effort, &line.effort)?);
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
        self.listeners.get(&id).map(|listener| &listener.value)
    }

    /// A listener with the last processes and the container that it had.
    pub(crate) fn last_known(&self, id: u64) -> Option<WatchedListener> {
        let Listener { value, lost } = self.listeners.get(&id)?;
        let mut known = value.clone();
        if let Some(Lost { processes, container }) = lost {
            known.processes.clone_from(processes);
            if let Some(container) = container {
                known.container.clone_from(container);
            }
        }
        Some(known)
    }

    /// The listeners; those that are gone with this line are still there.
    pub fn listeners(&self) -> impl Iterator<Item = &WatchedListener> {
        self.listeners.values().map(|listener| &listener.value)
    }

    /// The network namespaces; those that are gone with this line are still there.
    pub fn namespaces(&self) -> impl Iterator<Item = &WatchedNamespace> {
        self.namespaces.values()
    }

    /// The network namespace with this number.
    pub fn namespace(&self, inode: u64) -> Option<&WatchedNamespace> {
        self.namespaces.get(&inode)
    }

    /// How the figures were obtained.
    pub fn effort(&self) -> Effort {
        self.effort.unwrap_or_default()
    }

    /// What could not be seen.
    pub fn unseen(&self) -> &[Unseen] {
        &self.unseen
    }

    /// The snapshot of a line, by address, without what the lines before have and without the
    /// listeners that are gone.
    pub fn snapshot(&self, line: &RecordLine) -> Snapshot {
        let gone: BTreeSet<u64> = line.gone.iter().map(|gone| gone.id).collect();
        let there = self.listeners().filter(|listener| !gone.contains(&listener.id));
        let mut listeners: Vec<_> = there.cloned().collect();
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
