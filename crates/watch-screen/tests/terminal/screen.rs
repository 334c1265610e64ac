//! The process that shows the screen.

use std::process::exit;
use std::sync::Arc;
use std::thread;

use watch_record::{ListenerDetails, Snapshot};
use watch_screen::{ScreenEnd, ScreenSettings, Source, run};

use crate::moving::Moving;

/// The argument with which the test's executable shows the screen.
pub(crate) const ARGUMENT: &str = "show-the-screen";

/// Exit codes.
pub(crate) const QUIT: i32 = 10;
pub(crate) const CLOSED: i32 = 11;
pub(crate) const FAILED: i32 = 12;
pub(crate) const PANICKED: i32 = 13;
/// To this the number of the signal is added.
pub(crate) const SIGNAL: i32 = 128;

/// A source with a thread that panics when a listener is selected.
struct Panicking(Moving);

impl Source for Panicking {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }

    fn select(&self, _: Option<u64>) {
        let _ = thread::spawn(|| panic!("a thread of the source")).join();
    }

    fn details(&self) -> Option<Arc<ListenerDetails>> {
        None
    }
}

/// Shows the screen, and ends the process.
pub(crate) fn show() -> ! {
    // As the program does.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}");
        exit(PANICKED);
    }));
    exit(match run(&Panicking(Moving::new(12)), &ScreenSettings::default()) {
        Ok(ScreenEnd::Quit) => QUIT,
        Ok(ScreenEnd::TerminalClosed) => CLOSED,
        Ok(ScreenEnd::Signal(signal)) => SIGNAL + signal,
        Err(error) => {
            eprintln!("{error}");
            FAILED
        }
    })
}
