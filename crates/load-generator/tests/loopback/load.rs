//! Loads on loopback, and what must hold for each.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use linux_net::testing::{in_lab_namespace, wait_until};
use linux_net::{NetworkNamespace, SysctlName, monotonic_ns};
use load_generator::{
    ChatPhase, CommandSender, Ending, LoadCommand, LoadConfig, LoadEvent, LoadReport, LoadResponse,
    LoadSettings, LoadStatus, command_channel, run,
};
use socket2::{Domain, Socket, Type};
use worker::Message;

use crate::relay::Relay;

/// How long clients wait that never get what they wait for. Only a hang takes so long, so a load
/// that must not wait for it differs from one that a stall delays.
pub(crate) const FINISH_DEADLINE: Duration = Duration::from_secs(60);

/// A port on which nothing listens. While the socket is bound, no other test gets the port, and no
/// client can connect to itself there.
pub(crate) fn unused_port() -> (Socket, SocketAddr) {
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = bound.local_addr().unwrap().as_socket().unwrap();
    (bound, address)
}

/// A load of few clients and quick messages on `target`.
pub(crate) fn config(target: SocketAddr, change: impl FnOnce(&mut LoadSettings)) -> LoadConfig {
    let mut settings = LoadSettings {
        clients: 8,
        messages: 20,
        interval: Duration::from_millis(1),
        finish_deadline: FINISH_DEADLINE,
        ..LoadSettings::default()
    };
    change(&mut settings);
    LoadConfig::new(settings, target)
}

/// Runs a load without a controller, and checks what must hold for every load.
pub(crate) fn load(config: &LoadConfig) -> LoadReport {
    let mut events = Vec::new();
    let report = run(config, None, &mut |event| events.push(event)).expect("the load runs");
    assert_eq!(events, [Message::Event(decided(config, &report))]);
    check(config, &report);
    report
}

/// The event that must have preceded this report.
fn decided(config: &LoadConfig, report: &LoadReport) -> LoadEvent {
    let established = report.attempts.iter().filter(|a| a.connect_ns.is_some()).count() as u64;
    LoadEvent::Decided { established, failed: u64::from(config.settings.clients) - established }
}

/// Runs `body` in a new network namespace with these sysctls: every socket in it is the
/// test's own.
pub(crate) fn in_own_namespace(sysctls: &[(&str, &str)], body: impl FnOnce() + Send) {
    let sysctls: Vec<_> = sysctls
        .iter()
        .map(|(name, value)| (name.parse::<SysctlName>().unwrap(), (*value).to_owned()))
        .collect();
    in_lab_namespace(|| {
        let namespace = NetworkNamespace::create().unwrap();
        namespace.apply_sysctls(&sysctls).unwrap();
        namespace.run(body).unwrap();
    });
}

/// Controls a held load whose attempts are all decided.
pub(crate) struct Controller {
    sender: CommandSender,
    statuses: Receiver<LoadStatus>,
    decided_ns: u64,
}

impl Controller {
    pub(crate) fn status(&self) -> LoadStatus {
        self.sender.send(LoadCommand::Status);
        self.statuses.recv_timeout(Duration::from_secs(240)).expect("the load responds")
    }

    /// Waits until the load has handled everything that was due within `time` of
    /// `decided`.
    pub(crate) fn wait_past(&self, time: Duration) {
        let due_ns = self.decided_ns + time.as_nanos() as u64;
        wait_until("the time has passed", || monotonic_ns() > due_ns);
        // Timers run after each event: what was due at the first request has been
        // handled at the second.
        self.status();
        self.status();
    }
}

/// Runs a held load. `before_go` runs at the same time, once every attempt is decided, and Go
/// is sent when it returns. The report, and when Go was sent.
pub(crate) fn load_held(
    config: &LoadConfig,
    before_go: impl FnOnce(&Controller) + Send,
) -> (LoadReport, u64) {
    let config = LoadConfig { hold: true, ..config.clone() };
    let (sender, source) = command_channel().unwrap();
    let (send_status, statuses) = mpsc::channel();
    let mut before_go = Some((before_go, sender, statuses));
    let mut event = None;
    let (report, go_ns) = std::thread::scope(|scope| {
        let mut controlling = None;
        let report = run(&config, Some(source), &mut |message| match message {
            Message::Event(decided @ LoadEvent::Decided { .. }) => {
                let decided_ns = monotonic_ns();
                event = Some(decided);
                let (before_go, sender, statuses) =
                    before_go.take().expect("decided is reported once");
                // Its panic drops the sender, which stops the load.
                let controller = Controller { sender, statuses, decided_ns };
                controlling = Some(scope.spawn(move || {
                    before_go(&controller);
                    let go_ns = monotonic_ns();
                    controller.sender.send(LoadCommand::Go);
                    (go_ns, controller)
                }));
            }
            Message::Response { response: LoadResponse::Status(status), .. } => {
                // Fails if the controller has panicked, which `join` reports.
                let _ = send_status.send(status);
            }
            message => panic!("{message:?}"),
        })
        .expect("the load runs");
        let controlling = controlling.expect("decided is reported");
        let (go_ns, _controller) = controlling.join().expect("Go was sent");
        (report, go_ns)
    });
    assert_eq!(event, Some(decided(&config, &report)));
    check(&config, &report);
    (report, go_ns)
}

