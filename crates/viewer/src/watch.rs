//! Runs in progress, each looked at once for all who watch it, and not at all
//! when nobody does.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::live::{Followed, Shown};
use crate::page;
use crate::runs::Place;

/// Browsers that may watch at once, all runs together.
pub(crate) const MOST: usize = 64;

/// From one look at a run to the next.
const INTERVAL: Duration = Duration::from_millis(250);

type Channel = Arc<watch::Sender<Arc<Shown>>>;
type Channels = HashMap<PathBuf, Channel>;
type Runs = Mutex<Channels>;

/// Who watches what.
pub(crate) struct Watches {
    free: Arc<Semaphore>,
    runs: Arc<Runs>,
}

impl Default for Watches {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MOST)), runs: Arc::default() }
    }
}

/// Somebody who watches a run. Dropping it makes room for another.
pub(crate) struct Watcher {
    pub(crate) shown: watch::Receiver<Arc<Shown>>,
    _place: OwnedSemaphorePermit,
}

impl Watches {
    /// Watches a run, whose looks begin with the first who does; none where too
    /// many watch already.
    pub(crate) fn watch(&self, place: &Place) -> Option<Watcher> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let mut runs = locked(&self.runs);
        let sender = runs.entry(place.path.clone()).or_insert_with(|| {
            let sender = Arc::new(watch::channel(Arc::default()).0);
            tokio::spawn(follow(place.clone(), Arc::clone(&sender), Arc::clone(&self.runs)));
            sender
        });
        Some(Watcher { shown: sender.subscribe(), _place: permit })
    }
}

/// Looks at a run until nobody watches, or nothing more will come.
async fn follow(place: Place, sender: Channel, runs: Arc<Runs>) {
    let mut followed = None;
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let shown;
        (followed, shown) = {
            let place = place.clone();
            page::blocking(move || look(place, followed)).await
        };
        let is_last = shown.is_last;
        sender.send_if_modified(|before| {
            let is_news = **before != shown;
            *before = Arc::new(shown);
            is_news
        });
        // Under the lock, so that nobody joins what ends here.
        let mut runs = locked(&runs);
        if is_last || sender.receiver_count() == 0 {
            runs.remove(&place.path);
            return;
        }
    }
}

/// A look at a run, which is read from its beginning at the first.
fn look(place: Place, followed: Option<Followed>) -> (Option<Followed>, Shown) {
    let followed = match followed {
        Some(followed) => Ok(followed),
        None => place.read().map(|(record, _)| Followed::new(place, record)),
    };
    match followed {
        Ok(mut followed) => {
            let shown = followed.look();
            (Some(followed), shown)
        }
        Err(error) => {
            let end = maud::html! { p.failed { "failed to " (error) } };
            (None, Shown { end: Some(end.0), is_last: true, ..Shown::default() })
        }
    }
}

fn locked(runs: &Runs) -> MutexGuard<'_, Channels> {
    runs.lock().expect("nobody panics while holding it")
}
