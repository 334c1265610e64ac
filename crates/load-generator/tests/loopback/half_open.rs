//! Attempts that never receive the SYN-ACK.

use std::net::TcpListener;
use std::time::Duration;

use crate::load::{assert_endings, config, in_own_namespace, load_held};
use crate::relay::{Behaviour, Relay};
use linux_net::SocketDiag;
use linux_net::testing::wait_until;
use load_generator::{ChatPhase, ConnectPattern, ConnectRate, Ending, LoadReport, LoadSettings};

const DEADLINE: Duration = Duration::from_millis(300);

/// TCP_TIMEOUT_INIT (include/net/tcp.h).
const FIRST_RETRANSMISSION: Duration = Duration::from_secs(1);

fn three_of_six(settings: &mut LoadSettings) {
    settings.clients = 6;
    settings.half_open = 3;
    settings.connect_deadline = DEADLINE;
    settings.messages = 0;
}

#[track_caller]
fn assert_half_open(report: &LoadReport) {
    assert_endings(report, [(Ending::TimedOut, 3), (Ending::Finished, 3)]);
    for attempt in &report.attempts[..3] {
        assert_eq!((attempt.ending, attempt.errno), (Ending::TimedOut, None));
        assert_eq!(attempt.connect_ns, None);
        let tried_ns = attempt.end_ns - attempt.start_ns;
        assert!(tried_ns >= DEADLINE.as_nanos() as u64);
        // A busy machine may be that late.
        let sent_again = tried_ns >= FIRST_RETRANSMISSION.as_nanos() as u64;
        let retransmits = attempt.syn_retransmits.expect("the kernel counts them");
        assert!(retransmits == 0 || sent_again, "{attempt:?}");
    }
}

/// How often the kernel has retransmitted the SYN-ACK of each half-open connection.
fn syn_ack_retransmits() -> Vec<u32> {
    const SYN_RECV: &str = "03";
    let table = std::fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
    let lines = table.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    lines
        .filter(|columns| columns[3] == SYN_RECV)
        .map(|columns| u32::from_str_radix(columns[6], 16).unwrap())
        .collect()
}

#[test]
fn kernel_half_open_attempts_stay_until_everything_is_decided_and_go() {
    in_own_namespace(&[], || {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut diag = SocketDiag::open().unwrap();
        let mut count =
            || (diag.count_by_state(None).unwrap(), diag.count_by_state(Some(port)).unwrap());
        // The first deadline has passed before the last attempt starts.
        let config = config(listener.local_addr().unwrap(), |settings| {
            three_of_six(settings);
            settings.pattern = ConnectPattern::Rate;
            settings.connect_rate = Some(ConnectRate::Constant(5.0));
        });
        let mut counts = Vec::new();
        let (report, go_ns) = load_held(&config, |_| {
            counts.push(count());
            wait_until("the server has retransmitted its SYN-ACKs", || {
                let retransmits = syn_ack_retransmits();
                retransmits.len() == 3 && retransmits.iter().all(|count| *count > 0)
            });
            counts.push(count());
        });
        counts.push(count());
        assert_half_open(&report);
        let last_start = report.attempts[5].start_ns;
        assert!(report.attempts[0].end_ns < last_start);
        assert!(report.attempts[5].end_ns >= go_ns);
        for (all, server) in &counts[..2] {
            assert_eq!((all.syn_sent, server.syn_recv, server.established), (3, 3, 3));
        }
        assert_eq!(counts[2].0.syn_sent, 0, "Go closes them");
        drop(listener);
    });
}

#[test]
fn half_open_attempts_never_chat_and_are_not_waited_for() {
    let relay = Relay::start(Behaviour::default());
    let config = config(relay.address, |settings| {
        three_of_six(settings);
        settings.messages = 5;
        settings.chat = ChatPhase::AfterConnect;
    });
    let (report, _) = load_held(&config, |_| relay.wait_for_clients(3));
    assert_half_open(&report);
    assert_eq!((report.messages_written, report.deliveries), (15, 30));
}
