//! The order of listeners and of their troubles.

use diagnosis::find_troubles;
use watch_record::WatchedListener;

use crate::fixture::{healthy, overflow, quiet, snapshot, wait};

/// The ports of listeners in their order.
fn sorted(listeners: Vec<WatchedListener>) -> Vec<u16> {
    let mut snapshot = snapshot(listeners, vec![quiet()]);
    find_troubles(&mut snapshot);
    snapshot.listeners.iter().map(|listener| listener.address.port()).collect()
}

fn changed(port: u16, change: impl FnOnce(&mut WatchedListener)) -> WatchedListener {
    let mut listener = healthy(port);
    change(&mut listener);
    listener
}

#[test]
fn severity_then_drops_then_depth_then_address() {
    let order = sorted(vec![
        healthy(9),
        changed(7, |listener| listener.peak_last_minute.seen = 4),
        changed(6, |listener| listener.peak.seen = 6),
        changed(5, |listener| wait(listener, 3, 4.0)),
        changed(4, |listener| overflow(listener, 3)),
        changed(3, |listener| overflow(listener, 300)),
        healthy(8),
    ]);
    assert_eq!(order, [3, 4, 5, 6, 7, 8, 9]);
}

/// A row must not move each time it is drawn.
#[test]
fn similar_figures_leave_the_order() {
    for (first, second) in [(300, 400), (400, 300)] {
        let order = sorted(vec![
            changed(2, |listener| overflow(listener, second)),
            changed(1, |listener| overflow(listener, first)),
        ]);
        assert_eq!(order, [1, 2]);
    }
    for (first, second) in [(0, 1), (1, 0)] {
        let order = sorted(vec![
            changed(2, |listener| listener.peak_last_minute.seen = second),
            changed(1, |listener| listener.peak_last_minute.seen = first),
        ]);
        assert_eq!(order, [1, 2]);
    }
}

#[test]
fn a_listener_of_a_namespace_that_has_gone_does_not_fail() {
    let mut snapshot = snapshot(vec![changed(1, |listener| wait(listener, 6, 9.0))], Vec::new());
    find_troubles(&mut snapshot);
    assert_eq!(snapshot.listeners[0].troubles.len(), 2);
    find_troubles(&mut snapshot);
    assert_eq!(snapshot.listeners[0].troubles.len(), 2, "they are replaced");
}
