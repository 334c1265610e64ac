//! Testbeds: two namespaces and their link, against the running kernel.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, TcpListener};
use std::os::fd::AsFd;

use super::common::{SERVER, client_address, connect, server_at, testbed, wait_for};
use linux_net::testing::in_lab_namespace;
use linux_net::{LinkAddresses, LinkError, NetworkNamespace, join_with_veth, tcp_info};
use netlink_sys::{Socket, SocketAddr as NetlinkAddress, protocols::NETLINK_ROUTE};

/// The interfaces of the calling thread's namespace.
fn interfaces() -> Vec<String> {
    let mut names: Vec<_> = fs::read_to_string("/proc/thread-self/net/dev")
        .unwrap()
        .lines()
        .skip(2)
        .map(|line| line.split_once(':').unwrap().0.trim().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_first_packet_arrives_from_every_address() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(250);
        let listener = server_host.run(|| TcpListener::bind((SERVER, 8080))).unwrap().unwrap();
        for number in [1, 2, 125, 250] {
            let mut stream = client_host
                .run(|| {
                    let socket =
                        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
                    socket.bind(&std::net::SocketAddr::from((client_address(number), 0)).into())?;
                    socket.connect(&server_at(8080).into())?;
                    std::io::Result::Ok(std::net::TcpStream::from(socket))
                })
                .unwrap()
                .unwrap();
            let info = tcp_info(stream.as_fd()).unwrap();
            assert_eq!(info.total_retransmits, 0, "a SYN from address {number} was lost");
            let (mut accepted, peer) = listener.accept().unwrap();
            assert_eq!(peer.ip(), client_address(number));
            stream.write_all(b"hello").unwrap();
            let mut read = [0; 5];
            accepted.read_exact(&mut read).unwrap();
            assert_eq!(&read, b"hello");
        }
        for host in [&server_host, &client_host] {
            let counters = host.counters().unwrap();
            assert_eq!(counters.get("TcpExt.TCPSynRetrans"), Some(0));
            assert_eq!(counters.get("TcpExt.TCPTimeouts"), Some(0));
        }
    });
}

#[test]
fn fifty_testbeds_in_sequence_never_lose_a_syn() {
    in_lab_namespace(|| {
        for round in 0..50 {
            let (server_host, client_host) = testbed(1);
            let _listener = server_host.run(|| TcpListener::bind((SERVER, 8080))).unwrap().unwrap();
            let stream = connect(&client_host, server_at(8080)).unwrap();
            let lost = tcp_info(stream.as_fd()).unwrap().total_retransmits;
            assert_eq!(lost, 0, "round {round}");
        }
    });
}

#[test]
fn ipv6_addresses_can_be_used_at_once() {
    in_lab_namespace(|| {
        let address = |last| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last));
        let server = address(1);
        let clients = vec![address(2), address(3)];
        let addresses = LinkAddresses { server, clients, prefix: 64 };
        for round in 0..30 {
            let (server_host, client_host) =
                (NetworkNamespace::create().unwrap(), NetworkNamespace::create().unwrap());
            join_with_veth(&server_host, &client_host, &addresses).unwrap();
            let _listener = server_host.run(|| TcpListener::bind((server, 8080))).unwrap().unwrap();
            let stream = connect(&client_host, (server, 8080).into()).unwrap();
            let lost = tcp_info(stream.as_fd()).unwrap().total_retransmits;
            assert_eq!(lost, 0, "round {round}");

            let mut diag = linux_net::SocketDiag::open_in(&server_host).unwrap();
            let listeners = diag.listeners().unwrap();
            assert_eq!(listeners.len(), 1);
            wait_for(1, || diag.listeners().unwrap()[0].queued);
            assert_eq!(listeners[0].local, (server, 8080).into());
            assert_eq!(diag.count_by_state(Some(8080)).unwrap().established, 1);
        }
    });
}

#[test]
fn testbeds_with_the_same_addresses_are_separate() {
    in_lab_namespace(|| {
        std::thread::scope(|scope| {
            for own in 0..4u8 {
                scope.spawn(move || {
                    let (server_host, client_host) = testbed(2);
                    let listener =
                        server_host.run(|| TcpListener::bind((SERVER, 8080))).unwrap().unwrap();
                    for _ in 0..20 {
                        let mut stream = connect(&client_host, server_at(8080)).unwrap();
                        listener.accept().unwrap().0.write_all(&[own]).unwrap();
                        let mut read = Vec::new();
                        stream.read_to_end(&mut read).unwrap();
                        assert_eq!(read, [own]);
                    }
                    let passive = server_host.counters().unwrap().get("Tcp.PassiveOpens");
                    assert_eq!(passive, Some(20), "connections of another testbed");
                });
            }
        });
    });
}

/// Every link message that a namespace has seen since the monitor was opened.
struct LinkMonitor(Socket);

impl LinkMonitor {
    fn open() -> Self {
        const RTMGRP_LINK: u32 = 1;
        let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
        socket.bind(&NetlinkAddress::new(0, RTMGRP_LINK)).unwrap();
        socket.set_non_blocking(true).unwrap();
        Self(socket)
    }

    fn saw(&self, interface: &str) -> bool {
        let mut seen = false;
        while let Ok((message, _)) = self.0.recv_from_full() {
            seen |= message.windows(interface.len()).any(|part| part == interface.as_bytes());
        }
        seen
    }
}

#[test]
fn the_link_is_visible_only_in_its_two_namespaces() {
    in_lab_namespace(|| {
        let before = interfaces();
        let at_host = LinkMonitor::open();
        let server_host = NetworkNamespace::create().unwrap();
        let client_host = NetworkNamespace::create().unwrap();
        let at_server = server_host.run(LinkMonitor::open).unwrap();
        let addresses =
            LinkAddresses { server: SERVER, clients: vec![client_address(1)], prefix: 24 };
        join_with_veth(&server_host, &client_host, &addresses).unwrap();

        assert!(at_server.saw("server0"), "the monitor does not work");
        assert!(!at_host.saw("server0") && !at_host.saw("client0"));
        assert_eq!(interfaces(), before);
        assert!(server_host.run(interfaces).unwrap().contains(&"server0".to_owned()));
        assert!(client_host.run(interfaces).unwrap().contains(&"client0".to_owned()));
        drop((server_host, client_host));
        assert!(!at_host.saw("server0"), "the pair was moved to the host");
    });
}

#[test]
fn a_refused_request_is_named() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(1);
        let addresses =
            LinkAddresses { server: SERVER, clients: vec![client_address(1)], prefix: 24 };
        let error = join_with_veth(&server_host, &client_host, &addresses).unwrap_err();
        assert!(matches!(error, LinkError::Refused { .. }));
        let text = error.to_string();
        assert!(text.starts_with("create the veth pair server0, client0: "), "{text}");

        let fresh = [NetworkNamespace::create().unwrap(), NetworkNamespace::create().unwrap()];
        let twice = vec![client_address(1), client_address(2), client_address(1)];
        let addresses = LinkAddresses { server: SERVER, clients: twice, prefix: 24 };
        let text = join_with_veth(&fresh[0], &fresh[1], &addresses).unwrap_err().to_string();
        assert!(text.starts_with("add a neighbour entry for 198.18.0.2: "), "{text}");
    });
}
