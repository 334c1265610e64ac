//! The SYN queue and cookies, and the ports of clients.

use diagnosis::find_troubles;
use watch_record::Severity::{Critical, Notice, Warning};
use watch_record::TroubleKind::{CookiesSent, Dropped, PortsInUse, SynQueueFull};
use watch_record::{PortUsage, Trouble, WatchedListener, WatchedNamespace};

use crate::fixture::{connections, count, found, healthy, kinds, quiet, snapshot, words};

const FULL_DROPS: &str = "TcpExt.TCPReqQFullDrop";
const DROPS: &str = "TcpExt.ListenDrops";
const SENT: &str = "TcpExt.SyncookiesSent";

/// With so many half-open connections, and these settings.
fn half_open(syn_recv: u32, cookies: u32, max_syn_backlog: i32) -> Vec<Trouble> {
    let fill = |listener: &mut WatchedListener, namespace: &mut WatchedNamespace| {
        connections(listener).syn_recv = syn_recv;
        namespace.sysctls.tcp_syncookies = Some(cookies);
        namespace.sysctls.tcp_max_syn_backlog = Some(max_syn_backlog);
    };
    found(fill).0
}

#[test]
fn a_syn_queue_is_full_by_the_rule_of_either_kernel() {
    let full = half_open(5, 0, 1024);
    assert_eq!(kinds(&full), [SynQueueFull]);
    let (severity, text, advice) = words(&full, SynQueueFull);
    assert_eq!(severity, Warning);
    assert_eq!(
        text,
        "5 half-open connections (SYN_RECV) fill its SYN queue: with its limit of 5 it holds 6 (5 \
         on kernels before 2025)."
    );
    assert!(advice.starts_with("Raising min(backlog, somaxconn) makes room"), "{advice}");
    assert_eq!(half_open(4, 0, 1024), []);
}

#[test]
fn three_quarters_of_tcp_max_syn_backlog_can_be_less() {
    let full = half_open(4, 0, 4);
    let (_, text, advice) = words(&full, SynQueueFull);
    assert_eq!(
        text,
        "4 half-open connections (SYN_RECV) fill its SYN queue: with tcp_syncookies 0 new clients \
         may use ¾ of net.ipv4.tcp_max_syn_backlog (4) and one more, 4."
    );
    assert!(advice.starts_with("Raising net.ipv4.tcp_max_syn_backlog makes room"), "{advice}");
    assert_eq!(half_open(3, 0, 4), []);
}

#[test]
fn with_cookies_a_full_syn_queue_loses_nothing() {
    let full = half_open(6, 1, 1);
    let (severity, text, advice) = words(&full, SynQueueFull);
    assert_eq!((severity, advice.as_str()), (Notice, ""));
    assert!(text.ends_with(
        "A further SYN is answered with a cookie (tcp_syncookies 1), and not \
                            dropped for it."
    ));
    // There is no SYN queue.
    assert_eq!(half_open(600, 2, 1024), []);
}

#[test]
fn settings_that_cannot_be_read_and_shared_addresses_decide_nothing() {
    type Change = fn(&mut WatchedListener, &mut WatchedNamespace);
    let unknown: [Change; 3] = [
        |_, namespace| namespace.sysctls.tcp_syncookies = None,
        |_, namespace| namespace.sysctls.tcp_max_syn_backlog = None,
        |listener, _| listener.sharing_address = 2,
    ];
    for change in unknown {
        let (troubles, _) = found(|listener, namespace| {
            connections(listener).syn_recv = 100;
            namespace.sysctls.tcp_syncookies = Some(0);
            change(listener, namespace);
        });
        assert_eq!(troubles, []);
    }
}

