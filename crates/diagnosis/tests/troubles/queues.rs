//! The accept queue, and its limit.

use watch_record::Severity::{Critical, Notice, Warning};
use watch_record::TroubleKind::{ClampedBySomaxconn, Dropped, QueueFull};
use watch_record::{LimitFrom, WatchedListener, WatchedNamespace};

use crate::fixture::{count, found, kinds, overflow, process, troubles, wait, words};

#[test]
fn a_queue_is_full_above_its_limit() {
    assert_eq!(troubles(|listener| wait(listener, 5, 0.1)), []);
    let found = troubles(|listener| wait(listener, 6, 0.1));
    assert_eq!(kinds(&found), [QueueFull]);
    let (severity, text, advice) = words(&found, QueueFull);
    assert_eq!(severity, Warning);
    assert_eq!(
        text,
        "The accept queue is full: with its limit of 5, min(backlog, somaxconn), it holds 6 \
         connections."
    );
    assert_eq!(
        advice,
        "A larger backlog, the argument of listen(2), gives bursts more room, from the next \
         listen(2) on; net.core.somaxconn (4 096) allows it."
    );
}

#[test]
fn drops_for_a_full_queue_are_its_consequence() {
    let text = |change: fn(&mut WatchedListener, &mut WatchedNamespace)| {
        let (found, _) = found(|listener, namespace| {
            overflow(listener, 12);
            change(listener, namespace);
        });
        assert_eq!(kinds(&found), [QueueFull]);
        let (severity, text, _) = words(&found, QueueFull);
        assert_eq!(severity, Critical);
        text
    };
    let silent = text(|_, _| {});
    assert_eq!(
        silent,
        "The accept queue was full in the last second: with its limit of 5, min(backlog, \
         somaxconn), it holds 6 connections. The listener dropped 12 segments in the last \
         second: while the queue is full, it drops SYNs and the last ACKs of handshakes. Such a client gets no answer, and \
         tries again after a second or more."
    );
    let reset = text(|_, namespace| namespace.sysctls.tcp_abort_on_overflow = Some(1));
    assert!(reset.contains("gets an RST (tcp_abort_on_overflow 1)"), "{reset}");
    let unknown = text(|_, namespace| namespace.sysctls.tcp_abort_on_overflow = None);
    assert!(!unknown.contains("client"), "{unknown}");
    let before = text(|listener, _| listener.drops_total = Some(17));
    assert!(before.contains("Before the watch it had dropped 5."), "{before}");
}

#[test]
fn drops_beside_a_full_queue_are_not_said_to_be_for_it() {
    let found = troubles(|listener| {
        wait(listener, 6, 0.1);
        listener.drops_last_second = 3;
        listener.drops_watched = 3;
        listener.drops_total = None;
    });
    assert_eq!(kinds(&found), [QueueFull]);
    let (severity, text, _) = words(&found, QueueFull);
    assert_eq!(severity, Critical);
    assert!(text.ends_with("The listener dropped 3 segments in the last second."), "{text}");
}

#[test]
fn a_queue_that_was_full_earlier_is_a_notice() {
    let text = |change: fn(&mut WatchedListener)| {
        let found = troubles(change);
        assert_eq!(kinds(&found), [QueueFull]);
        assert_eq!(words(&found, QueueFull).0, Notice);
        words(&found, QueueFull).1
    };
    let minute = text(|listener| {
        listener.peak.was_full = true;
        listener.peak_last_minute.was_full = true;
        listener.drops_watched = 7;
    });
    assert!(minute.starts_with("The accept queue was full in the last minute: "), "{minute}");
    assert!(minute.contains("Since the watch began the listener has dropped 7 segments."));
    let earlier = text(|listener| listener.peak.seen = 6);
    assert!(earlier.contains("was full earlier, more than a minute ago"), "{earlier}");
    assert_eq!(troubles(|listener| listener.peak.seen = 5), []);
}

#[test]
fn more_room_is_advised_in_the_words_of_the_server() {
    let advice = |from: LimitFrom, somaxconn: u32, command: &[&str]| {
        let (found, _) = found(|listener, namespace| {
            wait(listener, 6, 0.1);
            listener.limit_from = from;
            namespace.sysctls.somaxconn = Some(somaxconn);
            listener.processes = vec![process("p", 42, command)];
        });
        assert_eq!(kinds(&found), [QueueFull]);
        words(&found, QueueFull).2
    };
    let backlog = advice(LimitFrom::Backlog, 4096, &["python3", "-m", "http.server"]);
    assert_eq!(
        backlog,
        "A larger backlog (python http.server: `request_queue_size = N` in a subclass of the \
         server) gives bursts more room, from the next listen(2) on; net.core.somaxconn (4 096) \
         allows it."
    );
    let equal = advice(LimitFrom::Somaxconn, 5, &["/opt/server"]);
    assert!(equal.starts_with("A larger net.core.somaxconn (5) and a backlog"), "{equal}");
    let lowered = advice(LimitFrom::EarlierSomaxconn, 3, &["/opt/server"]);
    assert!(lowered.starts_with("net.core.somaxconn was lowered after listen(2), to 3,"));
    // Its default is larger: somaxconn was raised, and it was not restarted.
    let raised = advice(LimitFrom::Backlog, 4096, &["nginx: master process /usr/sbin/nginx"]);
    assert!(raised.contains("By default nginx passes 511: if"), "{raised}");
    assert!(raised.contains("a restart applies the present one. A reload of nginx"), "{raised}");
}

