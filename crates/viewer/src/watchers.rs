//! Runs in progress that browsers watch: each is read once for all of them, and only while
//! there are any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::live::{FollowedRun, LiveParts};
use crate::run_folder::RunFolder;
use crate::workers::Workers;

/// The browsers that may watch at the same time, all runs together.
pub(crate) const MAX_WATCHERS: usize = 64;

/// The time between two updates of a run.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

type Channel = Arc<watch::Sender<Arc<LiveParts>>>;
type Channels = HashMap<RunFolder, Channel>;

/// The runs that are watched.
pub(crate) struct WatchedRuns {
    free: Arc<Semaphore>,
    channels: Arc<Mutex<Channels>>,
}

impl Default for WatchedRuns {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MAX_WATCHERS)), channels: Arc::default() }
    }
}

/// A browser that watches a run; dropping it makes room for another.
pub(crate) struct Watcher {
    pub(crate) parts: watch::Receiver<Arc<LiveParts>>,
    _permit: OwnedSemaphorePermit,
}

impl WatchedRuns {
    /// Watches a run, and starts to follow it if this is its first watcher; `None` if there
    /// are too many watchers. The first reading of a run is work like that of a page.
    pub(crate) fn watch(&self, folder: &RunFolder, pages: &Workers) -> Option<Watcher> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let mut channels = locked(&self.channels);
        let sender = channels.entry(folder.clone()).or_insert_with(|| {
            let sender = Arc::new(watch::channel(Arc::default()).0);
            let channels = Arc::clone(&self.channels);
            tokio::spawn(follow(folder.clone(), Arc::clone(&sender), channels, pages.clone()));
            sender
        });
        Some(Watcher { parts: sender.subscribe(), _permit: permit })
    }
}

/// Follows a run until it has no watchers, or no changes will follow.
async fn follow(
    folder: RunFolder,
    sender: Channel,
    channels: Arc<Mutex<Channels>>,
    pages: Workers,
) {
    let mut run = None;
    // What was appended since the last update is read without waiting for pages.
    let updates = Workers::new(1);
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let parts;
        (run, parts) = {
            let folder = folder.clone();
            let workers = if run.is_none() { &pages } else { &updates };
            workers.run(move || update(folder, run)).await
        };
        let is_last = parts.is_last;
        sender.send_if_modified(|before| {
            let is_changed = **before != parts;
            *before = Arc::new(parts);
            is_changed
        });
        // Under the lock, so that no browser subscribes to a channel that ends here.
        let mut channels = locked(&channels);
        if is_last || sender.receiver_count() == 0 {
            channels.remove(&folder);
            return;
        }
    }
}

/// Updates a run; the first update reads it from its beginning.
fn update(folder: RunFolder, run: Option<FollowedRun>) -> (Option<FollowedRun>, LiveParts) {
    let run = match run {
        Some(run) => Ok(run),
        None => folder.read_record().map(|record| FollowedRun::new(folder, record)),
    };
    match run {
        Ok(mut run) => {
            let parts = run.update();
            (Some(run), parts)
        }
        Err(error) => {
            let end = maud::html! { p.failed { "failed to " (error) } };
            (None, LiveParts { end: Some(end.0), is_last: true, ..LiveParts::default() })
        }
    }
}

fn locked(channels: &Mutex<Channels>) -> MutexGuard<'_, Channels> {
    channels.lock().expect("no panic while it is held")
}
