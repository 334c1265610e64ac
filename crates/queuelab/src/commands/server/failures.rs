//! Accepts and threads that failed, in words.

use chat_server::AcceptFailures;

/// A kind of failure, and how often it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What failed, with its errno: `accept(2) EMFILE`.
    pub(super) what: String,
    pub(super) times: u64,
    /// What the errno means there.
    pub(super) meaning: &'static str,
}

/// The failures by kind.
pub(super) fn failures(counted: &AcceptFailures) -> Vec<Failure> {
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
    accepts.chain(threads).collect()
}

/// What an errno of accept(2) means (`do_accept` in net/socket.c).
fn accept_meaning(errno: &str) -> &'static str {
    match errno {
        "EMFILE" => {
            "this process may open no more files (RLIMIT_NOFILE); clients wait in the accept queue"
        }
        "ENFILE" => {
            "the whole machine may open no more files (fs.file-max); clients wait in the accept \
             queue"
        }
        "ENOMEM" | "ENOBUFS" => "no memory for a socket; clients wait in the accept queue",
        "ECONNABORTED" => "the connection had ended before it was accepted",
        "EPERM" => "a firewall or security module forbids it",
        _ => "clients wait in the accept queue",
    }
}

/// What an errno of pthread_create(3) means.
fn thread_meaning(errno: &str) -> &'static str {
    match errno {
        "EAGAIN" => {
            "clients turned away: accepted and closed, because no thread could be started (a limit \
             such as RLIMIT_NPROC or the cgroup's pids.max, or no memory for its stack)"
        }
        _ => "clients turned away: accepted and closed, because no thread could be started",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_errno_is_a_failure_of_its_own() {
        let counted = AcceptFailures {
            accept_errors: [("EMFILE".to_owned(), 7), ("ENFILE".to_owned(), 1)].into(),
            thread_errors: [("EAGAIN".to_owned(), 2)].into(),
            turned_away: 2,
        };
        let found = failures(&counted);
        let what: Vec<_> = found.iter().map(|failure| (&*failure.what, failure.times)).collect();
        assert_eq!(what, [("accept(2) EMFILE", 7), ("accept(2) ENFILE", 1), ("thread EAGAIN", 2)]);
        assert!(found[1].meaning.contains("whole machine"), "{found:?}");
        assert!(found[2].meaning.contains("turned away"), "{found:?}");
    }
}
