//! Network namespaces: made, entered by threads and by new processes.
#![expect(unsafe_code, reason = "pre_exec runs in a forked child")]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid, setsid};

use crate::NamespaceError;
use crate::loopback::bring_loopback_up;
use crate::refusal::{Attempt, NamespacePolicy};

/// A network namespace, held by a file descriptor (close-on-exec) and by
/// nothing else: it has no name, so the kernel takes it away with the last
/// descriptor and process in it, whatever way they end. Clones share the
/// descriptor.
#[derive(Debug, Clone)]
pub struct NetworkNamespace {
    file: Arc<File>,
    inode: u64,
}

impl NetworkNamespace {
    /// Makes a new namespace: its loopback is up, and it has nothing else. The
    /// calling thread stays where it is.
    ///
    /// # Errors
    /// [`NamespaceError::Refused`] where this process may not; see
    /// [`crate::enter_user_namespace`].
    pub fn create() -> Result<Self, NamespaceError> {
        in_short_lived_thread(Self::unshare)?
    }

    /// As [`NetworkNamespace::create`], from inside `parent`: the kernel takes
    /// some of a new namespace's properties from the one that it is made in.
    pub(crate) fn create_from(parent: &Self) -> Result<Self, NamespaceError> {
        parent.run(Self::unshare)?
    }

    /// Moves the calling thread into a new namespace.
    fn unshare() -> Result<Self, NamespaceError> {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| NamespaceError::Refused {
            attempt: Attempt::NetworkNamespace,
            refusal: NamespacePolicy::of_this_process().diagnose(Attempt::NetworkNamespace, errno),
        })?;
        let namespace = Self::current()?;
        bring_loopback_up()
            .map_err(|source| NamespaceError::system("bring the loopback up", source))?;
        Ok(namespace)
    }

    /// The namespace of the calling thread.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn current() -> Result<Self, NamespaceError> {
        Self::open("/proc/thread-self/ns/net")
    }

    /// The namespace that this process started in: its first thread's, which
    /// nothing in this crate ever moves.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn of_process() -> Result<Self, NamespaceError> {
        Self::open("/proc/self/ns/net")
    }

    fn open(path: &str) -> Result<Self, NamespaceError> {
        let open = || {
            let file = File::open(path)?;
            let inode = file.metadata()?.ino();
            Ok(Self { file: Arc::new(file), inode })
        };
        open().map_err(|source| NamespaceError::system("open a network namespace", source))
    }

    /// Runs `f` inside the namespace, in a thread of its own that ends with
    /// it: no thread of the caller ever changes its namespace. Sockets opened
    /// by `f` stay in the namespace wherever they are used afterwards.
    ///
    /// Inside, `/proc/net` and `/proc/self/net` are still the namespace of the
    /// process's first thread; read `/proc/thread-self/net`. `/proc/sys/net`
    /// is the calling thread's.
    ///
    /// # Errors
    /// When the namespace cannot be entered.
    ///
    /// # Panics
    /// With the panic of `f`.
    pub fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> Result<T, NamespaceError> {
        in_short_lived_thread(|| {
            setns(&self.file, CloneFlags::CLONE_NEWNET).map_err(|errno| {
                NamespaceError::system("enter a network namespace", errno.into())
            })?;
            Ok(f())
        })?
    }

    /// The number that tells namespaces apart, as `ls -l /proc/PID/ns/net`
    /// shows it; the kernel may give it again after the namespace has gone.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Makes `command` start inside the namespace as the leader of a session
    /// of its own, and makes the kernel send
    /// SIGKILL to its process when the **thread** that spawned it ends
    /// (PR_SET_PDEATHSIG): nothing outlives a lab that was killed. Spawn it
    /// from a thread that lives at least as long as the process should, the
    /// main thread for example, and in this process.
    ///
    /// In its own session a terminal's Ctrl-C does not reach it, and the kernel
    /// gives it, with all its threads, one scheduling group
    /// (`sched_autogroup_create_attach`, called by setsid(2)): the many threads
    /// of one such program do not starve the few of another.
    ///
    /// spawn(2)'s error is then also setns(2)'s, or ESRCH where the spawning
    /// process died before its child could ask for that signal.
    pub fn enter_on_exec<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let file = Arc::clone(&self.file);
        let enter = move || Ok(setns(&file, CloneFlags::CLONE_NEWNET)?);
        // SAFETY: between fork and exec the closure only makes a system call
        // (setns) on memory that was allocated before; its error is a number.
        unsafe { command.pre_exec(enter) };
        lead_session_on_exec(command)
    }
}

/// As [`NetworkNamespace::enter_on_exec`], and stays in the namespace of the
/// thread that spawns it.
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

/// Runs `f` in a thread that ends with it, and passes its panic on.
fn in_short_lived_thread<T: Send>(f: impl FnOnce() -> T + Send) -> Result<T, NamespaceError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("namespace".to_owned())
            .spawn_scoped(scope, f)
            .map_err(|source| NamespaceError::system("start a thread", source))?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
