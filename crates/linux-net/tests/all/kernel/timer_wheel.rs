//! The timer wheel that was found, compared with TCP's own timers.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use linux_net::testing::in_lab_namespace;
use linux_net::{NetworkNamespace, TimerWheel, monotonic_ns, tcp_info};
use socket2::{Domain, Socket, Type};

const SYNS: usize = 12;
const ROUNDS: usize = 20;

const SECOND: u64 = 1_000_000_000;

/// A slot's timers fire soon after it has begun, and are observed a little later.
const SOON_NS: u64 = 2_000_000;

/// A SYN to a full queue, and when its retransmission was observed.
struct Unanswered {
    socket: Socket,
    start_ns: u64,
    retransmitted_ns: Option<u64>,
}

fn stream() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()
}

fn unanswered(target: SocketAddr) -> Unanswered {
    let socket = stream();
    socket.set_nonblocking(true).unwrap();
    let start_ns = monotonic_ns();
    socket.connect(&target.into()).expect_err("no one answers at once");
    Unanswered { socket, start_ns, retransmitted_ns: None }
}

/// TCP's timer of one second is on the wheel's level 1 (slots of 8 ticks) up to
/// 500 Hz, and on level 2 (64 ticks) at 1000.
fn slot_ns(wheel: &TimerWheel) -> u64 {
    let ticks = if wheel.hz() < 504 { 8 } else { 64 };
    ticks * SECOND / u64::from(wheel.hz())
}

/// Sends SYNs that are retransmitted. For each slot in which a retransmission was
/// observed, and each SYN in it: how long after its start the slot began, and how much
/// later the retransmission was observed; nanoseconds.
fn slots_of_syns(wheel: &TimerWheel, target: SocketAddr) -> Vec<Vec<(u64, u64)>> {
    let mut syns: Vec<_> = (0..SYNS)
        .map(|_| {
            // Spreads the SYNs over several slots; any other spread would do.
            std::thread::sleep(Duration::from_millis(7));
            unanswered(target)
        })
        .collect();
    while syns.iter().any(|syn| syn.retransmitted_ns.is_none()) {
        for syn in syns.iter_mut().filter(|syn| syn.retransmitted_ns.is_none()) {
            if tcp_info(syn.socket.as_fd()).unwrap().total_retransmits > 0 {
                syn.retransmitted_ns = Some(monotonic_ns());
            }
        }
        assert!(monotonic_ns() - syns[0].start_ns < 30 * SECOND, "no SYN was retransmitted");
        std::thread::sleep(Duration::from_micros(300));
    }
    let mut slots: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for syn in &syns {
        let retransmitted_ns = syn.retransmitted_ns.unwrap();
        let late_ns = (retransmitted_ns + wheel.offset_ns()) % slot_ns(wheel);
        let begins_ns = retransmitted_ns - late_ns;
        slots.entry(begins_ns).or_default().push((begins_ns - syn.start_ns, late_ns));
    }
    slots.into_values().collect()
}

#[test]
fn syns_are_retransmitted_where_a_slot_begins() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        host.run(|| {
            let listener = stream();
            listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
            listener.listen(0).unwrap();
            let target = listener.local_addr().unwrap().as_socket().unwrap();
            let fills_it = stream();
            fills_it.connect(&target.into()).unwrap();

            // A busy machine may fire a whole slot late, or poll late.
            let mut rounds = Vec::new();
            let undisturbed = (0..ROUNDS).any(|_| {
                let wheel = TimerWheel::find().expect("a kernel whose ticks agree with its clock");
                let slots = slots_of_syns(&wheel, target);
                // The first slot that begins a second later; so there are no more
                // slots than began while the SYNs were sent.
                let first = SECOND..=SECOND + slot_ns(&wheel);
                let right = slots.iter().filter(|syns| {
                    syns.iter().all(|(after, late)| first.contains(after) && *late < SOON_NS)
                });
                let most = right.count() * 2 > slots.len();
                rounds.push(slots);
                most
            });
            assert!(undisturbed, "SYNs are retransmitted between the starts of slots: {rounds:?}");
        })
        .unwrap();
    });
}
