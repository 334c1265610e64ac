//! Network namespaces: created, and entered by threads and by new processes.
#![expect(unsafe_code, reason = "pre_exec runs in a forked child")]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid, setsid};

use crate::loopback::bring_loopback_up;
use crate::refusal::NamespaceError;
use crate::refusal::{Attempt, NamespacePolicy};

/// A network namespace, kept alive only by a file descriptor (close-on-exec): it has no
/// name, so the kernel removes it with the last descriptor and process in it, however
/// they end. Clones share the descriptor.
#[derive(Debug, Clone)]
pub struct NetworkNamespace {
    file: Arc<File>,
    inode: u64,
}

impl NetworkNamespace {
    /// Creates a namespace whose only interface is a loopback that is up. The calling
    /// thread stays in its own namespace.
    ///
    /// # Errors
    /// [`NamespaceError::Refused`] if this process may not; see
    /// [`crate::enter_user_namespace`].
    pub fn create() -> Result<Self, NamespaceError> {
        in_short_lived_thread(Self::unshare)?
    }

    /// As [`NetworkNamespace::create`], from inside `parent`: some properties of a new
    /// namespace are inherited from the one in which it is created.
    pub(crate) fn create_from(parent: &Self) -> Result<Self, NamespaceError> {
        parent.run(Self::unshare)?
    }

    /// Moves the calling thread into a new namespace.
    fn unshare() -> Result<Self, NamespaceError> {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| NamespaceError::Refused {
            attempt: Attempt::NetworkNamespace,
            refusal: NamespacePolicy::current().diagnose(Attempt::NetworkNamespace, errno),
        })?;
        let namespace = Self::current()?;
        bring_loopback_up()
            .map_err(|source| NamespaceError::system("bring the loopback up", source))?;
        Ok(namespace)
    }

    /// The namespace of the calling thread.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn current() -> Result<Self, NamespaceError> {
        Self::open("/proc/thread-self/ns/net")
    }

    /// The namespace in which this process started: that of its first thread, which
    /// nothing in this crate ever moves.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn of_process() -> Result<Self, NamespaceError> {
        Self::open("/proc/self/ns/net")
    }

    /// The namespace of a file such as /proc/PID/ns/net or /run/netns/NAME: the file keeps the
    /// namespace in existence.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, NamespaceError> {
        let open = || {
            let file = File::open(path)?;
            let inode = file.metadata()?.ino();
            Ok(Self { file: Arc::new(file), inode })
        };
        open().map_err(|source| NamespaceError::system("open a network namespace", source))
    }

    /// Runs `f` inside the namespace, in a new thread that ends with it: no thread of the
    /// caller ever changes its namespace. Sockets opened by `f` stay in the namespace, in
    /// any thread.
    ///
    /// Inside, `/proc/net` and `/proc/self/net` still show the namespace of the process's
    /// first thread; read `/proc/thread-self/net`. `/proc/sys/net` is that of the calling
    /// thread.
    ///
    /// # Errors
    /// If the namespace cannot be entered.
    ///
    /// # Panics
    /// If `f` panics.
    pub fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> Result<T, NamespaceError> {
        in_short_lived_thread(|| {
            setns(&self.file, CloneFlags::CLONE_NEWNET).map_err(|errno| {
                NamespaceError::system("enter a network namespace", errno.into())
            })?;
            Ok(f())
        })?
    }

    /// The number that identifies the namespace, as `ls -l /proc/PID/ns/net` shows it;
    /// the kernel may reuse it after the namespace has been removed.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Makes `command` start inside the namespace as the leader of its own session, and
    /// makes the kernel send SIGKILL to its process when the **thread** that spawned it
    /// ends (PR_SET_PDEATHSIG): nothing outlives a lab that was killed. Spawn it from a
    /// thread that lives at least as long as the process should, for example the main
    /// thread, and in this process.
    ///
    /// In its own session a terminal's Ctrl-C does not reach it, and it has, with all its
    /// threads, its own scheduling group (`sched_autogroup_create_attach`, called by
    /// setsid(2)): many threads of one such program do not starve the few of another.
    ///
    /// The error of spawning may also be that of setns(2), or ESRCH if the spawning
    /// process died before its child could request that signal.
    pub fn enter_on_exec<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let file = Arc::clone(&self.file);
        let enter = move || Ok(setns(&file, CloneFlags::CLONE_NEWNET)?);
        // SAFETY: between fork and exec the closure only makes a system call
        // (setns) on memory that was allocated before; its error is a number.
        unsafe { command.pre_exec(enter) };
        lead_session_on_exec(command)
    }
}

/// As [`NetworkNamespace::enter_on_exec`], but in the namespace of the thread that spawns
/// it.
pub fn lead_session_on_exec(command: &mut Command) -> &mut Command {
    let parent = getpid();
    let lead = move || -> io::Result<()> {
        setsid()?;
        set_pdeathsig(Signal::SIGKILL)?;
        if getppid() != parent {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure only makes system calls
    // (setsid, prctl, getppid) on memory that was allocated before; the errors
    // it makes are plain numbers.
    unsafe { command.pre_exec(lead) }
}

impl AsFd for NetworkNamespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Runs `f` in a new thread, and passes its panic on.
fn in_short_lived_thread<T: Send>(f: impl FnOnce() -> T + Send) -> Result<T, NamespaceError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("namespace".to_owned())
            .spawn_scoped(scope, f)
            .map_err(|source| NamespaceError::system("start a thread", source))?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
