//! A process that does not accept, or not fast enough.

use watch_record::Severity::{Critical, Notice, Warning};
use watch_record::TroubleKind::{
    AcceptsTooSlowly, CloseWaitGrows, FilesNearLimit, NotAccepting, QueueFull, Stopped,
};
use watch_record::{ProcessActivity, Second, WatchedListener};

use crate::fixture::{connections, kinds, overflow, process, stopped, troubles, wait, words};

#[test]
fn a_healthy_listener_has_no_trouble() {
    assert_eq!(troubles(|_| {}), []);
    // Between two looks a connection may wait for a moment.
    assert_eq!(troubles(|listener| wait(listener, 3, 0.99)), []);
}

#[test]
fn a_stopped_process_is_named_before_the_queue_that_fills() {
    let found = troubles(|listener| {
        wait(listener, 6, 12.34);
        overflow(listener, 40);
        listener.processes[0].activity = stopped();
    });
    assert_eq!(kinds(&found), [Stopped, QueueFull]);
    let (severity, text, advice) = words(&found, Stopped);
    assert_eq!(severity, Critical);
    assert_eq!(
        text,
        "server (PID 42) is stopped, by a signal (SIGSTOP, SIGTSTP) or a debugger. 6 connections \
         wait in its accept queue, the oldest for at least 12.3 s."
    );
    assert!(advice.starts_with("`kill -CONT 42` continues"), "{advice}");
    let (_, _, advice) = words(&found, QueueFull);
    assert_eq!(advice, "A larger backlog would only let more connections wait.");
}

#[test]
fn how_severe_a_stop_is_follows_from_the_queue() {
    let stop = |listener: &mut WatchedListener| listener.processes[0].activity = stopped();
    assert_eq!(words(&troubles(stop), Stopped).0, Notice);
    let waiting = troubles(|listener| {
        stop(listener);
        wait(listener, 1, 0.2);
    });
    let (severity, text, _) = words(&waiting, Stopped);
    assert_eq!(severity, Warning);
    assert!(
        text.ends_with(" 1 connection waits in its accept queue, for at least 200 ms."),
        "{text}"
    );
}

#[test]
fn only_some_stopped_processes_are_counted() {
    let found = troubles(|listener| {
        listener.processes = (10..15).map(|pid| process("worker", pid, &["/opt/server"])).collect();
        for process in &mut listener.processes[..4] {
            process.activity = stopped();
        }
    });
    let (severity, text, _) = words(&found, Stopped);
    assert_eq!(severity, Notice);
    assert_eq!(
        text,
        "4 of 5 visible processes that have the socket are stopped, by a signal (SIGSTOP, SIGTSTP) or a \
         debugger: worker (PIDs 10, 11, 12 and 1 more). The others can accept."
    );
}

#[test]
fn a_frozen_process_is_thawed_and_not_continued() {
    let found = troubles(|listener| {
        listener.processes[0].activity.as_mut().unwrap().frozen = true;
    });
    let (_, text, advice) = words(&found, Stopped);
    assert_eq!(text, "server (PID 42) is frozen by its cgroup.");
    assert!(advice.contains("cgroup.freeze") && !advice.contains("kill"), "{advice}");
}

#[test]
fn a_thread_that_is_not_stopped_can_accept() {
    let found = troubles(|listener| {
        listener.processes[0].activity =
            Some(ProcessActivity { threads: 2, stopped: 1, sleeping: 1, ..Default::default() });
    });
    assert_eq!(found, []);
}

