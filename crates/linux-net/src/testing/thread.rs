//! What a thread is blocked in.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A thread, as /proc shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// `/proc/<pid>/task/<tid>`
    folder: PathBuf,
}

/// A system call that has put its thread to sleep.
struct BlockedCall {
    number: i64,
    first_argument: u64,
}

impl Thread {
    /// The calling thread.
    ///
    /// # Panics
    /// If /proc is not mounted.
    pub fn current() -> Self {
        let own = fs::read_link("/proc/thread-self").expect("Linux has it");
        Self { folder: Path::new("/proc").join(own) }
    }

    /// The threads of a process.
    ///
    /// # Errors
    /// If the process has exited.
    pub fn all_of_process(pid: u32) -> io::Result<Vec<Self>> {
        fs::read_dir(format!("/proc/{pid}/task"))?
            .map(|entry| Ok(Self { folder: entry?.path() }))
            .collect()
    }

    /// Whether it sleeps in futex(2): a lock that another thread holds puts it there.
    pub fn is_waiting_for_lock(&self) -> bool {
        self.blocked_call().is_some_and(|call| call.number == libc::SYS_futex)
    }

    /// Whether it sleeps in a read of the socket with this inode.
    pub fn is_blocked_reading(&self, inode: &str) -> bool {
        self.is_blocked_on_socket(&[libc::SYS_read, libc::SYS_recvfrom], inode)
    }

    /// Whether it sleeps in a write to the socket with this inode.
    pub fn is_blocked_writing(&self, inode: &str) -> bool {
        self.is_blocked_on_socket(&[libc::SYS_write, libc::SYS_sendto], inode)
    }

    /// Whether it sleeps until something happens to one of several files, of which the socket
    /// with this inode is one (epoll_wait(2)).
    pub fn is_waiting_for_events_of(&self, inode: &str) -> bool {
        let calls = [libc::SYS_epoll_wait, libc::SYS_epoll_pwait];
        let inode = inode.parse::<u64>().map(|inode| format!("ino:{inode:x} "));
        self.blocked_call().filter(|call| calls.contains(&call.number)).is_some_and(|call| {
            let info = self.folder.join("fdinfo").join(call.first_argument.to_string());
            let targets = fs::read_to_string(info).unwrap_or_default();
            inode.is_ok_and(|inode| targets.lines().any(|line| line.contains(&inode)))
        })
    }

    /// Whether it sleeps until something happens to one of several files (epoll_wait(2)), or
    /// until a ring has completed something (io_uring_enter(2)).
    pub fn is_waiting_for_events(&self) -> bool {
        let calls = [libc::SYS_epoll_wait, libc::SYS_epoll_pwait, libc::SYS_io_uring_enter];
        self.blocked_call().is_some_and(|call| calls.contains(&call.number))
    }

    /// Whether this is its name.
    pub fn is_named(&self, name: &str) -> bool {
        fs::read_to_string(self.folder.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
    }

    fn is_blocked_on_socket(&self, calls: &[i64], inode: &str) -> bool {
        self.blocked_call().is_some_and(|call| {
            let link = self.folder.join("fd").join(call.first_argument.to_string());
            calls.contains(&call.number)
                && fs::read_link(link)
                    .is_ok_and(|target| target.to_str() == Some(&format!("socket:[{inode}]")))
        })
    }

    /// None while it runs, or if it has exited.
    fn blocked_call(&self) -> Option<BlockedCall> {
        // `running` for a thread that is not blocked.
        let call = fs::read_to_string(self.folder.join("syscall")).ok()?;
        let mut words = call.split_ascii_whitespace();
        Some(BlockedCall {
            number: words.next()?.parse().ok()?,
            first_argument: u64::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?,
        })
    }
}
