//! What changed since an earlier moment, at full resolution.

use linux_net::testing::{in_lab_namespace, wait_until};
use watch::{Filter, Watch, WatchSettings};
use watch_record::{Changes, ListenerChanges};

use crate::place::{Place, wait_for, with_port};

/// Calls until the changes since the last call show something, and adds them all up.
fn collect_until(
    watch: &Watch,
    since_ns: &mut u64,
    what: &str,
    is_so: impl Fn(&[Changes]) -> bool,
) -> Vec<Changes> {
    let mut all = Vec::new();
    wait_until(what, || {
        let (_, changes) = watch.snapshot_with_changes(*since_ns);
        assert_eq!(changes.since_ns, *since_ns);
        *since_ns = changes.until_ns;
        all.push(changes);
        is_so(&all)
    });
    all
}

fn of(all: &[Changes], id: u64) -> Vec<&ListenerChanges> {
    all.iter().flat_map(|changes| &changes.listeners).filter(|changes| changes.id == id).collect()
}

#[test]
fn the_changes_between_calls_are_complete_also_those_of_a_listener_that_closed() {
    in_lab_namespace(|| {
        let place = Place::new();
        let listener = place.listen("127.0.0.1:8080", 1);
        let watch = place.watch();
        let id = with_port(&watch.snapshot(), 8080).unwrap().id;
        let mut since_ns = 0;
        let clients: Vec<_> = (0..2).map(|_| place.connect("127.0.0.1:8080")).collect();
        let excess = place.start_connect("127.0.0.1:8080");
        let drops = |all: &[Changes]| {
            let changes = of(all, id).into_iter().flat_map(|it| &it.changes);
            changes.map(|change| change.drops).max()
        };
        let is_full = |all: &[Changes]| of(all, id).iter().any(|it| !it.full_ns.is_empty());
        let mut all = collect_until(&watch, &mut since_ns, "a drop of a full queue", |all| {
            drops(all) >= Some(1) && is_full(all)
        });
        drop((clients, excess, listener));
        let is_closed = |all: &[Changes]| {
            all.iter().flat_map(|it| &it.closed).any(|closed| closed.listener.id == id)
        };
        all.extend(collect_until(&watch, &mut since_ns, "it closed", is_closed));

        let changes: Vec<_> = of(&all, id).into_iter().flat_map(|it| &it.changes).collect();
        assert_eq!(changes[0].at_ns, changes[0].after_ns, "the state at the first look");
        assert_eq!((changes[0].depth, changes[0].drops), (0, 0));
        assert!(changes.windows(2).all(|pair| pair[0].at_ns <= pair[1].after_ns), "{changes:?}");
        let state = |change: &watch_record::DepthChange| (change.depth, change.drops);
        assert!(changes.windows(2).all(|pair| state(pair[0]) != state(pair[1])), "{changes:?}");
        assert!(of(&all, id).iter().all(|it| !it.is_cut));
        let closed: Vec<_> = all.iter().flat_map(|it| &it.closed).collect();
        assert_eq!(closed.len(), 1, "it closes once: {closed:?}");
        assert!(closed[0].last_look_ns < closed[0].gone_ns);
        assert_eq!(closed[0].listener.address.port(), 8080);
        assert_eq!(Some(closed[0].listener.drops_watched), drops(&all));
        let (_, nothing) = watch.snapshot_with_changes(since_ns);
        assert_eq!((nothing.listeners, nothing.closed), (vec![], vec![]));
    });
}

#[test]
fn the_changes_of_listeners_that_a_filter_hides_are_left_out() {
    in_lab_namespace(|| {
        let place = Place::new();
        let hidden = place.listen("127.0.0.1:8080", 1);
        let shown = place.listen("127.0.0.1:8081", 1);
        // Other tests have listeners on this port in their namespaces.
        let namespaces = vec![place.namespace.inode().to_string()];
        let filter = Filter { ports: vec![8081], namespaces, ..Filter::default() };
        let settings = WatchSettings { filter, max_cpu_share: 0.2, ..WatchSettings::default() };
        let watch = Watch::begin(settings).unwrap();
        let id = with_port(&watch.snapshot(), 8081).unwrap().id;
        let _clients = ["127.0.0.1:8080", "127.0.0.1:8081"].map(|address| place.connect(address));
        wait_for(&watch, 8081, "its depth", |listener| listener.depth == 1);
        drop((hidden, shown));
        let mut since_ns = 0;
        let all = collect_until(&watch, &mut since_ns, "it closed", |all| {
            all.iter().any(|changes| !changes.closed.is_empty())
        });
        let (_, later) = watch.snapshot_with_changes(0);
        let ids = |changes: &Changes| -> Vec<u64> {
            let closed = changes.closed.iter().map(|closed| closed.listener.id);
            closed.chain(changes.listeners.iter().map(|listener| listener.id)).collect()
        };
        assert!(all.iter().chain([&later]).flat_map(ids).all(|other| other == id));
    });
}
