//! The screen.

use std::sync::Arc;

use watch::Watch;
use watch_record::{ListenerDetails, Snapshot};
use watch_screen::{ScreenSettings, Source};

use crate::error::Result;
use crate::exit::Exit;

/// Shows the screen until its user leaves it.
pub(super) fn show(watch: &Watch) -> Result {
    watch_screen::run(&Watched(watch), &ScreenSettings::default())?;
    Ok(Exit::Held)
}

/// A watch as the data of the screen, which asks for it as often as it draws.
struct Watched<'a>(&'a Watch);

impl Source for Watched<'_> {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::new(self.0.snapshot())
    }

    fn select(&self, listener: Option<u64>) {
        self.0.select(listener);
    }

    fn details(&self) -> Option<Arc<ListenerDetails>> {
        self.0.details().map(Arc::new)
    }
}
