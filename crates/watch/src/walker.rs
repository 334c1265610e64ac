//! The thread that does everything but the looks: finds namespaces and processes, walks all
//! sockets, reads counters.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use linux_net::{SocketOwners, monotonic_ns};
use watch_record::Unseen;

use crate::activity::{self, WatchedTimes};
use crate::clock::thread_cpu_ns;
use crate::commands::{LookerCommand, WalkerCommand};
use crate::containers::Containers;
use crate::handles::Handles;
use crate::namespace_state::{NamespaceState, read_sysctls};
use crate::namespaces::Namespaces;
use crate::state::{OwnedProcess, State};
use crate::tasks::{Task, Tasks};
use crate::walks::Walks;

/// Finds namespaces and processes, walks sockets, and reads counters.
#[derive(Debug)]
pub(crate) struct Walker {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) commands: Receiver<WalkerCommand>,
    pub(crate) looker: Sender<LookerCommand>,
    pub(crate) tasks: Tasks,
    pub(crate) namespaces: Namespaces,
    pub(crate) containers: Containers,
    pub(crate) times: HashMap<u32, Option<WatchedTimes>>,
    pub(crate) walks: BTreeMap<u64, Walks>,
}

impl Walker {
    /// Works until it is stopped.
    pub(crate) fn run(mut self) {
        loop {
            let wait_ns = self.tasks.next_due_ns().saturating_sub(monotonic_ns());
            match self.commands.recv_timeout(Duration::from_nanos(wait_ns)) {
                Ok(WalkerCommand::Changed) => self.tasks.hurry(Task::Owners),
                Ok(WalkerCommand::Selected) => self.tasks.hurry(Task::Walk),
                Ok(WalkerCommand::Finish) => return self.perform_all(),
                Ok(WalkerCommand::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            while let Some(task) = self.tasks.due(monotonic_ns()) {
                let cpu_ns = thread_cpu_ns();
                self.perform(task);
                let cost_ns = thread_cpu_ns() - cpu_ns;
                let interval_ns = self.tasks.done(task, monotonic_ns(), cost_ns);
                if task == Task::Walk {
                    let mut state = self.lock();
                    state.effort.walk_cost_seconds = cost_ns as f64 / 1e9;
                    state.effort.walk_interval_seconds = interval_ns as f64 / 1e9;
                }
            }
        }
    }

    /// Performs every task once.
    pub(crate) fn perform_all(&mut self) {
        for task in Task::ALL {
            self.perform(task);
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Namespaces => self.find_namespaces(),
            Task::Counters => self.read_counters(),
            Task::Owners => self.find_owners(),
            Task::Processes => self.look_at_processes(),
            Task::Walk => {
                self.walk();
                self.lock().effort.walks += 1;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with the lock")
    }

    /// Finds namespaces, opens those that are new, and closes those that are gone.
    pub(crate) fn find_namespaces(&mut self) {
        let changes = self.namespaces.find();
        for handles in changes.opened {
            self.add(handles, false);
        }
        for inode in changes.gone {
            self.walks.remove(&inode);
            // Fails if the looker has ended.
            let _ = self.looker.send(LookerCommand::Remove { inode });
            self.lock().remove_namespace(inode);
        }
        let mut described = Vec::new();
        for (inode, found) in &changes.found {
            let process = found.pid.map(|pid| (pid, activity::name(pid).unwrap_or_default()));
            // The processes of the own namespace may be in any container, or in none.
            let container = found.pid.filter(|_| !self.namespaces.is_own(*inode));
            let container = container.and_then(|pid| self.containers.of_process(pid));
            described.push((*inode, found.name.clone(), process, container));
        }
        let mut state = self.lock();
        for (inode, name, process, container) in described {
            if let Some(namespace) = state.namespaces.get_mut(&inode) {
                (namespace.name, namespace.process) = (name, process);
                namespace.container = container;
            }
        }
        state.cannot_see("namespaces", changes.unseen);
    }

    /// Adds a namespace to all that is watched.
    pub(crate) fn add(&mut self, handles: Handles, is_own: bool) {
        let Handles { inode, looks, walks, files } = handles;
        let mut namespace = NamespaceState::new(inode, is_own, Arc::clone(&files));
        namespace.sysctls = read_sysctls(&files);
        // Before its listeners are looked at: what these drop from now on is counted from now on.
        if let Ok(counters) = files.counters() {
            namespace.read(counters, monotonic_ns());
        }
        self.lock().namespaces.insert(inode, namespace);
        self.walks.insert(inode, Walks::new(walks));
        let _ = self.looker.send(LookerCommand::Add { inode, diag: looks, files });
    }

    fn read_counters(&mut self) {
        let files: Vec<_> =
            self.lock().namespaces.values().map(|it| (it.inode, it.files())).collect();
        for (inode, files) in files {
            let (counters, sysctls) = (files.counters(), read_sysctls(&files));
            let now_ns = monotonic_ns();
            if let Some(namespace) = self.lock().namespaces.get_mut(&inode) {
                namespace.sysctls = sysctls;
                if let Ok(counters) = counters {
                    namespace.read(counters, now_ns);
                }
            }
        }
    }

    fn find_owners(&mut self) {
        let inodes: HashSet<u32> = {
            let state = self.lock();
            let listeners = state.namespaces.values().flat_map(|it| it.listeners.values());
            listeners.map(|listener| listener.inode).filter(|inode| *inode != 0).collect()
        };
        let Some(mut found) = SocketOwners::find(&inodes) else { return };
        let without = inodes.iter().filter(|inode| !found.by_inode.contains_key(inode)).count();
        let unseen = (without > 0 && found.hidden > 0).then(|| Unseen {
            what: format!(
                "the processes of {without} listener{}",
                if without == 1 { "" } else { "s" }
            ),
            why: format!(
                "the open files of {} are not visible to this user; root sees them",
                match found.hidden {
                    1 => "1 process".to_owned(),
                    hidden => format!("{hidden} processes"),
                }
            ),
        });
        for inode in inodes {
            found.by_inode.entry(inode).or_default();
        }
        let has_new = {
            let mut state = self.lock();
            state.cannot_see("owners", unseen);
            let pids = found.by_inode.values().flatten();
            let has_new = pids.clone().any(|pid| !state.processes.contains_key(pid));
            state.owners = found.by_inode;
            has_new
        };
        if has_new {
            self.look_at_processes();
        }
    }

    fn look_at_processes(&mut self) {
        let pids: HashSet<u32> = self.lock().owners.values().flatten().copied().collect();
        self.times.retain(|pid, _| pids.contains(pid));
        let mut processes = HashMap::new();
        for pid in pids {
            if let Some(process) = activity::look(pid, self.times.entry(pid).or_default()) {
                let container = self.containers.of_process(pid);
                processes.insert(pid, OwnedProcess { process, container });
            }
        }
        self.lock().processes = processes;
    }

    fn walk(&mut self) {
        let mut unseen = Vec::new();
        for (inode, walks) in &mut self.walks {
            if let Err(error) = walks.walk(&self.state, *inode) {
                unseen.push(Unseen {
                    what: format!("the connections of network namespace {inode}"),
                    why: error.to_string(),
                });
            }
        }
        self.lock().cannot_see("walks", unseen);
    }
}
