//! Keys and the mouse, read by a thread of their own.
//!
//! crossterm reads on after an incomplete or unknown sequence, and for ever from a terminal
//! that is gone; so the event loop, which draws and notices that, must not wait for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};

/// How often the thread looks whether it is still needed.
const PATIENCE: Duration = Duration::from_secs(1);

/// The thread that reads the keyboard, until this is dropped and another event comes or a
/// second has passed.
pub(crate) struct Keyboard {
    pub(crate) events: Receiver<io::Result<Event>>,
    has_ended: Arc<AtomicBool>,
}

impl Keyboard {
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, events) = channel();
        let has_ended = Arc::<AtomicBool>::default();
        let end = Arc::clone(&has_ended);
        thread::Builder::new().name("keyboard".into()).spawn(move || read(&sender, &end))?;
        Ok(Self { events, has_ended })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }
}

fn read(sender: &Sender<io::Result<Event>>, has_ended: &AtomicBool) {
    while !has_ended.load(Ordering::Relaxed) {
        let event = match event::poll(PATIENCE) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        let is_last = event.is_err();
        if sender.send(event).is_err() || is_last {
            return;
        }
    }
}
