//! Listeners, and what is seen of them.

use std::io::Write;

use linux_net::testing::{in_lab_namespace, wait_until};
use watch::Watch;
use watch_record::{LimitFrom, Peak};

use crate::place::{Place, wait_for, with_port};

#[test]
fn a_full_queue_is_seen_with_its_limit_drops_and_waiting_connections() {
    in_lab_namespace(|| {
        let place = Place::new();
        let _listener = place.listen("127.0.0.1:8080", 3);
        let _other = place.listen("127.0.0.1:8081", 5_000);
        let watch = place.watch();
        let snapshot = watch.snapshot();
        let idle = with_port(&snapshot, 8080).expect("it is seen at once");
        assert_eq!((idle.limit, idle.depth, idle.drops_total), (3, 0, Some(0)));
        assert_eq!(idle.limit_from, LimitFrom::Backlog);
        assert_eq!(idle.connections.unwrap().not_accepted, 0);
        let clamped = with_port(&snapshot, 8081).unwrap();
        assert_eq!((clamped.limit, clamped.limit_from), (4096, LimitFrom::Somaxconn));
        // Of the process that made them.
        assert!(idle.processes.iter().any(|process| process.pid == std::process::id()));

        let queued: Vec<_> = (0..4).map(|_| place.connect("127.0.0.1:8080")).collect();
        wait_for(&watch, 8080, "it is full", |it| it.depth == 4);
        let excess: Vec<_> = (0..3).map(|_| place.start_connect("127.0.0.1:8080")).collect();
        let full = wait_for(&watch, 8080, "its drops and connections are seen", |it| {
            let connections = it.connections.is_some_and(|counts| counts.not_accepted == 4);
            it.drops_watched >= 3 && it.peak.was_full && connections
        });
        assert_eq!(full.peak, Peak { seen: 4, was_full: true });
        assert_eq!(full.peak_last_minute, full.peak);
        assert_eq!(u64::from(full.drops_total.unwrap()), full.drops_watched);
        let oldest = full.connections.unwrap().oldest_not_accepted_seconds.unwrap();
        assert!(oldest > 0.0 && oldest < 3_600.0, "{oldest}");
        let snapshot = watch.snapshot();
        assert_eq!(with_port(&snapshot, 8081).unwrap().drops_watched, 0);
        wait_until("the counters agree", || {
            let snapshot = watch.snapshot();
            let listener = with_port(&snapshot, 8080).unwrap();
            let counted = snapshot.namespaces[0].counters.get("TcpExt.ListenOverflows");
            counted == Some(&listener.drops_watched)
        });
        drop((queued, excess));
    });
}

#[test]
fn a_burst_between_two_looks_is_seen_in_the_drops_and_known_to_have_filled_the_queue() {
    in_lab_namespace(|| {
        let place = Place::new();
        let listener = place.listen("127.0.0.1:8080", 2);
        let watch = place.watch();
        let queued: Vec<_> = (0..3).map(|_| place.connect("127.0.0.1:8080")).collect();
        let excess = place.start_connect("127.0.0.1:8080");
        drop(excess);
        // Whether a look was made meanwhile does not matter.
        for _ in 0..3 {
            drop(listener.accept().unwrap());
        }
        let seen = wait_for(&watch, 8080, "the drop is seen", |it| it.drops_watched >= 1);
        assert!(seen.peak.was_full);
        assert_eq!(seen.peak.depth(seen.limit), 3);
        drop(queued);
    });
}

#[test]
fn connections_are_counted_by_state_and_listed_when_selected() {
    in_lab_namespace(|| {
        let place = Place::new();
        let listener = place.listen("[::]:8080", 8);
        let watch = place.watch();
        let mut clients: Vec<_> = (0..3).map(|_| place.connect("127.0.0.1:8080")).collect();
        clients.push(place.connect("[::1]:8080"));
        let accepted: Vec<_> = (0..2).map(|_| listener.accept().unwrap()).collect();
        clients[2].write_all(b"unread").unwrap();
        let counts = |watch: &Watch| {
            let counts = with_port(&watch.snapshot(), 8080).and_then(|it| it.connections);
            counts.map(|it| (it.established, it.not_accepted, it.close_wait))
        };
        wait_until("two and two", || counts(&watch) == Some((2, 2, 0)));
        let id = with_port(&watch.snapshot(), 8080).unwrap().id;
        assert_eq!(watch.details(), None);
        watch.select(Some(id));
        let mut details = None;
        wait_until("its connections are listed", || {
            details = watch.details().filter(|it| it.connections.len() == 4);
            details.is_some()
        });
        let details = details.unwrap();
        assert_eq!(details.id, id);
        let waiting: Vec<_> = details.connections.iter().take_while(|it| !it.is_accepted).collect();
        assert_eq!(waiting.len(), 2);
        assert!(waiting.iter().any(|connection| connection.unread_bytes == 6));
        assert!(details.connections.iter().all(|it| it.state == "ESTAB"));
        assert!(details.history.changes.iter().any(|change| change.depth > 0));

        drop(clients);
        wait_until("all are in CLOSE_WAIT", || counts(&watch) == Some((0, 2, 4)));
        drop(accepted);
        watch.select(None);
        assert_eq!(watch.details(), None);
    });
}

#[test]
fn listeners_and_namespaces_come_and_go() {
    in_lab_namespace(|| {
        let first = Place::new();
        let watch = Watch::begin(watch::WatchSettings {
            max_cpu_share: 0.2,
            ..watch::WatchSettings::default()
        })
        .unwrap();
        let has = |namespace: u64, port: Option<u16>| {
            let snapshot = watch.snapshot();
            let is_there = snapshot.namespaces.iter().any(|it| it.inode == namespace);
            let listens = |port| {
                let mut listeners = snapshot.listeners.iter();
                listeners.any(|it| it.namespace == namespace && it.address.port() == port)
            };
            is_there && port.is_none_or(listens)
        };
        let first_inode = first.namespace.inode();
        assert!(has(first_inode, None));
        let listener = first.listen("127.0.0.1:9000", 1);
        wait_until("its listener is seen", || has(first_inode, Some(9000)));
        drop(listener);
        wait_until("it is gone", || !has(first_inode, Some(9000)));

        let second = Place::new();
        let _listener = second.listen("127.0.0.1:9001", 1);
        let second_inode = second.namespace.inode();
        wait_until("the new namespace is seen", || has(second_inode, Some(9001)));
        drop(first);
        wait_until("the other one is gone", || !has(first_inode, None));
        assert!(has(second_inode, Some(9001)));
    });
}
