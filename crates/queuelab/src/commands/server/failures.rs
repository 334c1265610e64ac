//! Clients that could not be accepted or served, or were given up, in words.

use std::borrow::Cow;

use chat_server::ClientFailures;
use linux_net::ThreadLimit;
use nix::sys::resource::{Resource, getrlimit};
use worker::metrics::{ClientLimit, ClosedBecause};

/// A kind of failure, and how often it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What failed, with its errno or its cause: `accept(2) EMFILE`, `closed: idle_timeout`.
    pub(super) what: String,
    pub(super) times: u64,
    /// What it means, with the limit in force if it is a limit.
    pub(super) meaning: Cow<'static, str>,
}

/// The failures by kind.
pub(super) fn failures(counted: &ClientFailures) -> Vec<Failure> {
    let accepts = counted.accept_errors.iter().map(|(errno, &times)| Failure {
        what: format!("accept(2) {errno}"),
        times,
        meaning: accept_meaning(errno),
    });
    let threads = counted.thread_errors.iter().map(|(errno, &times)| Failure {
        what: format!("thread {errno}"),
        times,
        meaning: thread_meaning(errno),
    });
    let closed = counted.closed.iter().filter(|(cause, _)| **cause != ClosedBecause::NoThread);
    let closed = closed.map(|(&cause, &times)| Failure {
        what: format!("closed: {cause}"),
        times,
        meaning: closed_meaning(cause, &counted.client_limit),
    });
    accepts.chain(threads).chain(closed).collect()
}

/// What an errno of accept(2) means (`do_accept` in net/socket.c), with the limit in force.
fn accept_meaning(errno: &str) -> Cow<'static, str> {
    match errno {
        "EMFILE" => format!(
            "this process may open no more files ({}); clients wait in the accept queue",
            open_files_limit()
        )
        .into(),
        "ENFILE" => format!(
            "the whole machine may open no more files ({}); clients wait in the accept queue",
            machine_files_limit()
        )
        .into(),
        "ENOMEM" | "ENOBUFS" => "no memory for a socket; clients wait in the accept queue".into(),
        "ECONNABORTED" => "the connection had ended before it was accepted".into(),
        "EPERM" => "a firewall or security module forbids it".into(),
        _ => "clients wait in the accept queue".into(),
    }
}

/// What an errno of pthread_create(3) means, with the limits in force.
fn thread_meaning(errno: &str) -> Cow<'static, str> {
    const TURNED_AWAY: &str =
        "clients turned away: accepted and closed, because no thread could be started";
    match errno {
        "EAGAIN" => {
            format!("{TURNED_AWAY} (at a limit: {}; or no memory for its stack)", thread_limits())
                .into()
        }
        _ => TURNED_AWAY.into(),
    }
}

/// The limit of open files of this process, by name.
fn open_files_limit() -> String {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) => format!("RLIMIT_NOFILE {soft}"),
        Err(_) => "RLIMIT_NOFILE".to_owned(),
    }
}

/// The limit of open files of the machine, by name.
fn machine_files_limit() -> String {
    match std::fs::read_to_string("/proc/sys/fs/file-max") {
        Ok(max) => format!("fs.file-max {}", max.trim()),
        Err(_) => "fs.file-max".to_owned(),
    }
}

/// The limits on threads that apply to this process, by name.
fn thread_limits() -> String {
    let limits: Vec<_> = linux_net::thread_limits().iter().map(ThreadLimit::to_string).collect();
    match limits.as_slice() {
        // Without a free file, none can be read.
        [] => "RLIMIT_NPROC, pids.max, kernel.threads-max or kernel.pid_max".to_owned(),
        limits => limits.join(", "),
    }
}

/// Why the server closes a client. One without a thread is described by its errno.
fn closed_meaning(cause: ClosedBecause, served: &ClientLimit) -> Cow<'static, str> {
    match cause {
        ClosedBecause::MaxClients => format!(
            "clients turned away: accepted and closed, because {} were served, as many as {} allows",
            report::count(served.clients),
            served.limit
        )
        .into(),
        ClosedBecause::NoThread => "clients without a thread".into(),
        ClosedBecause::NoMemory => "clients for whose messages there was no memory".into(),
        ClosedBecause::FrameTimeout => {
            "clients that began a message and did not complete it within --frame-timeout".into()
        }
        ClosedBecause::IdleTimeout => {
            "clients that sent nothing, and were sent nothing, for --idle-timeout".into()
        }
        ClosedBecause::WriteTimeout => {
            "clients that did not read: writes to them waited for --write-timeout, and with them \
             the clients that had sent the messages"
                .into()
        }
        ClosedBecause::QueueFull => {
            "clients that read more slowly than messages for them came: --client-queue was full"
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_errno_and_each_cause_is_a_failure_of_its_own_with_its_limit() {
        let counted = ClientFailures {
            accept_errors: [("EMFILE".to_owned(), 7), ("ENFILE".to_owned(), 1)].into(),
            thread_errors: [("EAGAIN".to_owned(), 2)].into(),
            closed: ClosedBecause::ALL.map(|cause| (cause, 2)).into(),
            client_limit: ClientLimit { clients: 5, limit: "RLIMIT_AS".to_owned() },
        };
        let found = failures(&counted);
        let what: Vec<_> = found.iter().map(|failure| (&*failure.what, failure.times)).collect();
        assert_eq!(
            what,
            [
                ("accept(2) EMFILE", 7),
                ("accept(2) ENFILE", 1),
                ("thread EAGAIN", 2),
                ("closed: max_clients", 2),
                ("closed: no_memory", 2),
                ("closed: frame_timeout", 2),
                ("closed: idle_timeout", 2),
                ("closed: write_timeout", 2),
                ("closed: queue_full", 2),
            ]
        );
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let machine_wide = std::fs::read_to_string("/proc/sys/fs/file-max").unwrap();
        let limits = [
            format!("(RLIMIT_NOFILE {soft})"),
            format!("(fs.file-max {})", machine_wide.trim()),
            format!("(at a limit: {};", thread_limits()),
        ];
        for (failure, limit) in found.iter().zip(limits) {
            assert!(failure.meaning.contains(&limit), "{failure:?}");
        }
        assert!(found[3].meaning.ends_with("because 5 were served, as many as RLIMIT_AS allows"));
        assert!(found[7].meaning.contains("did not read"), "{found:?}");
    }
}
