//! What becomes of each connection of a load: a discrete-event model of the
//! listen path.
//!
//! ```text
//! connect(2) ─SYN→ SYN queue ─SYN-ACK→ client ─ACK→ accept queue → accept(2)
//!     ↑ SYN again       ↑ SYN-ACK again    ↑ data, where nobody took the ACK
//! ```
//!
//! | module | what |
//! |---|---|
//! | `settings` | what decides: [`ListenPath`] and its parts |
//! | `event_queue` | what happens next |
//! | `timers` | when timers fire: the client's ladder, the kernel's wheel |
//! | `syn_queue` | which SYNs are let in, and how long a request stays |
//! | `acceptor` | when the server takes a connection |
//! | `world`, `client`, `server` | the state, and what each event does to it |
//! | `result` | what is found: [`Simulation`] |
//!
//! The rules are those measured on kernel 6.18. What is left out: TIME_WAIT,
//! TCP_DEFER_ACCEPT, TCP Fast Open, several listeners on one port, any
//! other loss than that of an overrun CPU (of which there is one), the age of a
//! cookie, and what clients do once the server has a socket for them.
//!
//! **Equal instants.** A connect deadline comes first (the kernel's timers
//! never fire early, so that a retransmission planned for the same instant is
//! late), then accept(2), which makes room for what arrives, then timers, the
//! shorter one before the longer one and each kind in the order in which it was
//! set, then segments in the order in which they were sent (the kernel handles
//! what its timers send after all of them have fired), then connect(2) calls in
//! the order given. Nothing is random: the same input gives the same output.

mod acceptor;
mod client;
mod event_queue;
mod nanoseconds;
mod result;
mod server;
mod settings;
mod syn_queue;
mod timers;
mod world;

pub use result::{AttemptResult, Counters, DepthSample, Outcome, QueueDepth, Simulation};
pub use settings::{
    Accepts, Arrival, Client, Link, ListenPath, Listener, SynCookies, SynQueueRule, Timers, burst,
};

/// Plays every arrival through the listen path until nothing is left to
/// happen, or until [`ListenPath::until_ns`].
///
/// The results stand in the order of the arrivals, which need not be sorted.
///
/// # Panics
/// With more than 2³² arrivals.
pub fn simulate(path: &ListenPath, arrivals: &[Arrival]) -> Simulation {
    world::World::new(path, arrivals).run()
}
