//! What a standalone load claims about servers that are not the lab's.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener};
use std::process::{Command, Output};

use crate::support::{
    Background, all_output, binary, in_one_line, queuelab, start_server, table_value, text,
};
use linux_net::testing::in_lab_namespace;
use linux_net::{LinkAddresses, NetworkNamespace, SysctlName, join_with_veth};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
const LEAVE: &str = "--leave=after_sending";
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 5, 1);

/// `queuelab load TARGET FLAGS` in a namespace.
fn load_in(host: &NetworkNamespace, target: &str, flags: &[&str]) -> Output {
    let mut command = queuelab(&["load", target]);
    command.args(flags);
    host.enter_on_exec(&mut command).output().unwrap()
}

/// A listener that nothing accepts from, in a namespace.
fn listen_in(host: &NetworkNamespace, ip: IpAddr, backlog: i32) -> (Socket, u16) {
    let listen = move || {
        let domain = if ip.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
        let socket = Socket::new(domain, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(ip, 0).into()).unwrap();
        socket.listen(backlog).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        (socket, port)
    };
    host.run(listen).unwrap()
}

#[track_caller]
fn assert_exit(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", all_output(output));
    let table = text(&output.stdout);
    let width = table.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(width <= 60, "{width} columns:\n{table}");
    table
}

#[test]
fn several_targets_are_told_apart() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let (_small, small) = listen_in(&host, V4, 5);
        let (_large, large) = listen_in(&host, V4, 64);
        let targets = [small, large].map(|port| SocketAddr::new(V4, port).to_string());
        let flags =
            [&targets[1], "--clients=40", "--dialogue=none", "--connect-deadline=500ms", "--json"];
        let output = load_in(&host, &targets[0], &flags);
        assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
        let trial: Value = serde_json::from_slice(&output.stdout).unwrap();
        let destinations = trial["destinations"].as_array().unwrap();
        for (at, (target, queued)) in destinations.iter().zip(targets.iter().zip([6, 20])) {
            assert_eq!((at["address"].as_str(), &at["attempts"]), (Some(&**target), &20.into()));
            assert_eq!(at["outcomes"]["phantom"], queued, "{at}");
            assert_eq!(at["outcomes"]["timed_out"].as_u64().unwrap_or(0), 20 - queued, "{at}");
        }
        let table = assert_exit(&load_in(&host, &targets[0], &flags[..4]), 3);
        let named = format!("{} and {}", targets[0], targets[1]);
        assert!(in_one_line(&table).contains(&named), "{table}");
        for target in &targets {
            let row = table.lines().find(|line| line.starts_with(&format!("│ {target}"))).unwrap();
            let attempts = row.split('│').nth(2).unwrap();
            assert_eq!(attempts.trim(), "20", "{table}");
        }
    });
}

#[test]
fn connections_in_a_local_accept_queue_are_never_ok() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let any_v6 = Ipv6Addr::UNSPECIFIED.into();
        // Also over IPv4 to a socket of IPv6, whose peers have mapped addresses.
        for (listens, connects) in [(V4, V4), (V6, V6), (any_v6, V4), (any_v6, V6)] {
            let (_listener, port) = listen_in(&host, listens, 8);
            let target = SocketAddr::new(connects, port).to_string();
            for flags in [&["--messages=0"][..], &["--pattern=one_by_one", LEAVE]] {
                let flags = [&["--clients=2"], flags].concat();
                let output = load_in(&host, &target, &flags);
                let table = assert_exit(&output, 3);
                assert_eq!(table_value(&table, "phantom"), 2, "{table}");
                let queued = "Never accepted: 2, in the listener's accept queue.";
                assert!(table.contains(queued) && !table.contains("│ ok "), "{table}");
            }
        }
    });
}

#[test]
fn connections_that_the_kernel_has_half_open_are_never_ok() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let mut server = queuelab(&["server", "--address=127.0.0.1", "--hold-acks=true"]);
        server.args(["--port=8080", "--backlog=8"]);
        host.enter_on_exec(&mut server);
        let mut server = Background::start(server);
        assert_eq!(server.next_event()["event"], "listening");
        let output = load_in(&host, "127.0.0.1:8080", &["--clients=3", "--messages=0"]);
        let table = assert_exit(&output, 3);
        assert_eq!(table_value(&table, "phantom"), 3, "{table}");
        assert!(table.contains("Never accepted: 3, in SYN_RECV at the server."), "{table}");
    });
}

