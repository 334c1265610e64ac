//! The text of a scrape.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use watch_metrics::{Exporter, Format, MAX_ADDRESSES, MAX_NAMESPACES};
use watch_record::{Peak, Severity, Snapshot, TroubleKind, WatchedListener, WatchedNamespace};

use crate::openmetrics::{Samples, parse};
use crate::snapshots::{
    OWN, everything, listener, namespace, process, scrape, snapshot, trouble, with_drops,
};

/// The values of a series in scrapes of these snapshots, one after the other.
fn values(series: &str, snapshots: Vec<Snapshot>) -> Vec<Option<f64>> {
    let scrapes = snapshots.len();
    let snapshots = Mutex::new(VecDeque::from(snapshots));
    let exporter = Exporter::new(move || snapshots.lock().unwrap().pop_front().unwrap())
        .keeping_texts_for(Duration::ZERO);
    (0..scrapes).map(|_| parse(&exporter.text(Format::OpenMetrics)).get(series)).collect()
}

#[test]
fn a_full_listener_is_shown_with_its_labels_and_figures() {
    let samples = scrape(everything());
    let labels = "{address=\"0.0.0.0\",port=\"80\",process=\"nginx\",container=\"web\",\
                  netns=\"own\"}";
    for (name, value) in [
        ("queue_depth", 6.0),
        ("queue_limit", 5.0),
        ("queue_peak", 6.0),
        ("drops_total", 17.0),
        ("sockets", 1.0),
        ("syn_recv", 2.0),
        ("not_accepted", 6.0),
        ("oldest_not_accepted_seconds", 3.25),
        ("established", 40.0),
        ("close_wait", 4.0),
        ("time_wait", 9.0),
        ("connections_age_seconds", 0.5),
        // Of the process that is nearest to its limit.
        ("process_open_fds", 900.0),
        ("process_max_fds", 1000.0),
    ] {
        let series = format!("queuelab_listener_{name}{labels}");
        assert_eq!(samples.get(&series), Some(value), "{series}");
    }
    let full = labels.replace('}', ",kind=\"queue_full\"}");
    assert_eq!(samples.get(&format!("queuelab_listener_trouble{full}")), Some(3.0));
    assert_eq!(samples.of("queuelab_listener_trouble").len(), 2);
    let namespace = "{container=\"web\",netns=\"own\"}";
    for (name, value) in [
        ("listen_drops_total", 17.0),
        // It did not change.
        ("listen_overflows_total", 0.0),
        ("client_ports_in_use", 28_000.0),
        ("somaxconn", 4096.0),
    ] {
        let series = format!("queuelab_netns_{name}{namespace}");
        assert_eq!(samples.get(&series), Some(value), "{series}");
    }
    assert_eq!(samples.get("queuelab_watch_looks_total"), Some(4920.0));
    assert_eq!(samples.get("queuelab_watch_cpu_ratio"), Some(0.012));
    assert_eq!(samples.of("queuelab_build_info").len(), 1);
}

#[test]
fn what_is_not_known_is_absent() {
    let unknown = WatchedListener { drops_total: None, ..listener(1, "0.0.0.0:80") };
    let mut snapshot = snapshot(vec![unknown]);
    snapshot.namespaces[0].counters_interval_seconds = 0.0;
    let samples = scrape(snapshot);
    let known: BTreeSet<&str> = samples.names.iter().map(String::as_str).collect();
    let of = |prefix| known.iter().filter(|name| name.starts_with(prefix)).count();
    assert_eq!(of("queuelab_netns_"), 0, "{known:?}");
    assert_eq!(
        known.iter().filter(|name| name.starts_with("queuelab_listener_")).collect::<Vec<_>>(),
        [
            &"queuelab_listener_queue_depth",
            &"queuelab_listener_queue_limit",
            &"queuelab_listener_queue_peak",
            &"queuelab_listener_sockets"
        ]
    );
    let series = samples.of("queuelab_listener_queue_depth");
    assert_eq!(
        series,
        ["queuelab_listener_queue_depth{address=\"0.0.0.0\",port=\"80\",netns=\"own\"}"]
    );
}