#[test]
fn drops_beside_a_full_syn_queue_are_shown_with_the_counter() {
    let (listener, namespace) = found(|listener, namespace| {
        connections(listener).syn_recv = 6;
        listener.drops_last_second = 8;
        listener.drops_watched = 8;
        namespace.sysctls.tcp_syncookies = Some(0);
        count(namespace, FULL_DROPS, 7, 0);
        count(namespace, DROPS, 8, 0);
    });
    assert_eq!(kinds(&listener), [SynQueueFull]);
    assert_eq!(namespace, [], "it is said of the listener");
    let (severity, text, _) = words(&listener, SynQueueFull);
    assert_eq!(severity, Critical);
    assert!(
        text.ends_with(
            "The listener dropped 8 segments in the last second; its namespace counted 7 drops for \
             full SYN queues in 1.25 s (TcpExt.TCPReqQFullDrop)."
        ),
        "{text}"
    );
}

#[test]
fn drops_are_for_the_syn_queue_if_all_of_the_namespace_are() {
    let drops = |listen_drops: u64, of_listener: u64| {
        found(|listener, namespace| {
            listener.drops_last_second = of_listener;
            listener.drops_watched = of_listener;
            namespace.sysctls.tcp_syncookies = Some(0);
            count(namespace, FULL_DROPS, 8, 0);
            count(namespace, DROPS, listen_drops, 0);
        })
    };
    let (listener, namespace) = drops(8, 8);
    let (severity, text, _) = words(&listener, SynQueueFull);
    assert_eq!(severity, Critical);
    assert_eq!(
        text,
        "The listener dropped 8 segments in the last second; all drops of the listeners of its \
         namespace, 8 in 1.25 s, were SYNs that found a SYN queue full (TcpExt.TCPReqQFullDrop)."
    );
    assert_eq!(namespace, []);
    for (listen_drops, of_listener) in [(9, 8), (8, 7), (8, 9)] {
        let (listener, namespace) = drops(listen_drops, of_listener);
        assert_eq!(kinds(&listener), [Dropped]);
        let (severity, text, _) = words(&namespace, SynQueueFull);
        assert_eq!(severity, Critical);
        assert!(text.contains("dropped 8 SYNs of this namespace in the last 1.25 s"), "{text}");
        assert!(
            text.contains("does not say of which listener: no SYN queue was seen full."),
            "{text}"
        );
    }
}

#[test]
fn drops_of_the_past_are_a_notice() {
    let (_, namespace) = found(|_, namespace| count(namespace, FULL_DROPS, 0, 1));
    let (severity, text, _) = words(&namespace, SynQueueFull);
    assert_eq!(severity, Notice);
    assert!(text.starts_with("Full SYN queues dropped 1 SYN of this namespace since the watch"));
}

#[test]
fn cookies_are_of_the_only_listener_whose_syn_queue_is_full() {
    let cookies = |full: u16| {
        let mut namespace = quiet();
        count(&mut namespace, SENT, 340, 60);
        count(&mut namespace, "TcpExt.SyncookiesRecv", 3, 0);
        let listeners = (0..3).map(|index| {
            let mut listener = healthy(80 + index);
            connections(&mut listener).syn_recv = if index < full { 6 } else { 2 };
            listener
        });
        let mut snapshot = snapshot(listeners.collect(), vec![namespace]);
        find_troubles(&mut snapshot);
        snapshot
    };
    let one = cookies(1);
    assert_eq!(one.namespaces[0].troubles, []);
    let (severity, text, _) = words(&one.listeners[0].troubles, CookiesSent);
    assert_eq!(severity, Notice);
    assert_eq!(
        text,
        "6 half-open connections (SYN_RECV) fill its SYN queue: with its limit of 5 it holds 6 (5 \
         on kernels before 2025); the kernel answered 340 SYNs with cookies in the last 1.25 s \
         (TcpExt.SyncookiesSent), which leave nothing in it. The counter is that of the namespace, \
         in which no other listener's SYN queue was full."
    );
    assert_eq!(kinds(&one.listeners[0].troubles), [CookiesSent]);
    let two = cookies(2);
    assert_eq!(kinds(&two.listeners[0].troubles), [SynQueueFull]);
    let (_, text, _) = words(&two.namespaces[0].troubles, CookiesSent);
    assert_eq!(
        text,
        "The kernel answered 340 SYNs with cookies in the last 1.25 s (TcpExt.SyncookiesSent). The \
         counter does not say of which listener: the SYN queues of 0.0.0.0:80 and 0.0.0.0:81 were \
         seen full. Since the watch began, 3 ACKs brought a valid cookie back (TcpExt.SyncookiesRecv), \
         of 400 sent."
    );
    // How many of its connections each of two listeners has is not known.
    let mut shared = cookies(1);
    for listener in &mut shared.listeners[1..] {
        listener.sharing_address = 2;
        connections(listener).syn_recv = 7;
    }
    find_troubles(&mut shared);
    assert_eq!(kinds(&shared.listeners[0].troubles), [SynQueueFull]);
    let (_, text, _) = words(&shared.namespaces[0].troubles, CookiesSent);
    assert!(text.contains("only that of 0.0.0.0:80 was seen full"), "{text}");
    let none = cookies(0);
    let (_, text, _) = words(&none.namespaces[0].troubles, CookiesSent);
    assert!(text.contains("no SYN queue was seen full."), "{text}");
}

