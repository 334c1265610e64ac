//! A process whose descendants all end with it: the first one of a PID namespace.
#![expect(unsafe_code, reason = "fork, and pre_exec runs in a forked child")]

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getppid};

/// Where the private file system of [`enter_pid_namespace`] is: an empty directory of every
/// machine with glibc, which is itself a tmpfs.
pub const PRIVATE_DIRECTORY: &str = "/dev/shm";

/// Makes the caller the first process of a new PID namespace: whatever it starts is killed
/// when it ends, however it ends, and also what its descendants start. It has its own mount
/// namespace, in which [`PRIVATE_DIRECTORY`] is an empty tmpfs of at most `private_bytes` that
/// goes with it, and /proc shows only its processes, where the kernel permits that.
///
/// The process that calls it waits for the new one and ends as that does; only the new one
/// returns. If the waiting one is killed, the kernel kills the new one (PR_SET_PDEATHSIG).
/// Call it at the start of `main`: the process must have one thread.
///
/// Needs CAP_SYS_ADMIN, which [`crate::enter_user_namespace`] gives an ordinary user.
///
/// # Errors
/// If the kernel refuses a namespace, the process or the file system.
pub fn enter_pid_namespace(private_bytes: u64) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS)?;
    // SAFETY: the process has one thread, so the child has all of it, and no lock is held.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => loop {
            // The child handles signals of the terminal; this process only ends after it.
            let _ = SigSet::all().thread_block();
            match waitpid(child, None) {
                Ok(WaitStatus::Exited(_, code)) => std::process::exit(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => std::process::exit(128 + signal as i32),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => std::process::exit(1),
            }
        },
        ForkResult::Child => {
            set_pdeathsig(Signal::SIGKILL)?;
            // A parent in another PID namespace has the number 0, and so has one that ended
            // before the signal was requested: then the pipe to the lab is closed, which ends
            // every worker.
            debug_assert_eq!(getppid().as_raw(), 0);
            mount_private(private_bytes)
        }
    }
}

fn mount_private(bytes: u64) -> io::Result<()> {
    const NONE: Option<&str> = None;
    let no_access = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    let options = format!("size={bytes},mode=0755");
    mount(Some("queuelab"), PRIVATE_DIRECTORY, Some("tmpfs"), no_access, Some(&*options))?;
    // Refused where parts of /proc are hidden, as in a container: the old one stays, in which
    // /proc/self is still right.
    let hidden = no_access | MsFlags::MS_NOEXEC;
    let _ = mount(Some("proc"), "/proc", Some("proc"), hidden, NONE);
    Ok(())
}

/// Whether /proc shows the processes of the caller's PID namespace.
pub fn proc_is_own() -> bool {
    let own = std::fs::read_link("/proc/self");
    own.is_ok_and(|own| own == Path::new(&std::process::id().to_string()))
}

/// Limits of one process, which those that it starts inherit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResourceLimits {
    /// RLIMIT_NOFILE: open files.
    pub open_files: Option<u64>,
    /// RLIMIT_NPROC: processes **and threads** of its user, also those of others. The kernel does
    /// not apply it to root.
    pub processes: Option<u64>,
    /// RLIMIT_DATA: bytes of private memory that it may write.
    pub memory: Option<u64>,
}

/// Makes `command` start with these limits, or with those in force if they are lower.
pub fn limit_on_exec(command: &mut Command, limits: ResourceLimits) -> &mut Command {
    let limit = move || -> io::Result<()> {
        for (resource, limit) in [
            (Resource::RLIMIT_NOFILE, limits.open_files),
            (Resource::RLIMIT_NPROC, limits.processes),
            (Resource::RLIMIT_DATA, limits.memory),
        ] {
            if let Some(limit) = limit {
                // Only root may raise a hard limit.
                let (_, hard) = getrlimit(resource)?;
                let limit = limit.min(hard);
                setrlimit(resource, limit, limit)?;
            }
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure only makes system calls (getrlimit, setrlimit), on
    // numbers; the errors it makes are plain numbers.
    unsafe { command.pre_exec(limit) }
}
