//! The timer wheel that was found, against TCP's own timers.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use linux_net::{TimerWheel, monotonic_ns, tcp_info};
use socket2::{Domain, Socket, Type};

const SYNS: usize = 12;

/// A SYN to a full queue, and when its retransmission was seen.
struct Unanswered {
    socket: Socket,
    start_ns: u64,
    /// The last look at which the SYN had not been sent again.
    before_ns: u64,
    after_ns: Option<u64>,
}

fn stream() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()
}

fn unanswered(target: SocketAddr) -> Unanswered {
    let socket = stream();
    socket.set_nonblocking(true).unwrap();
    let start_ns = monotonic_ns();
    socket.connect(&target.into()).expect_err("nobody answers at once");
    Unanswered { socket, start_ns, before_ns: start_ns, after_ns: None }
}

/// TCP's timer of one second is on the wheel's level 1 (slots of 8 ticks) up to
/// 500 Hz, and on level 2 (64 ticks) at 1000.
fn slot_ns(wheel: &TimerWheel) -> u64 {
    let ticks = if wheel.hz() < 504 { 8 } else { 64 };
    ticks * 1_000_000_000 / u64::from(wheel.hz())
}

#[test]
fn syns_are_sent_again_where_a_slot_begins() {
    let listener = stream();
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let target = listener.local_addr().unwrap().as_socket().unwrap();
    let fills_it = stream();
    fills_it.connect(&target.into()).unwrap();

    let wheel = TimerWheel::find().expect("a kernel whose ticks agree with its clock");
    let mut syns: Vec<_> = (0..SYNS)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(7));
            unanswered(target)
        })
        .collect();
    while syns.iter().any(|syn| syn.after_ns.is_none()) {
        for syn in syns.iter_mut().filter(|syn| syn.after_ns.is_none()) {
            let looked_ns = monotonic_ns();
            match tcp_info(syn.socket.as_fd()).unwrap().total_retransmits {
                0 => syn.before_ns = looked_ns,
                _ => syn.after_ns = Some(monotonic_ns()),
            }
        }
        assert!(monotonic_ns() - syns[0].start_ns < 30_000_000_000, "no SYN was sent again");
        std::thread::sleep(Duration::from_micros(300));
    }

    let slot = slot_ns(&wheel);
    let on_wheel = |ns: u64| ns + wheel.offset_ns();
    let mut slots = Vec::new();
    for syn in &syns {
        let (before, after) = (on_wheel(syn.before_ns), on_wheel(syn.after_ns.unwrap()));
        let begins = after / slot * slot;
        // A slot's timers fire soon after it has begun, and were not seen before.
        if before < begins + 2_000_000 && begins - on_wheel(syn.start_ns) >= 1_000_000_000 {
            slots.push(begins / slot);
        }
    }
    // A machine that was busy just then fires late, and looks late.
    assert!(slots.len() >= SYNS * 3 / 4, "{} of {SYNS} where a slot begins", slots.len());
    slots.dedup();
    assert!((2..=6).contains(&slots.len()), "{SYNS} SYNs over 84 ms or more in {slots:?}");
}
