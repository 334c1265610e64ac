//! `queuelab watch --metrics`, of a listener whose queue overflows.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;

use socket2::{Domain, Socket, Type};

use crate::support::http::{request, status};
use crate::support::{Background, all_output, queuelab, terminate, text, wait_until};

fn listen(backlog: i32) -> (Socket, SocketAddr) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(backlog).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    (listener, address)
}

/// A connect that is not waited for.
fn start_connect(to: SocketAddr) -> Socket {
    let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    client.set_nonblocking(true).unwrap();
    client.connect(&to.into()).unwrap_err();
    client
}

/// The address in a message such as `serving metrics on http://127.0.0.1:9464/metrics`.
fn address_in(message: &str) -> SocketAddr {
    let address = message.rsplit_once("http://").unwrap().1.strip_suffix("/metrics").unwrap();
    address.parse().unwrap()
}

/// The value of a metric of the only listener that is watched.
fn value(metrics: SocketAddr, name: &str) -> Option<f64> {
    let page = request(metrics, "GET", "/metrics");
    assert_eq!(status(&page), 200, "{page}");
    let is_it = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let mut lines = page.lines().filter(is_it);
    let value = lines.next().map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap());
    assert_eq!(lines.next(), None);
    value
}

#[test]
fn the_drops_of_a_full_queue_are_counted() {
    let (_listener, address) = listen(2);
    let port = address.port().to_string();
    let arguments = ["watch", "--own", "--port", &port, "--metrics", "127.0.0.1:0"];
    let mut watch = Background::start(queuelab(&arguments));
    let metrics = address_in(&watch.lines.next().unwrap().unwrap());
    let listener = |name: &str| value(metrics, &format!("queuelab_listener_{name}"));
    wait_until("the listener and its process are known", || listener("sockets") == Some(1.0));
    assert_eq!((listener("drops_total"), listener("queue_limit")), (Some(0.0), Some(2.0)));

    let queued: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    let excess: Vec<_> = (0..5).map(|_| start_connect(address)).collect();
    wait_until("five are dropped", || listener("drops_total") >= Some(5.0));
    wait_until("the queue is seen", || listener("queue_depth") == Some(3.0));
    assert_eq!(listener("queue_peak"), Some(3.0));
    wait_until("its connections are counted", || listener("not_accepted") == Some(3.0));
    assert!(listener("oldest_not_accepted_seconds") >= Some(0.0));
    let has_trouble =
        || request(metrics, "GET", "/metrics").contains("\nqueuelab_listener_trouble{");
    wait_until("its trouble is found", has_trouble);
    let dropped = value(metrics, "queuelab_netns_listen_drops_total");
    assert!(dropped.is_some(), "its namespace is shown");
    drop((queued, excess));
    terminate(&watch.child);
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
    assert_eq!(watch.remaining_output(), "");
}

#[test]
fn metrics_are_served_beside_lines_of_json() {
    let (_listener, address) = listen(2);
    let port = address.port().to_string();
    let mut command = queuelab(&["watch", "--own", "--json", "--every", "100ms"]);
    command.args(["--port", &port, "--metrics", "0"]).stderr(Stdio::piped());
    let mut watch = Background::start(command);
    let mut messages = BufReader::new(watch.child.stderr.take().unwrap()).lines();
    let metrics = address_in(&messages.next().unwrap().unwrap());
    assert!(metrics.ip().is_loopback());
    let lines: Vec<_> = (0..2).map(|_| watch.next_event()).collect();
    assert!(lines.iter().all(|line| line["listeners"].is_array()), "{lines:?}");
    assert!(value(metrics, "queuelab_watch_looks_total") >= Some(1.0));
    terminate(&watch.child);
    watch.remaining_output();
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_address_that_is_in_use_is_named_with_its_flag() {
    let (_listener, address) = listen(2);
    let address = address.to_string();
    let output = queuelab(&["watch", "--own", "--metrics", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&address) && stderr.contains("--metrics"), "{stderr}");
}