#[test]
fn who_was_accepted_in_another_namespace_is_not_known() {
    in_lab_namespace(|| {
        let server = NetworkNamespace::create().unwrap();
        let client = NetworkNamespace::create().unwrap();
        let clients = vec![Ipv4Addr::new(198, 18, 5, 2).into()];
        let addresses = LinkAddresses { server: SERVER.into(), clients, prefix: 24 };
        join_with_veth(&server, &client, &addresses).unwrap();
        let (_listener, port) = listen_in(&server, SERVER.into(), 8);
        // The client's host has a listener of the same port, which proves nothing.
        let _other = client.run(move || TcpListener::bind(("0.0.0.0", port)).unwrap()).unwrap();
        let target = format!("{SERVER}:{port}");
        let output = load_in(&client, &target, &["--clients=1"]);
        let table = assert_exit(&output, 0);
        assert_eq!(table_value(&table, "unconfirmed"), 1, "{table}");
        let unknown = "Accepted: not known here. No data came back";
        assert!(table.contains(unknown) && !table.contains("│ ok "), "{table}");
        // Messages of others never arrive.
        let output = load_in(&client, &target, &["--clients=2", "--finish-deadline=300ms"]);
        let table = assert_exit(&output, 3);
        assert_eq!(table_value(&table, "unconfirmed"), 2, "{table}");
        assert!(table.contains("2 of 2 connected, 0 finished, 2 failed."), "{table}");
    });
}

#[test]
fn connections_to_itself_are_never_ok() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let range: SysctlName = "net.ipv4.ip_local_port_range".parse().unwrap();
        host.apply_sysctls(&[(range, "40000 40001".to_owned())]).unwrap();
        for target in ["127.0.0.1:40000", "[::1]:40000"] {
            let output = load_in(&host, target, &["--clients=2"]);
            let table = assert_exit(&output, 3);
            assert_eq!(table_value(&table, "self_connected"), 1, "{table}");
            assert!(table.contains("Why self_connected? Nothing listens"), "{table}");
        }
    });
}

/// Serves each connection with `serve` until the test ends.
fn start_foreign_server(serve: fn(std::net::TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
    address
}

#[test]
fn a_peer_without_the_framing_is_named() {
    let http = start_foreign_server(|mut stream| {
        let _ = stream.read(&mut [0; 100]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Data that arrives meanwhile is read: a close would reset the connection before the
        // load, which may stall, reads the answer.
        let _ = stream.shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let output = queuelab(&["load", &http.to_string(), "--clients=2"]).output().unwrap();
    let table = assert_exit(&output, 3).replace('\n', " ");
    let said = "The peer answered, but not in queuelab's framing (u32be): `HTTP/1.1 400 Bad \
                Request\\r\\n\\r\\n` on 2 connections. It is an HTTP server.";
    assert!(table.contains(said), "{table}");

    let closing = start_foreign_server(|mut stream| drop(stream.read(&mut [0; 1000])));
    let output = queuelab(&["load", &closing.to_string(), "--clients=1"]).output().unwrap();
    assert_exit(&output, 3);

    let echo = start_foreign_server(|mut stream| {
        let mut buffer = [0; 1000];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..count]);
        }
    });
    let output = queuelab(&["load", &echo.to_string(), "--clients=1"]).output().unwrap();
    let table = assert_exit(&output, 3).replace('\n', " ");
    assert!(table.contains("it is an echo server, no chat server"), "{table}");
}

#[test]
fn a_name_is_resolved_and_json_has_the_record() {
    let (_server, address) = start_server(&[]);
    let target = format!("localhost:{}", address.port());
    let output = queuelab(&["load", &target, "--clients=3"]).output().unwrap();
    let table = assert_exit(&output, 0).replace('\n', " ");
    assert!(table.contains(&format!("connect to {target} ({address}) at once?")), "{table}");
    let output = queuelab(&["load", &target, "--clients=3", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let trial: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&trial["outcomes"]["ok"], &trial["standalone"]["accepted"]),
        (&3.into(), &3.into())
    );
}

#[test]
fn a_target_that_is_no_address_is_an_error_with_the_way_out() {
    for (target, code, error) in [
        ("name.invalid:80", 5, "failed to find the address of `name.invalid`"),
        ("localhost:99999", 2, "the port 99999 is out of range: use 1 to 65535"),
        ("localhost", 2, "the port is missing: write HOST:PORT"),
        ("::1:8080", 2, "in brackets, such as [::1]:8080"),
    ] {
        let output = queuelab(&["load", target]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", all_output(&output));
        assert!(text(&output.stderr).contains(error), "{}", all_output(&output));
    }
}

/// Files that the process was started with count in RLIMIT_NOFILE too.
#[test]
fn a_load_that_inherited_many_files_still_has_one_for_each_client() {
    const START: &str = "import os, resource, sys
for file in range(100, 160):
    os.dup2(0, file)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 1024))
os.execv(sys.argv[1], sys.argv[1:])";
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let (_listener, port) = listen_in(&host, V4, 200);
        let mut load = Command::new("python3");
        load.args(["-c", START, binary(), "load", &format!("127.0.0.1:{port}")]);
        load.args(["--clients=100", "--messages=0"]);
        let output = host.enter_on_exec(&mut load).output().unwrap();
        let table = assert_exit(&output, 3);
        assert_eq!(table_value(&table, "phantom"), 100, "{table}");
    });
}
