//! Watches the server's sockets during a standalone load, where they can be seen.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use linux_net::{Listener, SocketDiag};
use load_generator::{CommandSender, LoadCommand};
use probe::{Ledger, LedgerRecorder};

use crate::connected_address::connected_address;

/// The shortest time between two scans.
const SCAN_INTERVAL: Duration = Duration::from_millis(20);

/// A scan walks the connections of the whole machine: it may take this share of one CPU.
const SCAN_SHARE: u32 = 30;

/// How long after the load an accept is awaited.
const LATE_ACCEPTS: Duration = Duration::from_secs(1);

/// The steps of the load that an observer is notified of.
enum Step {
    /// Every attempt is decided: the load waits for Go.
    Decided,
    /// The load has ended.
    Ended,
}

/// A thread that watches the sockets of a listener in this network namespace.
#[derive(Debug)]
pub(super) struct Observer {
    steps: Sender<Step>,
    thread: JoinHandle<Ledger>,
}

impl Observer {
    /// Starts to watch; `None` if no listener of one of the `targets` is in this network
    /// namespace, or its sockets cannot be listed. The load must be held: once every attempt is decided,
    /// `commands` gets Go after a scan and `linger`.
    pub(super) fn start(
        targets: Vec<SocketAddr>,
        linger: Duration,
        commands: Arc<CommandSender>,
    ) -> Option<Self> {
        let mut diag = SocketDiag::open().ok()?;
        let listeners = listeners_of_all(&mut diag, &targets);
        if listeners.is_empty() {
            return None;
        }
        let (steps, receiver) = channel();
        let addresses: Vec<_> = targets.iter().copied().map(connected_address).collect();
        let mut ports: Vec<_> = addresses.iter().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports.dedup();
        let watch = Watch { diag, targets, addresses, ports, listeners, linger, commands };
        let thread = std::thread::Builder::new()
            .name("sockets".to_owned())
            .spawn(move || watch.run(&receiver))
            .ok()?;
        Some(Self { steps, thread })
    }

    /// A callback for the moment when every attempt is decided.
    pub(super) fn on_decided(&self) -> impl Fn() + use<> {
        let steps = self.steps.clone();
        move || drop(steps.send(Step::Decided))
    }

    /// Waits for late accepts, and returns what was seen.
    pub(super) fn finish(self) -> Ledger {
        let _ = self.steps.send(Step::Ended);
        // Its panic ends the process.
        self.thread.join().unwrap_or_default()
    }
}

struct Watch {
    diag: SocketDiag,
    targets: Vec<SocketAddr>,
    /// The server's end of the connections to them, and the ports of these.
    addresses: Vec<SocketAddr>,
    ports: Vec<u16>,
    /// The inodes of the listeners before the load.
    listeners: Vec<u32>,
    linger: Duration,
    commands: Arc<CommandSender>,
}

impl Watch {
    fn run(mut self, steps: &Receiver<Step>) -> Ledger {
        let mut recorder = LedgerRecorder::default();
        let mut go_at = None;
        let mut end = None;
        loop {
            let interval = self.scan(&mut recorder).max(SCAN_INTERVAL);
            let now = Instant::now();
            if go_at.is_some_and(|at| now >= at) {
                go_at = None;
                self.commands.send(LoadCommand::Go);
            }
            if end.is_some_and(|end| now >= end || !recorder.is_any_waiting()) {
                return recorder.finish();
            }
            let until_go = go_at.map_or(interval, |at: Instant| at - now);
            match steps.recv_timeout(interval.min(until_go)) {
                // The next scan is before Go.
                Ok(Step::Decided) => go_at = Some(Instant::now() + self.linger),
                Ok(Step::Ended) => end = Some(Instant::now() + LATE_ACCEPTS),
                Err(RecvTimeoutError::Timeout) => {}
                // The load has failed.
                Err(RecvTimeoutError::Disconnected) => return recorder.finish(),
            }
        }
    }

    /// Scans once; returns the least time to the next scan.
    fn scan(&mut self, recorder: &mut LedgerRecorder) -> Duration {
        let began = Instant::now();
        let addresses = &self.addresses;
        recorder.scan(&mut self.diag, &self.ports, |socket| addresses.contains(&socket.local));
        let now = listeners_of_all(&mut self.diag, &self.targets);
        if !self.listeners.iter().all(|inode| now.contains(inode)) {
            recorder.listener_closed();
        }
        began.elapsed() * SCAN_SHARE
    }
}

/// The inodes of the listeners of all these targets.
fn listeners_of_all(diag: &mut SocketDiag, targets: &[SocketAddr]) -> Vec<u32> {
    targets.iter().flat_map(|target| listeners_of(diag, *target)).collect()
}

/// The inodes of the listeners that accept connections to `target` in this namespace.
fn listeners_of(diag: &mut SocketDiag, target: SocketAddr) -> Vec<u32> {
    let address = connected_address(target);
    let takes = |listener: &Listener| {
        let ip = listener.local.ip().to_canonical();
        listener.local.port() == address.port()
            && (ip == address.ip() || is_wildcard_of(ip, address.ip()))
    };
    let listeners = diag.listeners().unwrap_or_default();
    listeners.iter().filter(|listener| takes(listener)).map(|listener| listener.inode).collect()
}

/// Whether a listener on `ip` accepts connections to any address of this family. One on
/// `::` also accepts IPv4, unless it has IPV6_V6ONLY, which sock_diag does not show here.
fn is_wildcard_of(ip: IpAddr, target: IpAddr) -> bool {
    ip.is_unspecified() && (ip.is_ipv6() || target.is_ipv4())
}
