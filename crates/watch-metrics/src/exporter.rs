//! Makes the text of a scrape.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::registry::Registry;
use watch_record::Snapshot;

use crate::drops::DropCounters;
use crate::exposition::Exposition;
use crate::format::Format;

/// Makes the text of each scrape from a snapshot of that moment, or of up to a second before:
/// the CPU time that it uses has a limit, however often clients ask.
pub struct Exporter {
    snapshot: Box<dyn Fn() -> Snapshot + Send + Sync>,
    kept_for: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    drops: DropCounters,
    /// The last text of each format, and when it was complete.
    texts: HashMap<Format, (Instant, Arc<str>)>,
}

impl Exporter {
    /// One for the snapshots that a function takes.
    pub fn new(snapshot: impl Fn() -> Snapshot + Send + Sync + 'static) -> Self {
        let kept_for = Duration::from_secs(1);
        Self { snapshot: Box::new(snapshot), kept_for, state: Mutex::default() }
    }

    /// The same with another time for which a text is served again, instead of one second.
    #[must_use]
    pub fn keeping_texts_for(self, kept_for: Duration) -> Self {
        Self { kept_for, ..self }
    }

    /// Everything that is known now, or was at the last text of this format, if that is less than
    /// a second old.
    pub fn text(&self, format: Format) -> Arc<str> {
        // Locked to the end, so that no later scrape has an earlier snapshot, and scrapes at the
        // same time make one text.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, text)) = state.texts.get(&format)
            && made.elapsed() < self.kept_for
        {
            return Arc::clone(text);
        }
        let snapshot = (self.snapshot)();
        state.drops.update(&snapshot.listeners, snapshot.watched_seconds);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Exposition::new(&snapshot, &state.drops)));
        let text: Arc<str> = format.encode(&registry).into();
        state.texts.insert(format, (Instant::now(), Arc::clone(&text)));
        text
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exporter").finish_non_exhaustive()
    }
}
