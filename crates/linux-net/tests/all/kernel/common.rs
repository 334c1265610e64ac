//! Helpers of these tests.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use linux_net::{LinkAddresses, NetworkNamespace, SysctlName, join_with_veth};
use socket2::{Domain, Socket, Type};

pub(crate) const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 18, 0, 1));

pub(crate) fn client_address(number: u8) -> IpAddr {
    Ipv4Addr::new(198, 18, 0, 1 + number).into()
}

pub(crate) fn server_at(port: u16) -> SocketAddr {
    (SERVER, port).into()
}

/// A testbed: the server's host and the client's.
pub(crate) fn testbed(clients: u8) -> (NetworkNamespace, NetworkNamespace) {
    let server_host = NetworkNamespace::create().unwrap();
    let client_host = NetworkNamespace::create().unwrap();
    let clients = (1..=clients).map(client_address).collect();
    let addresses = LinkAddresses { server: SERVER, clients, prefix: 24 };
    join_with_veth(&server_host, &client_host, &addresses).unwrap();
    (server_host, client_host)
}

pub(crate) fn name(name: &str) -> SysctlName {
    name.parse().unwrap()
}

/// A listening socket; the standard library's has a fixed backlog.
pub(crate) fn listen(host: &NetworkNamespace, address: SocketAddr, backlog: i32) -> Socket {
    host.run(|| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(backlog).unwrap();
        socket
    })
    .unwrap()
}

pub(crate) fn connect(host: &NetworkNamespace, to: SocketAddr) -> io::Result<TcpStream> {
    host.run(|| TcpStream::connect_timeout(&to, Duration::from_secs(60))).unwrap()
}

/// Starts to connect and does not wait; `prepare` runs before the SYN.
pub(crate) fn start_connect(
    host: &NetworkNamespace,
    to: SocketAddr,
    prepare: impl FnOnce(&Socket) + Send,
) -> Socket {
    host.run(|| {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        prepare(&socket);
        let error = socket.connect(&to.into()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINPROGRESS), "{error}");
        socket
    })
    .unwrap()
}

/// Waits until `value` is as expected; fails with the last value.
pub(crate) fn wait_for<T: PartialEq + std::fmt::Debug>(expected: T, mut value: impl FnMut() -> T) {
    let deadline = Instant::now() + Duration::from_secs(240);
    loop {
        let found = value();
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?} is still not {expected:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
