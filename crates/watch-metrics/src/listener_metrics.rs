//! The metrics of listeners.

use crate::listener_series::ListenerSeries;
use crate::metric::{Metric, Value};

/// The metrics of listeners, in the order of the output.
pub(crate) const LISTENER_METRICS: [Metric<ListenerSeries>; 14] = [
    Metric::gauge(
        "queuelab_listener_queue_depth",
        "Connections in the accept queue now; of several sockets with this address, in the \
         deepest.",
        |it| Value::count(it.depth),
    ),
    Metric::gauge(
        "queuelab_listener_queue_limit",
        "The limit of the accept queue, min(backlog, somaxconn): it holds one more. Of several \
         sockets with this address, the smallest.",
        |it| Value::count(it.limit),
    ),
    Metric::gauge(
        "queuelab_listener_queue_peak",
        "The deepest that the accept queue is known to have been in the last 60 seconds; of \
         several sockets with this address, the deepest of all.",
        |it| Value::count(it.peak),
    ),
    Metric::counter(
        "queuelab_listener_drops",
        "SYNs and last ACKs that the sockets of this address dropped since the watch began \
         (sk_drops).",
        |it| Some(Value::Count(it.drops?)),
    ),
    Metric::gauge(
        "queuelab_listener_sockets",
        "Listening sockets with this address: several share it by SO_REUSEPORT, each with a \
         queue of its own.",
        |it| Value::count(it.sockets),
    ),
    Metric::gauge("queuelab_listener_syn_recv", "Half-open connections (SYN_RECV).", |it| {
        Value::count(it.connections?.syn_recv)
    }),
    Metric::gauge(
        "queuelab_listener_not_accepted",
        "Connections that are established and that accept(2) has not taken, in all queues of \
         this address.",
        |it| Value::count(it.connections?.not_accepted),
    ),
    Metric::gauge_in(
        "seconds",
        "queuelab_listener_oldest_not_accepted",
        "How long the oldest of these has been established; absent without one.",
        |it| Some(Value::Real(it.connections?.oldest_not_accepted_seconds?)),
    ),
    Metric::gauge(
        "queuelab_listener_established",
        "Connections that are established and accepted.",
        |it| Value::count(it.connections?.established),
    ),
    Metric::gauge(
        "queuelab_listener_close_wait",
        "Connections that the client closed and the process did not (CLOSE_WAIT).",
        |it| Value::count(it.connections?.close_wait),
    ),
    Metric::gauge("queuelab_listener_time_wait", "Connections in TIME_WAIT.", |it| {
        Value::count(it.connections?.time_wait)
    }),
    Metric::gauge_in(
        "seconds",
        "queuelab_listener_connections_age",
        "Time since these connections were counted.",
        |it| Some(Value::Real(it.connections?.age_seconds)),
    ),
    Metric::gauge(
        "queuelab_listener_process_open_fds",
        "Open files of the process that is nearest to its limit of those that have the listener.",
        |it| Some(Value::Count(it.files?.0)),
    ),
    Metric::gauge(
        "queuelab_listener_process_max_fds",
        "The limit of open files of that process (RLIMIT_NOFILE).",
        |it| Some(Value::Count(it.files?.1)),
    ),
];
