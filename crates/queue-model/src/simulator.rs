//! A discrete-event model of the listen path: the outcome of each connection of a load.
//!
//! ```text
//! connect(2) ─SYN→ SYN queue ─SYN-ACK→ client ─ACK→ accept queue → accept(2)
//!     ↑ SYN retried     ↑ SYN-ACK retried  ↑ data, if the ACK was ignored
//! ```
//!
//! | module | contains |
//! |---|---|
//! | `settings` | the input: [`ListenPath`] and its parts |
//! | `event_queue` | the pending events, in their order |
//! | `wire` | how long segments wait at the link |
//! | `timers` | when timers fire: the client's retransmissions, the kernel's timer wheel |
//! | `nanoseconds` | durations as the simulator counts time |
//! | `syn_queue` | which SYNs are admitted, and how long a request stays |
//! | `acceptor` | when the server accepts a connection |
//! | `world`, `client`, `server` | the state, and how each event changes it |
//! | `result` | the output: [`Simulation`] |
//! | `undisturbed` | the same for a burst of which nothing is dropped, in less time |
//!
//! The rules are those measured on kernel 6.18. Not modelled: TIME_WAIT,
//! TCP_DEFER_ACCEPT, TCP Fast Open, several listeners on one port, any loss except at the
//! one overloaded CPU, the age of a cookie, and the actions of clients once the server has
//! a socket for them.
//!
//! **Simultaneous events.** A connect deadline comes first (the kernel's timers never fire
//! early, so a retransmission planned for the same instant is late). Then come accept(2),
//! which makes room for arriving segments; timers, shorter ones before longer ones and
//! those of equal length in the order in which they were set; segments in the order in
//! which they were sent (the kernel handles the segments of its timers after all of them
//! have fired); and connect(2) calls in the given order. Nothing is random: the same input
//! produces the same output.

mod acceptor;
mod client;
mod event_queue;
mod nanoseconds;
mod result;
mod server;
mod settings;
mod syn_queue;
mod timers;
mod undisturbed;
mod wire;
mod world;

pub(crate) use result::Summary;
pub use result::{AttemptResult, Counters, DepthSample, Outcome, QueueDepth, Simulation};
pub use settings::{
    Accepts, Arrival, Client, Link, ListenPath, Listener, Peer, SynCookies, SynQueueRule, Timers,
    USUAL_HZ, VETH_PER_SEGMENT, burst,
};
pub(crate) use undisturbed::{InFlight, undisturbed};
pub(crate) use world::Memory;

/// Simulates every arrival until no event is pending, or until [`ListenPath::until_ns`] or
/// [`ListenPath::max_late`].
///
/// The results have the order of the arrivals, which need not be sorted.
///
/// # Panics
/// With more than 2³² arrivals.
pub fn simulate(path: &ListenPath, arrivals: &[Arrival]) -> Simulation {
    let mut world = world::World::new(path, arrivals.iter().copied(), Memory::default());
    world.run();
    world.finish()
}

/// Simulates live clients that start at these instants. `memory` is that of earlier simulations.
pub(crate) fn simulate_starts(path: &ListenPath, starts: &[u64], memory: &mut Memory) -> Summary {
    let arrivals = starts.iter().map(|&start| Arrival::live(start));
    let mut world = world::World::new(path, arrivals, std::mem::take(memory));
    world.run();
    let summary = world.summary();
    *memory = world.into_memory();
    summary
}
