//! A namespace with a process in it, so that a watch finds it.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use linux_net::NetworkNamespace;
use linux_net::testing::wait_until;
use socket2::{Domain, Socket, Type};
use watch::{Filter, Watch, WatchSettings};
use watch_record::{Snapshot, WatchedListener};

pub(crate) struct Place {
    pub(crate) namespace: NetworkNamespace,
    /// A program that waits for the end of its input.
    pub(crate) process: Child,
}

impl Place {
    pub(crate) fn new() -> Self {
        let namespace = NetworkNamespace::create().unwrap();
        let mut command = Command::new("cat");
        let process = namespace.enter_on_exec(&mut command).stdin(Stdio::piped()).spawn().unwrap();
        Self { namespace, process }
    }

    pub(crate) fn listen(&self, address: &str, backlog: i32) -> Socket {
        let address: SocketAddr = address.parse().unwrap();
        self.namespace
            .run(|| {
                let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
                socket.bind(&address.into()).unwrap();
                socket.listen(backlog).unwrap();
                socket
            })
            .unwrap()
    }

    pub(crate) fn connect(&self, to: &str) -> TcpStream {
        let to: SocketAddr = to.parse().unwrap();
        let connect = || TcpStream::connect_timeout(&to, Duration::from_secs(60));
        self.namespace.run(connect).unwrap().unwrap()
    }

    /// Connects that find a full queue: they stay in SYN_SENT.
    pub(crate) fn start_connect(&self, to: &str) -> Socket {
        let to: SocketAddr = to.parse().unwrap();
        self.namespace
            .run(|| {
                let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).unwrap();
                socket.set_nonblocking(true).unwrap();
                socket.connect(&to.into()).unwrap_err();
                socket
            })
            .unwrap()
    }

    /// A watch that shows only this namespace.
    pub(crate) fn watch(&self) -> Watch {
        let namespaces = vec![self.namespace.inode().to_string()];
        let filter = Filter { namespaces, ..Filter::default() };
        // More than by default: a test in a build without optimisation shares its CPUs.
        Watch::begin(WatchSettings { filter, max_cpu_share: 0.2, ..WatchSettings::default() })
            .unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The only listener of a snapshot with this port.
pub(crate) fn with_port(snapshot: &Snapshot, port: u16) -> Option<&WatchedListener> {
    snapshot.listeners.iter().find(|listener| listener.address.port() == port)
}

/// Waits until the listener of a port is as is wanted.
pub(crate) fn wait_for(
    watch: &Watch,
    port: u16,
    what: &str,
    is_so: impl Fn(&WatchedListener) -> bool,
) -> WatchedListener {
    let mut found = None;
    wait_until(what, || {
        found = with_port(&watch.snapshot(), port).cloned();
        found.as_ref().is_some_and(&is_so)
    });
    found.unwrap()
}
