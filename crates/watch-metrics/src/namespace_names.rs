//! The label `netns`.

use std::collections::{HashMap, HashSet};

use watch_record::WatchedNamespace;

use crate::labels::clean;

/// A name of each namespace, by its inode: no two have the same.
#[derive(Debug)]
pub(crate) struct NamespaceNames(HashMap<u64, String>);

impl NamespaceNames {
    /// Names that last longer than the namespaces, where there are such: an inode is another one
    /// each time that a container starts.
    pub(crate) fn new(namespaces: &[WatchedNamespace]) -> Self {
        let mut in_order: Vec<&WatchedNamespace> = namespaces.iter().collect();
        // The oldest of several that would have the same name keeps it.
        in_order.sort_by_key(|namespace| (!namespace.is_own, namespace.inode));
        let mut used = HashSet::new();
        let names = in_order.into_iter().map(|namespace| {
            let inode = namespace.inode;
            let mut name = lasting_name(namespace);
            if !used.insert(name.clone()) {
                name = format!("{name}-{inode}");
                used.insert(name.clone());
            }
            (inode, name)
        });
        Self(names.collect())
    }

    pub(crate) fn of(&self, inode: u64) -> Option<&str> {
        self.0.get(&inode).map(String::as_str)
    }
}

fn lasting_name(namespace: &WatchedNamespace) -> String {
    let named = namespace.name.as_deref().map(clean).filter(|name| !name.is_empty());
    named.unwrap_or_else(|| match &namespace.container {
        _ if namespace.is_own => "own".to_owned(),
        Some(container) if !container.is_empty() => clean(container),
        _ => namespace.inode.to_string(),
    })
}