/// Runs a load whose chat begins once `relay` has registered every client, so that
/// every message has a place to go.
pub(crate) fn load_once_registered(config: &LoadConfig, relay: &Relay) -> LoadReport {
    let mut config = config.clone();
    config.settings.chat = ChatPhase::AfterConnect;
    let clients = config.settings.clients as usize;
    let (report, _) = load_held(&config, |_| relay.wait_for_clients(clients));
    assert!(report.attempts.iter().all(|attempt| attempt.connect_ns.is_some()), "{report:?}");
    report
}

/// What must hold for every report: one ending for each attempt, sums that add up.
pub(crate) fn check(config: &LoadConfig, report: &LoadReport) {
    assert_eq!(report.attempts.len(), config.settings.clients as usize);
    for (index, attempt) in report.attempts.iter().enumerate() {
        assert_eq!(attempt.index as usize, index);
        assert!(attempt.start_ns >= report.started_ns && attempt.end_ns <= report.ended_ns);
        assert!(attempt.end_ns >= attempt.start_ns + attempt.connect_ns.unwrap_or(0));
        assert!(attempt.messages_written <= config.settings.messages);
        if attempt.ending == Ending::Finished {
            assert!(attempt.connect_ns.is_some());
            assert_eq!(attempt.messages_written, planned(&config.settings, index));
            assert_eq!(attempt.errno, None);
        }
    }
    assert_eq!(endings(report).values().sum::<usize>(), config.settings.clients as usize);
    let written: u64 = report.attempts.iter().map(|a| u64::from(a.messages_written)).sum();
    assert_eq!(report.messages_written, written);
    let deliveries: u64 = report.attempts.iter().map(|a| a.deliveries).sum();
    assert_eq!(report.deliveries, deliveries);
    let established = report.attempts.iter().filter(|a| a.connect_ns.is_some()).count() as u64;
    assert_eq!(report.connect_latency.count, established);
    // The percentiles are of the attempts' own times, to three digits.
    let mut connects: Vec<_> = report.attempts.iter().filter_map(|a| a.connect_ns).collect();
    connects.sort_unstable();
    let middle = connects.len().div_ceil(2).saturating_sub(1);
    if let (Some(&median), Some(&largest)) = (connects.get(middle), connects.last()) {
        let found = [report.connect_latency.p50_ns, report.connect_latency.max_ns];
        for (found, own) in found.into_iter().zip([median, largest]) {
            assert!((found as f64 / own as f64 - 1.0).abs() < 2e-3, "{found} for {own}");
        }
    }
    check_threads(config, report);
    let errnos = report.attempts.iter().filter(|a| a.errno.is_some()).count() as u64;
    assert_eq!(report.errors.values().sum::<u64>(), errnos);
}

/// What must hold of the use of the load's threads.
fn check_threads(config: &LoadConfig, report: &LoadReport) {
    // The clocks are read one after the other, and a process's has units of microseconds.
    const READING_SECONDS: f64 = 1e-3;
    let all_seconds = report.ended_ns.saturating_sub(report.started_ns) as f64 / 1e9;
    let threads = config.settings.reading_threads().map_or(1, |reading| reading + 1);
    assert_eq!(report.threads.len(), threads);
    let window = report.chat_seconds().unwrap_or(0.0);
    for thread in &report.threads {
        // A write is recorded with the time before it, and its CPU time after it: what a write costs
        // may exceed the window.
        assert!((0.0..=all_seconds + READING_SECONDS).contains(&thread.cpu_seconds), "{thread:?}");
    }
    let all: f64 = report.threads.iter().map(|thread| thread.cpu_seconds).sum();
    assert!(all <= report.usage.cpu_seconds() + READING_SECONDS, "{all} s, {:?}", report.usage);
    if let Some(busiest) = report.busiest_share() {
        // A window without a length, as of a single write, has no share.
        let mean = if window > 0.0 { (all / threads as f64 / window).min(1.0) } else { 0.0 };
        assert!((mean - 1e-9..=1.0).contains(&busiest), "{busiest}, mean {mean}, {window} s");
    }
    let delays = report.threads.iter().filter_map(|thread| thread.run_delay_seconds);
    assert_eq!(report.run_delay_seconds, delays.reduce(f64::max));
}

/// The number of messages that the attempt with this index has to write.
fn planned(settings: &LoadSettings, index: usize) -> u32 {
    let first = settings.half_open + settings.slow_readers;
    let senders = settings.senders.unwrap_or(settings.clients - first);
    let sends = (first..first + senders).contains(&(index as u32));
    if sends { settings.messages } else { 0 }
}

/// The number of attempts by ending.
pub(crate) fn endings(report: &LoadReport) -> BTreeMap<String, usize> {
    let mut endings = BTreeMap::new();
    for attempt in &report.attempts {
        *endings.entry(format!("{:?}", attempt.ending)).or_default() += 1;
    }
    endings
}

/// Asserts that the endings are exactly these.
#[track_caller]
pub(crate) fn assert_endings<const N: usize>(report: &LoadReport, expected: [(Ending, usize); N]) {
    let expected: BTreeMap<String, usize> =
        expected.into_iter().map(|(ending, count)| (format!("{ending:?}"), count)).collect();
    assert_eq!(endings(report), expected, "{report:?}");
}
