//! A pseudo-terminal with a screen.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::screen;

/// Ends a test that hangs; nothing is expected to take long.
const LIMIT: Duration = Duration::from_secs(60);

/// A pseudo-terminal and the process that shows the screen on it.
pub(crate) struct Terminal {
    master: Option<Arc<File>>,
    reader: Option<JoinHandle<()>>,
    is_closing: Arc<AtomicBool>,
    /// It keeps the terminal when the process has ended.
    slave: OwnedFd,
    before: Termios,
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts a process and waits until it shows the screen.
    pub(crate) fn start() -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        // Copies that the process does not inherit: it must not keep its own terminal open.
        let [master, slave] = [pty.master, pty.slave].map(|file| file.try_clone().unwrap());
        let before = tcgetattr(&slave).unwrap();
        let stdio = || slave.try_clone().unwrap();
        let child = Command::new("/proc/self/exe")
            .arg(screen::ARGUMENT)
            .env("TERM", "xterm-256color")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            // Ctrl-Z stops the group.
            .process_group(0)
            .spawn()
            .unwrap();
        let master = Arc::new(File::from(master));
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let is_closing = Arc::<AtomicBool>::default();
        let reader = {
            let (master, shown) = (Arc::clone(&master), Arc::clone(&shown));
            let is_closing = Arc::clone(&is_closing);
            thread::spawn(move || read(&master, &shown, &is_closing))
        };
        let terminal = Self {
            master: Some(master),
            reader: Some(reader),
            is_closing,
            slave,
            before,
            child,
            shown,
        };
        terminal.is_entered(0);
        terminal
    }

    pub(crate) fn keys(&self, keys: &str) {
        let mut master: &File = self.master.as_deref().unwrap();
        master.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// What was written on the terminal.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until the process has ended.
    pub(crate) fn exit_code(&mut self) -> i32 {
        let status = self.wait();
        status.code().unwrap_or_else(|| panic!("{status}: {:?}", self.shown()))
    }

    /// Waits until the process is stopped.
    pub(crate) fn is_stopped(&self) {
        let flags = WaitPidFlag::WUNTRACED | WaitPidFlag::WNOHANG;
        until("it is stopped", || match waitpid(self.pid(), Some(flags)).unwrap() {
            WaitStatus::StillAlive => false,
            WaitStatus::Stopped(..) => true,
            other => panic!("{other:?}: {:?}", self.shown()),
        });
    }

    /// How often the screen has been set up.
    pub(crate) fn entered(&self) -> usize {
        self.shown().matches("\u{1b}[?1049h").count()
    }

    /// Waits until the screen has been set up more often than this, and is drawn. It may be set up
    /// twice after a stop: the handler of SIGCONT may run in another thread, a little later.
    pub(crate) fn is_entered(&self, before: usize) {
        until("the screen is drawn", || {
            let shown = self.shown();
            let entered = self.entered() > before;
            let last = shown.rfind("\u{1b}[?1049h").unwrap_or(0);
            entered && shown[last..].contains("ADDRESS")
        });
        assert_ne!(tcgetattr(&self.slave).unwrap(), self.before, "the terminal is raw");
    }

    /// Waits until the headings, which do not change, are drawn a second time.
    pub(crate) fn is_drawn_again(&self) {
        until("it is drawn again", || self.shown().matches("ADDRESS").count() > 1);
    }

    /// Waits until more is drawn.
    pub(crate) fn goes_on(&self) {
        let before = self.shown.lock().unwrap().len();
        // More than the echo of a key or the end of a frame.
        until("it goes on", || self.shown.lock().unwrap().len() > before + 1_000);
    }

    /// Waits until all that leaves the screen has been shown, and compares the modes.
    pub(crate) fn is_restored(&self) {
        until("the screen is left", || {
            let shown = self.shown();
            let last = |text| shown.rfind(text);
            last("\u{1b}[?1049l") > last("\u{1b}[?1049h")
                && last("\u{1b}[?25h") > last("\u{1b}[?25l")
                && last("\u{1b}[?1000l") > last("\u{1b}[?1000h")
                && last("\u{1b}[?1006l") > last("\u{1b}[?1006h")
                && last("\u{1b}[?2026l") > last("\u{1b}[?2026h")
        });
        assert_eq!(tcgetattr(&self.slave).unwrap(), self.before);
    }

    /// Closes the terminal, and waits until the process has ended.
    pub(crate) fn close(mut self) -> ExitStatus {
        self.end_reading();
        // The last file of the master.
        drop(self.master.take());
        self.wait()
    }

    fn end_reading(&mut self) {
        self.is_closing.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not fail");
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until("it has ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Before the terminal is closed.
        self.end_reading();
        // It has ended, unless a check has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes what is written on the terminal, until it is to be closed.
fn read(mut master: &File, shown: &Mutex<Vec<u8>>, is_closing: &AtomicBool) {
    let mut bytes = [0; 4096];
    while !is_closing.load(Ordering::Relaxed) {
        let mut files = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
        if poll(&mut files, 20_u8).unwrap_or(0) == 0 {
            continue;
        }
        match master.read(&mut bytes) {
            Ok(count) => shown.lock().unwrap().extend_from_slice(&bytes[..count]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
        }
    }
}

fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < LIMIT, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