#[test]
fn a_process_without_a_free_descriptor_cannot_accept() {
    let with_files = |open: u64| {
        troubles(|listener| {
            wait(listener, 3, 5.0);
            listener.processes[0].open_files = Some(open);
        })
    };
    let at_limit = with_files(1024);
    assert_eq!(kinds(&at_limit), [FilesNearLimit]);
    let (severity, text, advice) = words(&at_limit, FilesNearLimit);
    assert_eq!(severity, Warning);
    assert_eq!(
        text,
        "server (PID 42) has 1 024 open files, and its limit is 1 024 (RLIMIT_NOFILE): accept(2) \
         fails with EMFILE. 3 connections wait in its accept queue, the oldest for at least 5.00 s: \
         they stay there until a file is closed."
    );
    assert!(advice.contains("Raise the limit (`ulimit -n`)"), "{advice}");
    assert!(advice.contains("`prlimit --pid 42 --nofile=N`"), "{advice}");

    let near = with_files(922);
    assert_eq!(kinds(&near), [FilesNearLimit, NotAccepting]);
    let (_, text, _) = words(&near, FilesNearLimit);
    assert!(text.starts_with("server (PID 42) has 922 of at most 1 024 open files"), "{text}");
    assert!(!text.contains("wait"), "{text}");
    assert_eq!(kinds(&with_files(921)), [NotAccepting]);
}

#[test]
fn without_a_limit_no_descriptor_is_missing() {
    let found = troubles(|listener| {
        listener.processes[0].open_files = Some(100_000);
        listener.processes[0].max_open_files = None;
    });
    assert_eq!(found, []);
}

#[test]
fn descriptors_of_clients_that_left_are_counted() {
    let close_wait = |count: u32| {
        let found = troubles(|listener| {
            wait(listener, 4, 5.0);
            listener.processes[0].open_files = Some(1024);
            connections(listener).close_wait = count;
            connections(listener).close_wait_not_accepted = 4;
        });
        words(&found, FilesNearLimit).1
    };
    let text = close_wait(516);
    assert!(text.contains("512 accepted connections of this address are in"), "{text}");
    assert!(!close_wait(515).contains("CLOSE_WAIT"));
}

#[test]
fn connections_that_wait_long_and_are_not_accepted() {
    let found = troubles(|listener| {
        wait(listener, 3, 1.0);
        connections(listener).close_wait = 5;
        connections(listener).close_wait_not_accepted = 2;
    });
    assert_eq!(kinds(&found), [NotAccepting]);
    let (severity, text, advice) = words(&found, NotAccepting);
    assert_eq!(severity, Warning);
    assert_eq!(
        text,
        "3 connections wait in its accept queue, the oldest for at least 1.00 s; none was seen \
         being accepted for about a second or more. At the last look server (PID 42) slept in do_epoll_wait (for \
         events, epoll_wait(2)). 2 of those not accepted are in CLOSE_WAIT: their clients have \
         left, and they keep their place in the queue."
    );
    assert!(advice.starts_with("An event loop that waits while"), "{advice}");
    assert!(advice.ends_with("where each of its threads is in the kernel."), "{advice}");
}

#[test]
fn without_evidence_it_is_not_said_that_nothing_is_accepted() {
    type Change = fn(&mut WatchedListener);
    let changes: [Change; 5] = [
        |listener| connections(listener).accepted_per_second_at_least = None,
        |listener| connections(listener).oldest_not_accepted_seconds = None,
        |listener| connections(listener).not_accepted = 0,
        |listener| listener.connections = None,
        |listener| listener.depth = 0,
    ];
    for change in changes {
        let found = troubles(|listener| {
            wait(listener, 3, 9.0);
            change(listener);
        });
        assert_eq!(found, []);
    }
}

#[test]
fn what_a_process_waits_for_is_said_as_far_as_it_is_known() {
    let waits = |functions: &[&str]| {
        let found = troubles(|listener| {
            wait(listener, 3, 9.0);
            let activity = listener.processes[0].activity.as_mut().unwrap();
            activity.waits_in = functions.iter().map(|&function| function.to_owned()).collect();
        });
        let (_, text, advice) = words(&found, NotAccepting);
        (text, advice)
    };
    let (text, advice) = waits(&["wait_woken"]);
    assert!(text.contains("slept in wait_woken (for data or room of a socket"), "{text}");
    assert!(advice.starts_with("It serves a connection whose other side"), "{advice}");
    let (text, advice) = waits(&["futex_do_wait", "do_epoll_wait"]);
    assert!(text.contains("slept in futex_do_wait (for a lock or a condition, futex(2)) and "));
    assert!(advice.starts_with("As root, `cat /proc/42/task"), "{advice}");
    let (text, advice) = waits(&["new_wait.isra.0"]);
    assert!(text.contains("slept in new_wait.isra.0."), "{text}");
    assert!(advice.starts_with("As root"), "{advice}");
    assert!(waits(&[]).0.contains("(PID 42) slept."));
}