#[test]
fn sockets_that_share_an_address_are_one_series_of_the_fullest_queue() {
    let socket = |id, depth, limit, seen, drops| WatchedListener {
        depth,
        limit,
        peak_last_minute: Peak { seen, was_full: false },
        processes: vec![process(id as u32, "worker")],
        sharing_address: 3,
        ..with_drops(id, "[::]:80", drops)
    };
    let samples = scrape(snapshot(vec![
        socket(1, 1, 8, 2, 3),
        socket(2, 6, 5, 6, 40),
        socket(3, 0, 8, 7, 0),
        // The same port at another address.
        listener(4, "127.0.0.1:80"),
    ]));
    let get = |name: &str| {
        let labels = "{address=\"::\",port=\"80\",process=\"worker\",netns=\"own\"}";
        samples.get(&format!("queuelab_listener_{name}{labels}")).unwrap()
    };
    assert_eq!((get("queue_depth"), get("queue_limit"), get("queue_peak")), (6.0, 5.0, 7.0));
    assert_eq!((get("sockets"), get("drops_total")), (3.0, 43.0));
    assert_eq!(samples.of("queuelab_listener_queue_depth").len(), 2);
}

#[test]
fn drops_never_fall_when_sockets_close_or_a_server_restarts() {
    let at = |drops: &[(u64, u64)]| {
        snapshot(drops.iter().map(|&(id, drops)| with_drops(id, "0.0.0.0:80", drops)).collect())
    };
    let series = "queuelab_listener_drops_total{address=\"0.0.0.0\",port=\"80\",netns=\"own\"}";
    let totals = values(
        series,
        vec![
            at(&[(1, 10), (2, 5)]),
            // One closes.
            at(&[(2, 6)]),
            // The server restarts, and drops at once.
            at(&[(3, 4)]),
            at(&[(3, 4)]),
            // It is down at a scrape.
            at(&[]),
            at(&[(4, 2)]),
        ],
    );
    let expected = [15.0, 16.0, 20.0, 20.0].map(Some);
    assert_eq!(totals, [&expected[..], &[None, Some(22.0)]].concat());
}

/// An exporter that keeps its texts for so long, and how many snapshots it took.
fn counting(kept_for: Duration) -> (Exporter, Arc<AtomicU64>) {
    let taken = Arc::<AtomicU64>::default();
    let count = Arc::clone(&taken);
    let take = move || {
        let before = count.fetch_add(1, Ordering::Relaxed);
        snapshot(vec![with_drops(1, "0.0.0.0:80", before)])
    };
    (Exporter::new(take).keeping_texts_for(kept_for), taken)
}

#[test]
fn clients_that_ask_again_and_again_get_the_text_that_was_made() {
    let (exporter, taken) = counting(Duration::from_hours(1));
    for format in [Format::OpenMetrics, Format::PrometheusText] {
        let before = taken.load(Ordering::Relaxed);
        let texts: Vec<_> = (0..100).map(|_| exporter.text(format)).collect();
        assert!(texts.iter().all(|text| text == &texts[0]));
        assert_eq!(taken.load(Ordering::Relaxed), before + 1, "{format:?}");
    }
    let text = exporter.text(Format::OpenMetrics);
    assert!(text.ends_with("# EOF\n"), "each format has its own: {text}");
}

#[test]
fn a_text_that_is_too_old_is_made_again() {
    let (exporter, taken) = counting(Duration::ZERO);
    let texts: Vec<_> = (0..3).map(|_| exporter.text(Format::OpenMetrics)).collect();
    assert_eq!(taken.load(Ordering::Relaxed), 3);
    assert!(texts[0] != texts[1] && texts[1] != texts[2]);
}

