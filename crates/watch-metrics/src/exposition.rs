//! What a scrape shows, and its order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use serde::Serialize;
use watch_record::{Severity, Snapshot, TroubleKind, WatchedListener};

use crate::drops::{DropCounters, Place};
use crate::labels::Labels;
use crate::listener_metrics::LISTENER_METRICS;
use crate::listener_series::ListenerSeries;
use crate::namespace_metrics::NAMESPACE_METRICS;
use crate::namespace_names::NamespaceNames;
use crate::namespace_series::NamespaceSeries;
use crate::overview::Overview;
use crate::watch_metrics::WATCH_METRICS;

/// Addresses that a scrape shows at most: each has up to some twenty series.
pub const MAX_ADDRESSES: usize = 500;

/// Network namespaces that a scrape shows at most.
pub const MAX_NAMESPACES: usize = 100;

/// What a scrape shows.
#[derive(Debug)]
pub(crate) struct Exposition {
    listeners: Vec<ListenerSeries>,
    namespaces: Vec<NamespaceSeries>,
    overview: Overview,
}

impl Exposition {
    pub(crate) fn new(snapshot: &Snapshot, drops: &DropCounters) -> Self {
        let names = NamespaceNames::new(&snapshot.namespaces);
        let mut places: BTreeMap<Place, Vec<&WatchedListener>> = BTreeMap::new();
        for listener in &snapshot.listeners {
            places.entry((listener.namespace, listener.address)).or_default().push(listener);
        }
        let addresses = places.len();
        // Those whose processes are not known yet would get other labels in a moment.
        places.retain(|_, sockets| sockets.iter().all(|socket| socket.processes_are_known));
        let mut listeners: Vec<ListenerSeries> = places
            .into_iter()
            .map(|(place, sockets)| ListenerSeries::new(place, &sockets, &names, drops))
            .collect();
        // Those that are left out are in the least trouble.
        listeners.sort_by_key(|listener| Reverse(listener.severity()));
        listeners.truncate(MAX_ADDRESSES);
        let mut namespaces: Vec<NamespaceSeries> =
            snapshot.namespaces.iter().map(|it| NamespaceSeries::new(it, &names)).collect();
        namespaces.sort_by_key(|it| (!it.namespace.is_own, it.namespace.inode));
        namespaces.truncate(MAX_NAMESPACES);
        let overview = Overview {
            effort: snapshot.effort,
            watched_seconds: snapshot.watched_seconds,
            sockets: snapshot.listeners.len() as u64,
            omitted_addresses: (addresses - listeners.len()) as u64,
            namespaces: snapshot.namespaces.len() as u64,
            omitted_namespaces: (snapshot.namespaces.len() - namespaces.len()) as u64,
            unseen: snapshot.unseen.len() as u64,
        };
        Self { listeners, namespaces, overview }
    }

    fn troubles(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let of_listeners = self.listeners.iter().flat_map(|listener| {
            listener.troubles.iter().map(|(&kind, &severity)| (&listener.labels, kind, severity))
        });
        encode_troubles(
            encoder,
            "queuelab_listener_trouble",
            "What is wrong with a listener: 1 it was, or may lead to lost connections; 2 \
             connections wait, or will soon be lost; 3 connections are lost now. Absent if it is \
             not.",
            of_listeners,
        )?;
        let of_namespaces = self.namespaces.iter().flat_map(|it| {
            let troubles = it.namespace.troubles.iter();
            let mut worst = BTreeMap::new();
            for trouble in troubles {
                let severity = worst.entry(trouble.kind).or_insert(trouble.severity);
                *severity = trouble.severity.max(*severity);
            }
            worst.into_iter().map(|(kind, severity)| (&it.labels, kind, severity))
        });
        encode_troubles(
            encoder,
            "queuelab_netns_trouble",
            "What is wrong with a network namespace, as in queuelab_listener_trouble.",
            of_namespaces,
        )
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        for metric in &LISTENER_METRICS {
            metric.encode(encoder, self.listeners.iter().map(|it| (&it.labels, it)))?;
        }
        for metric in &NAMESPACE_METRICS {
            metric.encode(encoder, self.namespaces.iter().map(|it| (&it.labels, it)))?;
        }
        self.troubles(encoder)?;
        let none = Labels::none();
        for metric in &WATCH_METRICS {
            metric.encode(encoder, [(&none, &self.overview)].into_iter())?;
        }
        let build = Labels::none().with("version", Some(env!("CARGO_PKG_VERSION")));
        let help = "The program that watches.";
        encoder
            .encode_descriptor("queuelab_build", help, None::<&Unit>, MetricType::Info)?
            .encode_info(&build)
    }
}

/// A trouble is a series while it is there. Its severity is the value: as a label it would make
/// another series each time that it changes, and an alert would wait anew.
fn encode_troubles<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    troubles: impl Iterator<Item = (&'a Labels, TroubleKind, Severity)>,
) -> fmt::Result {
    let mut troubles = troubles.peekable();
    if troubles.peek().is_none() {
        return Ok(());
    }
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, kind, severity) in troubles {
        let labels = labels.clone().with("kind", Some(&Kind(kind).to_string()));
        let severity: u32 = match severity {
            Severity::Notice => 1,
            Severity::Warning => 2,
            Severity::Critical => 3,
        };
        metric.encode_family(&labels)?.encode_gauge(&severity)?;
    }
    Ok(())
}

/// A kind of trouble, in the words of `watch --json`.
struct Kind(TroubleKind);

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(formatter)
    }
}
