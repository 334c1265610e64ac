//! The metrics of the watch itself.

use crate::metric::{Metric, Value};
use crate::overview::Overview;

/// The metrics of the watch itself, in the order of the output.
pub(crate) const WATCH_METRICS: [Metric<Overview>; 13] = [
    Metric::gauge_in(
        "seconds",
        "queuelab_watch_uptime",
        "Time since the watch began, and with it every counter here.",
        |it| Some(Value::Real(it.watched_seconds)),
    ),
    Metric::counter("queuelab_watch_looks", "Looks at all listeners.", |it| {
        Value::count(it.effort.looks)
    }),
    Metric::counter(
        "queuelab_watch_missed_looks",
        "Looks that were due and not made, for their cost or because the watch had no CPU.",
        |it| Value::count(it.effort.missed_looks),
    ),
    Metric::counter(
        "queuelab_watch_walks",
        "Walks of all sockets, which count connections.",
        |it| Value::count(it.effort.walks),
    ),
    Metric::gauge_in(
        "seconds",
        "queuelab_watch_look_interval",
        "Time from one look at the listeners to the next, the median of the last ones. A queue \
         may be deeper between two.",
        |it| Some(Value::Real(it.effort.achieved_interval_seconds)),
    ),
    Metric::gauge_in(
        "seconds",
        "queuelab_watch_walk_interval",
        "Time from one walk of all sockets to the next: how old the numbers of connections may be.",
        |it| Some(Value::Real(it.effort.walk_interval_seconds)),
    ),
    Metric::gauge_in(
        "ratio",
        "queuelab_watch_cpu",
        "CPU time of the watch in the last 10 seconds, 1 for one CPU.",
        |it| Some(Value::Real(it.effort.recent_cpu_share)),
    ),
    Metric::gauge_in(
        "ratio",
        "queuelab_watch_max_cpu",
        "CPU time that the watch may use, 1 for one CPU.",
        |it| Some(Value::Real(it.effort.max_cpu_share)),
    ),
    Metric::gauge("queuelab_watch_sockets", "Listening sockets that the watch sees.", |it| {
        Value::count(it.sockets)
    }),
    Metric::gauge(
        "queuelab_watch_omitted_addresses",
        "Addresses with listeners that are not in this output, because there are more than 500 \
         or because their processes have not been looked for yet.",
        |it| Value::count(it.omitted_addresses),
    ),
    Metric::gauge("queuelab_watch_namespaces", "Network namespaces that the watch sees.", |it| {
        Value::count(it.namespaces)
    }),
    Metric::gauge(
        "queuelab_watch_omitted_namespaces",
        "Network namespaces that are not in this output, because there are more than 100.",
        |it| Value::count(it.omitted_namespaces),
    ),
    Metric::gauge(
        "queuelab_watch_unseen",
        "Things that the watch could not see; queuelab watch --once names them.",
        |it| Value::count(it.unseen),
    ),
];