#[test]
fn hostile_names_stay_in_their_label() {
    let name = "a\"} 1\nqueuelab_listener_drops_total 99\\\u{1b}[2J\u{202e}";
    let hostile = WatchedListener {
        processes: vec![process(1, name)],
        container: Some("c".repeat(1000)),
        ..listener(1, "0.0.0.0:80")
    };
    let mut snapshot = snapshot(vec![hostile]);
    snapshot.namespaces[0].name = Some(name.to_owned());
    let text = Exporter::new(move || snapshot.clone()).text(Format::OpenMetrics);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.lines().all(|line| line.len() < 600), "{text}");
    let samples = parse(&text);
    assert_eq!(samples.of("queuelab_listener_drops_total").len(), 1);
    assert!(samples.of("queuelab_listener_drops_total")[0].contains("process=\"a\\\"} 1\u{fffd}"));
}

#[test]
fn listeners_in_the_least_trouble_are_left_out_when_there_are_too_many() {
    let mut listeners: Vec<_> = (0..MAX_ADDRESSES as u16 + 10)
        .map(|n| listener(n.into(), &format!("0.0.0.0:{}", n + 1)))
        .collect();
    let last = listeners.last_mut().unwrap();
    last.troubles.push(trouble(TroubleKind::NotAccepting, Severity::Warning));
    let port = format!("port=\"{}\"", last.address.port());
    listeners[0].processes_are_known = false;
    let samples = scrape(snapshot(listeners));
    let shown = samples.of("queuelab_listener_queue_depth");
    assert_eq!(shown.len(), MAX_ADDRESSES);
    assert!(shown.iter().any(|series| series.contains(&port)), "{port}");
    assert!(!shown.iter().any(|series| series.contains("port=\"1\"")), "its process is not known");
    assert_eq!(samples.get("queuelab_watch_omitted_addresses"), Some(10.0));
    assert_eq!(samples.get("queuelab_watch_sockets"), Some(MAX_ADDRESSES as f64 + 10.0));
}

#[test]
fn namespaces_have_names_of_their_own_and_a_ceiling() {
    let in_container =
        |inode| WatchedNamespace { container: Some("web".to_owned()), ..namespace(inode) };
    let named = WatchedNamespace { name: Some("blue".to_owned()), ..namespace(3) };
    let mut all = snapshot(Vec::new());
    all.namespaces.extend([in_container(5), in_container(4), named, namespace(6)]);
    let series = |samples: &Samples| -> Vec<String> {
        samples.of("queuelab_netns_listen_drops_total").iter().map(|it| (*it).to_owned()).collect()
    };
    let prefix = "queuelab_netns_listen_drops_total";
    assert_eq!(
        series(&scrape(all.clone())),
        [
            format!("{prefix}{{container=\"web\",netns=\"web\"}}"),
            format!("{prefix}{{container=\"web\",netns=\"web-5\"}}"),
            format!("{prefix}{{netns=\"6\"}}"),
            format!("{prefix}{{netns=\"blue\"}}"),
            format!("{prefix}{{netns=\"own\"}}"),
        ]
    );
    all.namespaces.extend((0..MAX_NAMESPACES as u64).map(|n| namespace(OWN + 1 + n)));
    let samples = scrape(all);
    assert_eq!(series(&samples).len(), MAX_NAMESPACES);
    assert_eq!(samples.get("queuelab_watch_omitted_namespaces"), Some(5.0));
    assert!(samples.get(&format!("{prefix}{{netns=\"own\"}}")).is_some());
}

#[test]
fn both_formats_have_the_same_samples() {
    let exporter = Exporter::new(everything);
    let samples = |format| -> Vec<String> {
        let text = exporter.text(format);
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    assert_eq!(samples(Format::OpenMetrics), samples(Format::PrometheusText));
    let text = exporter.text(Format::PrometheusText);
    assert!(text.contains("\n# TYPE queuelab_listener_drops_total counter\n"), "{text}");
}
