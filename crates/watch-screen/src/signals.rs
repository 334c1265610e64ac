//! Signals that end, stop and continue the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::flag;

/// The signals that arrived. When it is dropped they do again what they do by default.
pub(crate) struct Signals {
    /// The one that ends the process, or 0.
    end: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
    has_ended: Arc<AtomicBool>,
}

impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        let signals = Self {
            end: Arc::default(),
            stop: Arc::default(),
            continued: Arc::default(),
            has_ended: Arc::default(),
        };
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            flag::register_conditional_default(signal, Arc::clone(&signals.has_ended))?;
            flag::register_usize(signal, Arc::clone(&signals.end), signal as usize)?;
        }
        flag::register_conditional_default(SIGTSTP, Arc::clone(&signals.has_ended))?;
        flag::register(SIGTSTP, Arc::clone(&signals.stop))?;
        flag::register(SIGCONT, Arc::clone(&signals.continued))?;
        Ok(signals)
    }

    /// The signal that asks the process to end.
    pub(crate) fn end(&self) -> Option<i32> {
        match self.end.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal as i32),
        }
    }

    /// Whether another process asked this one to stop (SIGTSTP).
    pub(crate) fn is_asked_to_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Whether the process was continued after it was stopped, since the last call.
    pub(crate) fn was_continued(&self) -> bool {
        self.continued.swap(false, Ordering::SeqCst)
    }

    /// Stops the process until it is continued; with all of its process group, as the terminal
    /// does for Ctrl-Z, if `group`. The kernel does not stop a group that no shell could
    /// continue.
    pub(crate) fn suspend(&self, group: bool) -> io::Result<()> {
        if group {
            kill(Pid::from_raw(0), Signal::SIGTSTP)?;
            // This process only notes it, perhaps in another thread and so a little later.
            for _ in 0..1_000 {
                if self.is_asked_to_stop() {
                    break;
                }
                thread::sleep(Duration::from_millis(1));
            }
        }
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        let ours = set_action(&default)?;
        let stopped = raise(Signal::SIGTSTP);
        // The process was stopped here.
        set_action(&ours)?;
        self.stop.store(false, Ordering::SeqCst);
        self.continued.store(false, Ordering::SeqCst);
        Ok(stopped?)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::SeqCst);
    }
}

/// Sets what SIGTSTP does, and returns what it did.
#[expect(unsafe_code, reason = "sigaction has no safe wrapper")]
fn set_action(action: &SigAction) -> nix::Result<SigAction> {
    // SAFETY: the action is the default, which runs no code of this process, or the handler
    // that was there before, which is safe in a signal.
    unsafe { sigaction(Signal::SIGTSTP, action) }
}
