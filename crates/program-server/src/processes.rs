//! The processes of the calling process's PID namespace.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// Every process but this one, which is the first of its namespace.
const ALL: Pid = Pid::from_raw(-1);

/// Resident memory and number of the processes of the namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) processes: u64,
    pub(crate) memory_bytes: u64,
}

/// Sends a signal to every process of the namespace but this one.
pub(crate) fn signal_all(signal: Signal) {
    // ESRCH: there is none.
    let _ = kill(ALL, signal);
}

/// Whether this process is the first of its PID namespace, so that [`signal_all`] reaches only
/// what it started.
pub(crate) fn is_first() -> bool {
    Pid::this().as_raw() == 1
}

/// The processes but this one, as /proc shows them; `None` if it shows others.
pub(crate) fn usage() -> Option<Usage> {
    if !linux_net::proc_is_own() {
        return None;
    }
    // The unit of /proc/PID/statm.
    let page_bytes = sysconf(SysconfVar::PAGE_SIZE).ok()??.unsigned_abs();
    let mut usage = Usage::default();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if pid == 1 {
            continue;
        }
        // A zombie has no memory; a process that has gone meanwhile has no file.
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        let bytes = pages.unwrap_or(0).saturating_mul(page_bytes);
        usage.processes += 1;
        usage.memory_bytes += bytes;
    }
    Some(usage)
}

/// Reaps every process of the namespace, in a thread of its own: those whose parents have ended
/// are children of this one.
#[derive(Debug)]
pub(crate) struct Reaper {
    main: Pid,
    status: Mutex<Option<String>>,
    ended: AtomicBool,
}

impl Reaper {
    /// The reaper of a program whose first process is `main`.
    pub(crate) fn new(main: u32) -> Self {
        let main = Pid::from_raw(main.cast_signed());
        Self { main, status: Mutex::default(), ended: AtomicBool::new(false) }
    }

    /// Reaps until there is no process left, then calls `on_end`.
    pub(crate) fn run(&self, on_end: impl FnOnce()) {
        loop {
            match waitpid(None, None) {
                Ok(status) if status.pid() == Some(self.main) => {
                    *self.status.lock().expect("never poisoned") = Some(described(status));
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => break,
            }
        }
        self.ended.store(true, Ordering::Release);
        on_end();
    }

    /// Whether no process is left.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// How the first process ended; `None` while it runs.
    pub(crate) fn status(&self) -> Option<String> {
        self.status.lock().expect("never poisoned").clone()
    }

    /// Its process id.
    pub(crate) fn main(&self) -> Pid {
        self.main
    }
}

/// Starts a thread that this process needs.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}

fn described(status: WaitStatus) -> String {
    match status {
        WaitStatus::Exited(_, code) => format!("exit status {code}"),
        WaitStatus::Signaled(_, signal, _) => signal.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}