#[test]
fn processes_that_lack_a_cpu_compute_or_wait_for_a_disk_are_told_apart() {
    let did = |change: fn(&mut WatchedListener)| {
        let found = troubles(|listener| {
            wait(listener, 3, 9.0);
            change(listener);
        });
        let (_, text, advice) = words(&found, NotAccepting);
        (text, advice)
    };
    let (text, advice) = did(|listener| listener.processes[0].run_delay_share = Some(0.97));
    assert!(text.contains("was ready to run and had no CPU for 97 % of the time"), "{text}");
    assert!(advice.starts_with("It needs CPU time"), "{advice}");
    let (text, _) = did(|listener| listener.processes[0].run_delay_share = Some(0.89));
    assert!(text.contains("slept"), "{text}");

    let (text, advice) = did(|listener| listener.processes[0].cpu_share = Some(0.98));
    assert!(text.contains("server (PID 42) used 98 % of a CPU."), "{text}");
    assert!(advice.starts_with("server (PID 42) computes"), "{advice}");

    let (text, _) = did(|listener| {
        let activity = listener.processes[0].activity.as_mut().unwrap();
        *activity = ProcessActivity {
            threads: 4,
            uninterruptible: 1,
            sleeping: 3,
            ..ProcessActivity::default()
        };
    });
    assert!(text.contains("waited for a disk or the like (state D) in 1 of 4 threads."), "{text}");
}

#[test]
fn a_process_that_cannot_be_seen_is_said_to_be_so() {
    let text = |change: fn(&mut WatchedListener)| {
        let found = troubles(|listener| {
            wait(listener, 3, 9.0);
            change(listener);
        });
        words(&found, NotAccepting).1
    };
    let hidden = text(|listener| listener.processes.clear());
    assert!(hidden.ends_with("No process that has the socket is visible to this user."));
    let unknown = text(|listener| {
        listener.processes.clear();
        listener.processes_are_known = false;
    });
    assert!(!unknown.contains("visible"), "{unknown}");
    let closed = text(|listener| listener.processes[0].activity = None);
    assert!(closed.ends_with("What server (PID 42) did is not visible to this user."), "{closed}");
}

#[test]
fn what_a_known_server_does_at_its_limit_is_said() {
    let found = troubles(|listener| {
        wait(listener, 3, 9.0);
        listener.processes = vec![process("haproxy", 7, &["haproxy", "-f", "x"])];
    });
    let (_, _, advice) = words(&found, NotAccepting);
    assert!(advice.contains("a larger `maxconn` helps"), "{advice}");
}

#[test]
fn an_old_count_is_said_to_be_old() {
    let found = |age: f64, waited: f64, deepest: u32| {
        troubles(|listener| {
            wait(listener, 3, 9.0);
            listener.seconds.iter_mut().for_each(|second| second.deepest = 3);
            listener.seconds[58].deepest = deepest;
            connections(listener).age_seconds = age;
            connections(listener).oldest_not_accepted_seconds = Some(age + waited);
        })
    };
    let text = |age: f64| words(&found(age, 1.5, 3), NotAccepting).1;
    // The queue was empty since the count: those that wait now are others.
    assert_eq!(found(7.0, 1.5, 0), []);
    // Since the count a connection may have been accepted.
    assert_eq!(found(7.0, 0.9, 3), []);
    assert!(text(7.0).ends_with("The connections were counted 7.00 s ago."));
    assert!(!text(1.9).contains("counted"));
}

