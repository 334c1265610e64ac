//! A watch in progress.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use diagnosis::find_troubles;
use linux_net::{OpenFilesError, monotonic_ns, process_cpu_ns, raise_open_files};
use watch_record::{Changes, Effort, ListenerDetails, Snapshot};

use crate::commands::{LookerCommand, WalkerCommand};
use crate::containers::{Containers, names_of};
use crate::error::WatchError;
use crate::handles::Handles;
use crate::looker::Looker;
use crate::namespaces::Namespaces;
use crate::rights::take_rights_of;
use crate::settings::WatchSettings;
use crate::state::{GoneNamespace, Selected, State};
use crate::tasks::Tasks;
use crate::walker::Walker;

/// The part of the CPU time that looks at the listeners may use; the walker has another, and
/// the rest is for what shows the results.
const LOOKER_PART: f64 = 0.45;
const WALKER_PART: f64 = 0.35;

/// Open files that are enough for hundreds of namespaces.
const OPEN_FILES: u64 = 16_384;

/// A watch in progress: two threads that look at the machine until this is dropped.
#[derive(Debug)]
pub struct Watch {
    state: Arc<Mutex<State>>,
    settings: WatchSettings,
    looker: Sender<LookerCommand>,
    walker: Sender<WalkerCommand>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Watch {
    /// Finds what there is, takes the rights of the user of the settings, if there is one, and
    /// begins. When it returns, the listeners, their processes and connections have been looked
    /// at once.
    ///
    /// # Errors
    /// If the own namespace cannot be read, or the rights cannot be taken.
    pub fn begin(mut settings: WatchSettings) -> Result<Self, WatchError> {
        settings.filter.containers.extend(names_of(&settings.filter.containers));
        // With fewer, fewer namespaces can be opened, which is then said.
        if let Err(OpenFilesError { hard, .. }) = raise_open_files(OPEN_FILES) {
            let _ = raise_open_files(hard);
        }
        let own = Handles::own()?;
        let now_ns = monotonic_ns();
        let effort = Effort {
            interval_seconds: settings.interval.as_secs_f64(),
            achieved_interval_seconds: settings.interval.as_secs_f64(),
            max_cpu_share: settings.max_cpu_share,
            ..Effort::default()
        };
        let state = Arc::new(Mutex::new(State::new(now_ns, process_cpu_ns(), effort)));
        let (looker_sender, looker_commands) = channel();
        let (walker_sender, walker_commands) = channel();
        let mut looker = Looker {
            state: Arc::clone(&state),
            commands: looker_commands,
            walker: walker_sender.clone(),
            interval_ns: (settings.interval.as_nanos() as u64).max(1),
            share: settings.max_cpu_share * LOOKER_PART,
            max_share: settings.max_cpu_share,
            namespaces: BTreeMap::new(),
        };
        let mut walker = Walker {
            state: Arc::clone(&state),
            commands: walker_commands,
            looker: looker_sender.clone(),
            tasks: Tasks::new(now_ns, settings.max_cpu_share * WALKER_PART),
            namespaces: Namespaces::new(own.inode, settings.all_namespaces),
            containers: Containers::default(),
            times: HashMap::new(),
            walks: BTreeMap::new(),
        };
        walker.add(own, true);
        walker.find_namespaces();
        if let Some(user) = &settings.user {
            take_rights_of(user)?;
            walker.namespaces.drop_rights();
        }
        looker.look_once();
        walker.perform_all();
        state
            .lock()
            .expect("no thread panics with the lock")
            .has_begun(monotonic_ns(), process_cpu_ns());
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            let builder = std::thread::Builder::new().name(name.to_owned());
            builder.spawn(body).map_err(WatchError::Thread)
        };
        let threads = vec![
            spawn("looker", Box::new(move || looker.run()))?,
            spawn("walker", Box::new(move || walker.run()))?,
        ];
        let threads = Mutex::new(threads);
        Ok(Self { state, settings, looker: looker_sender, walker: walker_sender, threads })
    }

    /// Everything that is known now: the listeners that the filter shows, those in most trouble
    /// first.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = {
            let state = self.lock();
            self.snapshot_of(&state)
        };
        // Before listeners are filtered out: what a counter says of one depends on the others.
        find_troubles(&mut snapshot);
        self.settings.filter.apply(&mut snapshot);
        snapshot
    }

    /// The same with what changed after `since_ns`, nanoseconds of the monotonic clock: complete
    /// if that is at most a minute ago, and from the beginning of the watch if it is 0 and the
    /// watch is not a minute old. Of listeners that the filter shows.
    pub fn snapshot_with_changes(&self, since_ns: u64) -> (Snapshot, Changes) {
        let (mut snapshot, mut changes) = {
            let state = self.lock();
            (self.snapshot_of(&state), state.changes_since(since_ns))
        };
        find_troubles(&mut snapshot);
        self.settings.filter.apply_to_changes(&snapshot, &mut changes);
        self.settings.filter.apply(&mut snapshot);
        (snapshot, changes)
    }

    /// Looks at everything once more, and then no more. All that is known then.
    pub fn finish(&self) -> Snapshot {
        // Each fails if the thread has ended. The looker last: its drops are the newest.
        let _ = self.walker.send(WalkerCommand::Finish);
        let _ = self.looker.send(LookerCommand::Finish);
        self.join();
        self.snapshot()
    }

    fn snapshot_of(&self, state: &State) -> Snapshot {
        let is_counted = |gone: &&GoneNamespace| {
            self.settings.filter.counts_gone(gone.inode, gone.name.as_deref())
        };
        let drops_of_gone = state.gone.iter().filter(is_counted).map(|gone| gone.drops).sum();
        state.snapshot(drops_of_gone)
    }

    fn join(&self) {
        for thread in self.threads.lock().expect("no thread panics with the lock").drain(..) {
            // A panic has been printed.
            let _ = thread.join();
        }
    }

    /// Selects the listener whose details are collected, or none.
    pub fn select(&self, id: Option<u64>) {
        let mut state = self.lock();
        if state.selected.as_ref().map(|selected| selected.id) == id {
            return;
        }
        state.selected = id.map(|id| Selected { id, ..Selected::default() });
        drop(state);
        // Fails if the walker has ended.
        let _ = self.walker.send(WalkerCommand::Selected);
    }

    /// What is known of the selected listener; `None` if none is, or it is gone.
    pub fn details(&self) -> Option<ListenerDetails> {
        self.lock().details()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with the lock")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Each fails if the thread has ended.
        let _ = self.looker.send(LookerCommand::Stop);
        let _ = self.walker.send(WalkerCommand::Stop);
        self.join();
    }
}
