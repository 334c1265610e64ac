//! The metrics of network namespaces.

use crate::metric::{Metric, Value};
use crate::namespace_series::NamespaceSeries;

/// The metrics of network namespaces, in the order of the output. The counters begin with the
/// watch.
pub(crate) const NAMESPACE_METRICS: [Metric<NamespaceSeries>; 14] = [
    Metric::counter(
        "queuelab_netns_listen_drops",
        "SYNs and last ACKs that the listeners dropped, for any reason (TcpExt.ListenDrops).",
        |it| it.counter("TcpExt.ListenDrops"),
    ),
    Metric::counter(
        "queuelab_netns_listen_overflows",
        "Of these, those for a full accept queue (TcpExt.ListenOverflows).",
        |it| it.counter("TcpExt.ListenOverflows"),
    ),
    Metric::counter(
        "queuelab_netns_tcp_req_q_full_drop",
        "SYNs that were dropped for a full SYN queue, without cookies (TcpExt.TCPReqQFullDrop).",
        |it| it.counter("TcpExt.TCPReqQFullDrop"),
    ),
    Metric::counter(
        "queuelab_netns_tcp_req_q_full_do_cookies",
        "SYNs that met a full SYN queue, with cookies (TcpExt.TCPReqQFullDoCookies).",
        |it| it.counter("TcpExt.TCPReqQFullDoCookies"),
    ),
    Metric::counter(
        "queuelab_netns_syncookies_sent",
        "Cookies sent (TcpExt.SyncookiesSent).",
        |it| it.counter("TcpExt.SyncookiesSent"),
    ),
    Metric::counter(
        "queuelab_netns_syncookies_recv",
        "Connections made by a cookie (TcpExt.SyncookiesRecv).",
        |it| it.counter("TcpExt.SyncookiesRecv"),
    ),
    Metric::counter(
        "queuelab_netns_syncookies_failed",
        "ACKs without a valid cookie (TcpExt.SyncookiesFailed).",
        |it| it.counter("TcpExt.SyncookiesFailed"),
    ),
    Metric::counter(
        "queuelab_netns_tcp_time_wait_overflow",
        "Connections that skipped TIME_WAIT for tcp_max_tw_buckets (TcpExt.TCPTimeWaitOverflow).",
        |it| it.counter("TcpExt.TCPTimeWaitOverflow"),
    ),
    Metric::counter(
        "queuelab_netns_passive_opens",
        "Connections that the listeners took (Tcp.PassiveOpens).",
        |it| it.counter("Tcp.PassiveOpens"),
    ),
    Metric::gauge(
        "queuelab_netns_client_ports_in_use",
        "Local ports in use towards the destination with most of them, TIME_WAIT included.",
        |it| Value::count(it.namespace.busiest_destination.as_ref()?.ports),
    ),
    Metric::gauge(
        "queuelab_netns_client_ports",
        "Ports of ip_local_port_range, beside queuelab_netns_client_ports_in_use.",
        |it| Value::count(it.namespace.busiest_destination.as_ref()?.range),
    ),
    Metric::gauge("queuelab_netns_somaxconn", "The sysctl net.core.somaxconn.", |it| {
        Value::count(it.namespace.sysctls.somaxconn?)
    }),
    Metric::gauge(
        "queuelab_netns_tcp_max_syn_backlog",
        "The sysctl net.ipv4.tcp_max_syn_backlog.",
        |it| Some(Value::Real(it.namespace.sysctls.tcp_max_syn_backlog?.into())),
    ),
    Metric::gauge("queuelab_netns_tcp_syncookies", "The sysctl net.ipv4.tcp_syncookies.", |it| {
        Value::count(it.namespace.sysctls.tcp_syncookies?)
    }),
];