#[test]
fn a_clamp_needs_a_known_server_with_a_larger_default() {
    let clamp = |command: &[&str], limit: u32, from: LimitFrom| {
        found(|listener, namespace| {
            listener.processes = vec![process("p", 42, command)];
            listener.limit = limit;
            listener.limit_from = from;
            namespace.sysctls.somaxconn = Some(limit);
        })
        .0
    };
    let nginx = &["nginx: worker process"][..];
    let clamped = clamp(nginx, 128, LimitFrom::Somaxconn);
    assert_eq!(kinds(&clamped), [ClampedBySomaxconn]);
    let (severity, text, advice) = words(&clamped, ClampedBySomaxconn);
    assert_eq!(severity, Notice);
    assert_eq!(
        text,
        "The limit of its queues, 128, is that of net.core.somaxconn: nginx passes 511 to listen(2) \
         by default."
    );
    assert!(
        advice.starts_with("Raise net.core.somaxconn in its network namespace to at least 511")
    );
    assert!(advice.contains("nginx calls listen(2) again only if `backlog=` has changed"));
    assert_eq!(kinds(&clamp(nginx, 510, LimitFrom::Somaxconn)), [ClampedBySomaxconn]);
    assert_eq!(clamp(nginx, 511, LimitFrom::Somaxconn), []);
    assert_eq!(clamp(nginx, 128, LimitFrom::Backlog), []);
    assert_eq!(clamp(&["/opt/server"], 128, LimitFrom::Somaxconn), []);
    // Its default is no number of its own.
    assert_eq!(clamp(&["postgres"], 128, LimitFrom::Somaxconn), []);
}

#[test]
fn a_clamp_follows_the_queue_that_it_made_full() {
    let (found, _) = found(|listener, namespace| {
        overflow(listener, 9);
        listener.processes = vec![process("redis-server", 42, &["redis-server *:6379"])];
        listener.limit_from = LimitFrom::Somaxconn;
        namespace.sysctls.somaxconn = Some(5);
    });
    assert_eq!(kinds(&found), [QueueFull, ClampedBySomaxconn]);
    assert_eq!(words(&found, ClampedBySomaxconn).0, Critical);
    assert_eq!(words(&found, QueueFull).2, "");
}

#[test]
fn drops_of_unknown_reason() {
    let (now, _) = found(|listener, namespace| {
        listener.drops_last_second = 4;
        listener.drops_watched = 9;
        listener.drops_total = Some(9);
        listener.peak_last_minute.seen = 2;
        count(namespace, "TcpExt.ListenDrops", 6, 0);
        count(namespace, "TcpExt.ListenOverflows", 3, 0);
    });
    assert_eq!(kinds(&now), [Dropped]);
    let (severity, text, _) = words(&now, Dropped);
    assert_eq!(severity, Critical);
    assert_eq!(
        text,
        "The listener dropped 4 segments in the last second, and what for is not known: in the \
         last minute at most 2 connections of 6 were seen in its accept queue. For all listeners \
         of its namespace the kernel counted TcpExt.ListenDrops 6, TcpExt.ListenOverflows 3 and \
         TcpExt.TCPReqQFullDrop 0 in 1.25 s."
    );
    let earlier = troubles(|listener| listener.drops_watched = 1);
    let (severity, text, _) = words(&earlier, Dropped);
    assert_eq!(severity, Notice);
    assert!(text.starts_with("The listener dropped 1 segment since the watch began"), "{text}");
    assert!(text.contains("ListenDrops has not grown since the watch began"), "{text}");
}

#[test]
fn drops_that_may_have_been_counted_are_not_excluded() {
    let says_uncounted = |change: fn(&mut WatchedListener, &mut WatchedNamespace)| {
        let (found, _) = found(|listener, namespace| {
            listener.drops_watched = 5;
            change(listener, namespace);
        });
        words(&found, Dropped).1.contains("has not grown")
    };
    assert!(says_uncounted(|_, _| {}));
    // The kernel may not have counted yet.
    assert!(!says_uncounted(|listener, _| listener.drops_last_second = 5));
    assert!(!says_uncounted(|_, namespace| count(namespace, "TcpExt.ListenDrops", 0, 1)));
    // The counters could not be read.
    assert!(!says_uncounted(|_, namespace| namespace.counters.clear()));
}

#[test]
fn drops_before_the_watch_are_no_trouble() {
    assert_eq!(troubles(|listener| listener.drops_total = Some(1_000)), []);
}
