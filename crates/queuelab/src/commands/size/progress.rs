//! How far a long search is, on standard error.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use queue_model::sizing::Work;

use crate::output::print_message;

/// A search that takes less shows nothing.
const BEFORE_FIRST: Duration = Duration::from_secs(2);

/// The time between two lines, and between two updates of a terminal's line.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BETWEEN_UPDATES: Duration = Duration::from_millis(200);

/// Shows the progress of a search until it is dropped.
pub(super) struct Progress {
    ended: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    pub(super) fn of(work: Arc<Work>) -> Self {
        let (ended, end) = channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut wait = BEFORE_FIRST;
            let mut bar = None;
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(wait) {
                let message = describe(&work);
                if std::io::stderr().is_terminal() {
                    bar.get_or_insert_with(spinner).set_message(message);
                    wait = BETWEEN_UPDATES;
                } else {
                    print_message(&message);
                    wait = BETWEEN_LINES;
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        Self { ended: Some(ended), thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ended.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}");
    ProgressBar::new_spinner().with_style(style.expect("the template is constant"))
}

fn describe(work: &Work) -> String {
    let (measured, all) = work.measured();
    if measured < all {
        return format!("{measured}/{all} random bursts simulated without drops");
    }
    format!("{} simulations of bursts that a smaller backlog changes", work.simulated())
}
