//! The namespaces that are watched, as they come and go.

use std::collections::BTreeMap;

use watch_record::Unseen;

use crate::activity::started;
use crate::discover::{Found, discover};
use crate::handles::Handles;

/// The namespaces that are watched.
#[derive(Debug)]
pub(crate) struct Namespaces {
    own: u64,
    /// All of the machine, or only the own one.
    all: bool,
    /// Those that are open, the own one included, with the process by which each was found last.
    open: BTreeMap<u64, Option<Origin>>,
    /// Those that could not be opened, and why: they are not tried again.
    refused: BTreeMap<u64, String>,
    /// Rights were dropped: no other namespace can be entered any more.
    are_rights_dropped: bool,
}

/// A process in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin {
    pid: u32,
    /// When it started, in ticks: another process with its number started later.
    started: u64,
}

impl Origin {
    fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: started(pid)? })
    }

    fn exists(self) -> bool {
        started(self.pid) == Some(self.started)
    }
}

/// What has changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// All that were found.
    pub(crate) found: BTreeMap<u64, Found>,
    /// Those that are new.
    pub(crate) opened: Vec<Handles>,
    /// Those that have no process and no name any more.
    pub(crate) gone: Vec<u64>,
    /// What cannot be seen.
    pub(crate) unseen: Vec<Unseen>,
}

impl Namespaces {
    /// With only the own one.
    pub(crate) fn new(own: u64, all: bool) -> Self {
        let open = BTreeMap::from([(own, None)]);
        Self { own, all, open, refused: BTreeMap::new(), are_rights_dropped: false }
    }

    /// Whether it is that of this process.
    pub(crate) fn is_own(&self, inode: u64) -> bool {
        inode == self.own
    }

    /// From now on no other namespace can be entered.
    pub(crate) fn drop_rights(&mut self) {
        self.are_rights_dropped = true;
    }

    /// Looks for namespaces, and opens those that are new.
    pub(crate) fn find(&mut self) -> Changes {
        let mut changes = Changes::default();
        let Some((found, hidden)) = discover() else {
            changes.unseen.push(Unseen {
                what: "new network namespaces".to_owned(),
                why: "/proc cannot be listed now".to_owned(),
            });
            return changes;
        };
        if !self.all {
            changes.found = found.into_iter().filter(|(inode, _)| *inode == self.own).collect();
            return changes;
        }
        for (inode, found) in &found {
            if let Some(origin) = self.open.get_mut(inode) {
                *origin = found.pid.and_then(Origin::of);
                continue;
            }
            if self.refused.contains_key(inode) {
                continue;
            }
            if self.are_rights_dropped {
                let why = "it appeared after the rights were dropped (--user); watch as root, or \
                           start the watch again";
                self.refused.insert(*inode, why.to_owned());
                continue;
            }
            match Handles::of(&found.path) {
                // The process may have moved, or its number may be another's by now.
                Ok(handles) if handles.inode == *inode => {
                    self.open.insert(*inode, found.pid.and_then(Origin::of));
                    changes.opened.push(handles);
                }
                Ok(_) => {}
                Err(error) if error.is_refused() => {
                    self.refused.insert(*inode, format!("{error}; root may enter it"));
                }
                Err(error) if error.is_of_ended() => {}
                // Too many open files, for example: tried again.
                Err(error) => changes.unseen.push(unseen(*inode, found, &error.to_string())),
            }
        }
        // Without its rights this process does not see the namespaces of others, which go on.
        let is_hidden =
            |origin: &Option<Origin>| self.are_rights_dropped && origin.is_some_and(Origin::exists);
        let is_gone = |(inode, origin): &(&u64, &Option<Origin>)| {
            **inode != self.own && !found.contains_key(*inode) && !is_hidden(origin)
        };
        changes.gone = self.open.iter().filter(is_gone).map(|(inode, _)| *inode).collect();
        self.open.retain(|inode, _| !changes.gone.contains(inode));
        self.refused.retain(|inode, _| found.contains_key(inode));
        let refused = self.refused.iter();
        changes.unseen.extend(refused.map(|(inode, why)| unseen(*inode, &found[inode], why)));
        changes.unseen.extend((hidden > 0).then(|| Unseen {
            what: "network namespaces of other users' processes".to_owned(),
            why: format!(
                "{} to this user; root sees all",
                match hidden {
                    1 => "1 process does not show its own".to_owned(),
                    _ => format!("{hidden} processes do not show theirs"),
                }
            ),
        }));
        changes.found = found;
        changes
    }
}

fn unseen(inode: u64, found: &Found, why: &str) -> Unseen {
    let place = match (&found.name, found.pid) {
        (Some(name), _) => format!(" ({name})"),
        (None, Some(pid)) => format!(" (process {pid})"),
        (None, None) => String::new(),
    };
    Unseen { what: format!("network namespace {inode}{place}"), why: why.to_owned() }
}
