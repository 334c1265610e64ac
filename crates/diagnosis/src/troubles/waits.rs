//! The functions of the kernel in which threads wait, in words.

/// A wait that is common in servers.
pub(super) struct Wait {
    /// Functions of /proc/PID/wchan, of several versions of the kernel, without the suffix that
    /// a compiler adds (`.constprop.0`).
    functions: &'static [&'static str],
    /// What the thread waits for.
    pub(super) what: &'static str,
    /// What follows if connections wait and none is accepted, and no thread waits elsewhere: a
    /// complete sentence.
    pub(super) implies: &'static str,
}

/// The waits, by what they are for. The first function of most was seen on Linux 6.18.
const WAITS: [Wait; 16] = [
    Wait {
        functions: &["do_epoll_wait", "ep_poll", "sys_epoll_wait"],
        what: "for events, epoll_wait(2)",
        implies: EVENT_LOOP,
    },
    Wait {
        functions: &["poll_schedule_timeout", "do_select", "do_poll", "do_sys_poll"],
        what: "for events, poll(2) or select(2)",
        implies: EVENT_LOOP,
    },
    Wait {
        functions: &["io_cqring_wait", "io_wq_worker"],
        what: "for completions of io_uring",
        implies: "No accept is submitted for this listener at present, or it is stuck.",
    },
    Wait {
        functions: &["inet_csk_accept", "inet_csk_wait_for_connect"],
        what: "in accept(2)",
        implies: "With connections in the queue, accept(2) of this listener does not wait: it \
                  waits for another one.",
    },
    Wait {
        functions: &["futex_do_wait", "futex_wait_queue", "futex_wait_queue_me", "futex_wait"],
        what: "for a lock or a condition, futex(2)",
        implies: "It waits for another thread, or for a lock that is not released.",
    },
    Wait {
        functions: &["wait_woken", "sk_wait_data", "sk_stream_wait_memory"],
        what: "for data or room of a socket or terminal",
        implies: "It serves a connection whose other side does not send or does not read, and \
                  accepts no other meanwhile: a timeout there, or another thread, would help.",
    },
    Wait {
        functions: &["unix_stream_read_generic", "unix_stream_data_wait", "sock_alloc_send_pskb"],
        what: "for a Unix socket",
        implies: ANOTHER_PROCESS,
    },
    Wait {
        functions: &["anon_pipe_read", "pipe_read", "pipe_wait_readable"],
        what: "for data of a pipe",
        implies: ANOTHER_PROCESS,
    },
    Wait {
        functions: &["anon_pipe_write", "pipe_write", "pipe_wait_writable"],
        what: "for room in a pipe",
        implies: "What reads the pipe, such as a log collector, does not read.",
    },
    Wait {
        functions: &["hrtimer_nanosleep", "do_nanosleep", "common_nsleep"],
        what: "for a time to pass, nanosleep(2)",
        implies: "It sleeps in its own code.",
    },
    Wait {
        functions: &["do_wait"],
        what: "for a child process, wait(2)",
        implies: "It accepts nothing until the child ends.",
    },
    Wait {
        functions: &["do_sigtimedwait", "sigsuspend", "__do_sys_pause", "sys_pause"],
        what: "for a signal",
        implies: "Another process has to accept, or to send the signal.",
    },
    Wait {
        functions: &["locks_lock_inode_wait", "posix_lock_inode_wait", "flock_lock_inode_wait"],
        what: "for a lock of a file, flock(2) or fcntl(2)",
        implies: "Another process holds the lock.",
    },
    Wait {
        functions: &["request_wait_answer", "fuse_dev_do_read"],
        what: "for a FUSE file system",
        implies: "The process that serves the file system does not answer.",
    },
    Wait {
        functions: &["rpc_wait_bit_killable", "nfs_wait_bit_killable", "wait_on_commit"],
        what: "for a network file system",
        implies: "Its server does not answer.",
    },
    Wait {
        functions: &["io_schedule", "folio_wait_bit_common", "wait_on_page_bit", "blk_mq_get_tag"],
        what: "for a disk",
        implies: "The disk is slow, or stuck.",
    },
];

const EVENT_LOOP: &str = "An event loop that waits while connections are in the queue does not \
     watch this listener at present: many stop at a limit of their own until a connection ends.";

const ANOTHER_PROCESS: &str = "Another process does not answer.";

/// The wait of a function; `None` if it is not a common one.
pub(super) fn wait(function: &str) -> Option<&'static Wait> {
    let name = function.split('.').next().unwrap_or(function);
    WAITS.iter().find(|wait| wait.functions.contains(&name))
}

/// A function with what it waits for: `futex_do_wait (for a lock or a condition, futex(2))`.
pub(super) fn described(function: &str) -> String {
    match wait(function) {
        Some(wait) => format!("{function} ({})", wait.what),
        None => function.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As /proc/PID/wchan shows them on Linux 6.18.
    #[test]
    fn functions_are_described_and_unknown_ones_shown_as_they_are() {
        for (function, what) in [
            ("inet_csk_accept", "in accept(2)"),
            ("do_epoll_wait", "epoll_wait(2)"),
            ("poll_schedule_timeout.constprop.0", "poll(2) or select(2)"),
            ("do_sigtimedwait.isra.0", "for a signal"),
            ("wait_woken", "of a socket or terminal"),
            ("futex_do_wait", "a lock or a condition"),
        ] {
            let text = described(function);
            assert!(text.starts_with(function) && text.contains(what), "{text}");
        }
        assert_eq!(described("do_new_thing"), "do_new_thing");
    }

    #[test]
    fn no_function_is_of_two_waits() {
        let mut functions: Vec<_> = WAITS.iter().flat_map(|wait| wait.functions).collect();
        let all = functions.len();
        functions.sort_unstable();
        functions.dedup();
        assert_eq!(functions.len(), all);
    }
}