#[test]
fn accepts_that_do_not_keep_up() {
    let full_for = |seconds: usize| {
        troubles(|listener| {
            wait(listener, 6, 0.8);
            overflow(listener, 120);
            connections(listener).accepted_per_second_at_least = Some(40.9);
            listener.processes[0].cpu_share = Some(0.97);
            let from = listener.seconds.len() - seconds;
            for second in &mut listener.seconds[from..] {
                *second = Second { deepest: 6, looks: 100, was_full: true, drops: 100 };
            }
        })
    };
    let found = full_for(3);
    assert_eq!(kinds(&found), [AcceptsTooSlowly, QueueFull]);
    let (severity, text, advice) = words(&found, AcceptsTooSlowly);
    assert_eq!(severity, Critical);
    assert_eq!(
        text,
        "The accept queue was full in 3 of the last 5 seconds, although at least 40 connections a \
         second are accepted: at those times more arrived than were accepted. At the last look \
         server (PID 42) used 97 % of a CPU."
    );
    assert!(advice.contains("More threads or processes that accept"), "{advice}");
    assert!(words(&found, QueueFull).2.starts_with("A larger backlog helps against bursts"));
    // A burst fills it for a moment.
    assert_eq!(kinds(&full_for(2)), [QueueFull]);
}

#[test]
fn accepted_connections_that_waited_long() {
    let found = troubles(|listener| {
        wait(listener, 4, 3.2);
        connections(listener).accepted_per_second_at_least = Some(0.5);
    });
    assert_eq!(kinds(&found), [AcceptsTooSlowly]);
    let (severity, text, _) = words(&found, AcceptsTooSlowly);
    assert_eq!(severity, Warning);
    assert!(
        text.starts_with(
            "4 connections wait in its accept queue, the oldest for at least 3.20 s, although \
             connections \
             are accepted, less than 1 a second seen."
        ),
        "{text}"
    );
}

#[test]
fn listeners_that_share_an_address_are_not_told_apart() {
    let found = troubles(|listener| {
        wait(listener, 4, 3.2);
        listener.sharing_address = 4;
        connections(listener).accepted_per_second_at_least = Some(1.5);
    });
    let (_, text, _) = words(&found, AcceptsTooSlowly);
    assert!(
        text.starts_with(
            "4 connections wait in its accept queue, and the oldest of all 4 listeners of this \
             address has waited for at least 3.20 s, although at least 1 connection a second is accepted."
        ),
        "{text}"
    );
    assert!(text.contains("not known which of them accepts how many"), "{text}");
}

#[test]
fn close_wait_that_grows() {
    let grows = |change: fn(&mut WatchedListener)| {
        troubles(|listener| {
            let connections = connections(listener);
            connections.close_wait = 25;
            connections.close_wait_not_accepted = 3;
            connections.close_wait_growth = 10;
            connections.close_wait_growth_seconds = 10.0;
            connections.close_wait_only_grew = true;
            change(listener);
        })
    };
    let found = grows(|_| {});
    assert_eq!(kinds(&found), [CloseWaitGrows]);
    let (severity, text, advice) = words(&found, CloseWaitGrows);
    assert_eq!(severity, Notice);
    assert_eq!(
        text,
        "22 accepted connections of this address are in CLOSE_WAIT, 10 more than 10.0 s before, and \
         from no count to the next were there fewer: their clients have closed, and the process \
         has not."
    );
    assert!(advice.contains("missing close(2)"), "{advice}");
    type Change = fn(&mut WatchedListener);
    let outside: [Change; 5] = [
        |listener| connections(listener).close_wait_growth = 9,
        |listener| connections(listener).close_wait_growth_seconds = 9.9,
        |listener| connections(listener).close_wait_only_grew = false,
        // Their clients leave, and no process can close them.
        |listener| listener.processes[0].activity = stopped(),
        |listener| wait(listener, 3, 9.0),
    ];
    for change in outside {
        assert!(!kinds(&grows(change)).contains(&CloseWaitGrows));
    }
    // They are why no descriptor is free.
    let full = grows(|listener| {
        wait(listener, 3, 9.0);
        listener.processes[0].open_files = Some(1024);
    });
    assert_eq!(kinds(&full), [FilesNearLimit, CloseWaitGrows]);
}
