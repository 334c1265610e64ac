//! Testbeds: two namespaces and their link, against the running kernel.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use linux_net::testing::in_lab_namespace;
use linux_net::{
    CLIENT_INTERFACE, LinkAddresses, NetworkNamespace, SERVER_INTERFACE, join_with_veth, tcp_info,
};

const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 18, 0, 1));

fn client(number: u8) -> IpAddr {
    Ipv4Addr::new(198, 18, 0, 1 + number).into()
}

fn testbed(clients: u8) -> (NetworkNamespace, NetworkNamespace) {
    let (server_host, client_host) = (
        NetworkNamespace::create().unwrap(),
        NetworkNamespace::create().unwrap(),
    );
    let clients = (1..=clients).map(client).collect();
    let addresses = LinkAddresses {
        server: SERVER,
        clients,
        prefix: 24,
    };
    join_with_veth(&server_host, &client_host, &addresses).unwrap();
    (server_host, client_host)
}

#[test]
fn time_a_testbed() {
    in_lab_namespace(|| {
        for clients in [1, 250] {
            for _ in 0..5 {
                let t0 = Instant::now();
                let a = NetworkNamespace::create().unwrap();
                let t1 = Instant::now();
                let b = NetworkNamespace::create().unwrap();
                let t2 = Instant::now();
                let c = (1..=clients).map(client).collect();
                join_with_veth(
                    &a,
                    &b,
                    &LinkAddresses {
                        server: SERVER,
                        clients: c,
                        prefix: 24,
                    },
                )
                .unwrap();
                let t3 = Instant::now();
                drop((a, b));
                let t4 = Instant::now();
                eprintln!(
                    "{clients} create {:?} {:?} join {:?} drop {:?}",
                    t1 - t0,
                    t2 - t1,
                    t3 - t2,
                    t4 - t3
                );
            }
        }
    });
}

#[test]
fn connects_at_once() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(3);
        let listener = server_host
            .run(|| TcpListener::bind((SERVER, 8080)))
            .unwrap()
            .unwrap();
        let start = Instant::now();
        let mut stream = client_host
            .run(|| TcpStream::connect((SERVER, 8080)))
            .unwrap()
            .unwrap();
        eprintln!("{:?}", start.elapsed());
        let info = tcp_info(std::os::fd::AsFd::as_fd(&stream)).unwrap();
        assert_eq!(info.total_retransmits, 0, "the first SYN was lost");
        let (mut accepted, peer) = listener.accept().unwrap();
        assert_eq!(peer.ip(), client(1));
        stream.write_all(b"hello").unwrap();
        let mut read = [0; 5];
        accepted.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"hello");
    });
}
