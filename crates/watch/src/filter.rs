//! Which listeners are shown.

use std::collections::HashSet;

use watch_record::{Changes, Snapshot, WatchedListener, WatchedNamespace};

use crate::containers::SHOWN_DIGITS;
use crate::settings::Filter;

impl Filter {
    /// Removes the listeners that do not meet every condition and, if there is one, the
    /// namespaces that are left without a listener.
    pub fn apply(&self, snapshot: &mut Snapshot) {
        if *self == Self::default() {
            return;
        }
        let namespaces = &snapshot.namespaces;
        snapshot.listeners.retain(|listener| {
            let namespace = namespaces.iter().find(|it| it.inode == listener.namespace);
            self.shows(listener, namespace)
        });
        // Which of them the conditions would show is not known any more.
        if !self.is_only_of_namespaces() {
            snapshot.namespaces.iter_mut().for_each(|namespace| namespace.drops_of_closed = 0);
        }
        let is_only_of_namespaces = self.is_only_of_namespaces();
        let listeners = &snapshot.listeners;
        snapshot.namespaces.retain(|namespace| {
            let is_named = self.names(namespace.inode, namespace.name.as_deref());
            (is_only_of_namespaces && is_named)
                || listeners.iter().any(|listener| listener.namespace == namespace.inode)
        });
    }

    /// Removes the changes of listeners that do not meet every condition; the snapshot, of the
    /// same moment, has all of them.
    pub(crate) fn apply_to_changes(&self, snapshot: &Snapshot, changes: &mut Changes) {
        if *self == Self::default() {
            return;
        }
        let is_shown = |listener: &WatchedListener| {
            let mut namespaces = snapshot.namespaces.iter();
            self.shows(listener, namespaces.find(|it| it.inode == listener.namespace))
        };
        changes.closed.retain(|closed| is_shown(&closed.listener));
        let closed = changes.closed.iter().map(|closed| &closed.listener);
        let present = snapshot.listeners.iter().filter(|listener| is_shown(listener));
        let shown: HashSet<u64> = closed.chain(present).map(|listener| listener.id).collect();
        changes.listeners.retain(|listener| shown.contains(&listener.id));
    }

    /// Whether drops of a namespace that is gone count.
    pub(crate) fn counts_gone(&self, inode: u64, name: Option<&str>) -> bool {
        *self == Self::default() || (self.is_only_of_namespaces() && self.names(inode, name))
    }

    fn is_only_of_namespaces(&self) -> bool {
        *self == (Self { namespaces: self.namespaces.clone(), ..Self::default() })
    }

    fn names(&self, inode: u64, name: Option<&str>) -> bool {
        let number = inode.to_string();
        self.namespaces.iter().any(|it| Some(it.as_str()) == name || *it == number)
    }

    fn shows(&self, listener: &WatchedListener, namespace: Option<&WatchedNamespace>) -> bool {
        let named = |container: &Option<String>| {
            let is_it = |name: &str, wanted: &str| {
                let is_id =
                    name.len() == SHOWN_DIGITS && name.chars().all(|c| c.is_ascii_hexdigit());
                // Of an ID a part is shown, and a part is given.
                name == wanted || (is_id && (name.starts_with(wanted) || wanted.starts_with(name)))
            };
            container.as_ref().is_some_and(|name| self.containers.iter().any(|it| is_it(name, it)))
        };
        let in_namespace = namespace
            .is_some_and(|namespace| self.names(namespace.inode, namespace.name.as_deref()));
        let in_container =
            named(&listener.container) || namespace.is_some_and(|it| named(&it.container));
        let mut processes = listener.processes.iter();
        let has_name = processes.clone().any(|process| self.processes.contains(&process.name));
        (self.ports.is_empty() || self.ports.contains(&listener.address.port()))
            && (self.processes.is_empty() || has_name)
            && (self.pids.is_empty() || processes.any(|process| self.pids.contains(&process.pid)))
            && (self.containers.is_empty() || in_container)
            && (self.namespaces.is_empty() || in_namespace)
    }
}