#[test]
fn cookies_that_every_syn_gets_show_no_full_queue() {
    let (listener, namespace) = found(|listener, namespace| {
        connections(listener).syn_recv = 6;
        namespace.sysctls.tcp_syncookies = Some(2);
        count(namespace, SENT, 40, 0);
    });
    assert_eq!(listener, []);
    let (_, text, _) = words(&namespace, CookiesSent);
    assert!(text.contains("tcp_syncookies is 2: it answers every SYN with one."), "{text}");
    let (_, past) = found(|_, namespace| count(namespace, SENT, 0, 40));
    let (_, text, _) = words(&past, CookiesSent);
    assert!(text.contains("since the watch began (TcpExt.SyncookiesSent), and none in"), "{text}");
}

#[test]
fn ports_of_clients() {
    let usage = |ports: u32, in_time_wait: u32, range: u32| {
        let (listener, namespace) = found(|_, namespace| {
            let destination = "198.18.0.1:443".parse().unwrap();
            let usage = PortUsage { destination, ports, in_time_wait, range };
            namespace.busiest_destination = Some(usage);
        });
        assert_eq!(listener, []);
        namespace
    };
    assert_eq!(usage(89, 0, 100), []);
    assert_eq!(usage(0, 0, 0), []);
    let (severity, text, advice) = words(&usage(90, 46, 100), PortsInUse);
    assert_eq!(severity, Warning);
    assert_eq!(
        text,
        "Connections from one local address to 198.18.0.1:443 use 90 of the 100 ports of \
         net.ipv4.ip_local_port_range, 46 of them in TIME_WAIT. When none is left, connect(2) \
         fails with EADDRNOTAVAIL; ports of ip_local_reserved_ports are never taken."
    );
    assert!(advice.starts_with("A wider net.ipv4.ip_local_port_range, another"), "{advice}");
    assert!(advice.contains("Most are in TIME_WAIT"), "{advice}");
    assert!(!words(&usage(90, 45, 100), PortsInUse).2.contains("Most"));
    let (severity, text, _) = words(&usage(100, 0, 100), PortsInUse);
    assert_eq!(severity, Critical);
    assert!(text.ends_with("A further connect(2) fails with EADDRNOTAVAIL."), "{text}");
    let (_, text, _) = words(&usage(100, 1, 100), PortsInUse);
    assert!(text.contains("unless net.ipv4.tcp_tw_reuse lets it take"), "{text}");
    let (_, _, advice) = words(&usage(65_535, 0, 65_535), PortsInUse);
    assert!(advice.starts_with("Another source address"), "{advice}");
}
