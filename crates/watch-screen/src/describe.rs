//! What a listener is called.

use watch_record::{LimitFrom, Peak, Snapshot, WatchedListener, WatchedNamespace};

use crate::text::safe;

/// The process with its number, and how many others share the socket.
pub(crate) fn process(listener: &WatchedListener) -> String {
    match (&listener.processes[..], listener.processes_are_known) {
        ([], false) => "…".to_owned(),
        ([], true) => "not visible".to_owned(),
        ([only], _) => format!("{} {}", safe(&only.name), only.pid),
        ([first, others @ ..], _) => {
            format!("{} {} +{}", safe(&first.name), first.pid, others.len())
        }
    }
}

/// All processes with their numbers, those of one name together.
pub(crate) fn processes(listener: &WatchedListener) -> String {
    let mut text = String::new();
    let mut name = None;
    for process in &listener.processes {
        if name == Some(&process.name) {
            text += &format!(",{}", process.pid);
        } else {
            let separator = if text.is_empty() { "" } else { ", " };
            text += &format!("{separator}{} {}", safe(&process.name), process.pid);
            name = Some(&process.name);
        }
    }
    if text.is_empty() { self::process(listener) } else { text }
}

/// The namespace of a listener, if it is in the snapshot.
pub(crate) fn namespace<'a>(
    listener: &WatchedListener,
    snapshot: &'a Snapshot,
) -> Option<&'a WatchedNamespace> {
    snapshot.namespaces.iter().find(|namespace| namespace.inode == listener.namespace)
}

/// What a namespace is called: by its name, else its number.
pub(crate) fn namespace_name(namespace: &WatchedNamespace) -> String {
    match (&namespace.name, &namespace.container) {
        (Some(name), _) => safe(name),
        (None, _) if namespace.is_own => "own".to_owned(),
        (None, Some(container)) => safe(container),
        (None, None) => format!("net:{}", namespace.inode),
    }
}

/// The container and the network namespace of a listener, where it is another's; empty where
/// it is not.
pub(crate) fn place(listener: &WatchedListener, snapshot: &Snapshot) -> String {
    let namespace = namespace(listener, snapshot);
    let container = listener
        .container
        .as_ref()
        .or_else(|| namespace.and_then(|namespace| namespace.container.as_ref()));
    let other = match namespace {
        Some(namespace) if namespace.is_own => None,
        Some(namespace) => {
            namespace.name.as_deref().map(safe).or(Some(format!("net:{}", namespace.inode)))
        }
        None => Some(format!("net:{}", listener.namespace)),
    };
    match (container, other) {
        (None, None) => String::new(),
        (None, Some(namespace)) => namespace,
        (Some(container), Some(name)) if !name.starts_with("net:") => {
            format!("{} {name}", safe(container))
        }
        (Some(container), _) => safe(container),
    }
}

/// Whether a peak was not seen, but follows from drops: [`Peak::was_full`].
pub(crate) fn is_inferred(peak: Peak, limit: u32) -> bool {
    peak.depth(limit) > peak.seen.into()
}

/// What set the limit, in one word.
pub(crate) fn limit_from(from: LimitFrom) -> &'static str {
    match from {
        LimitFrom::Backlog => "backlog",
        LimitFrom::Somaxconn => "somaxconn",
        LimitFrom::EarlierSomaxconn => "earlier",
        LimitFrom::Unknown => "unknown",
    }
}

/// What set the limit, in a sentence without a full stop.
pub(crate) fn limit_source(from: LimitFrom) -> &'static str {
    match from {
        LimitFrom::Backlog => {
            "the backlog that the program passed to listen(2), unless somaxconn was raised since"
        }
        LimitFrom::Somaxconn => "somaxconn, or a backlog of just that",
        LimitFrom::EarlierSomaxconn => "somaxconn was lowered after listen(2)",
        LimitFrom::Unknown => "what set it is unknown, because somaxconn cannot be read",
    }
}
