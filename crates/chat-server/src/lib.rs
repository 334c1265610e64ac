//! The chat server, instrumented, in several designs.
//!
//! One accept loop thread for each listening socket, of which there is one by default. What
//! a client sends goes to every other client, never back to it. How clients are served is a
//! *design*, chosen by name: which threads read and write, how the registry of clients is
//! locked, and how messages are written. The original has one native thread for each client,
//! and one registry under one mutex that the accept loops lock too.
//!
//! - `settings`: [`ServerSettings`], the one definition for YAML, JSON, flags.
//! - `check`: [`check_settings`], validates them.
//! - `design`: [`Design`], and the interface by which a server has its clients served;
//!   `designs`: [`DESIGNS`], the table of them, one file each below it.
//! - `sigpipe`: the disposition of SIGPIPE.
//! - `server`: [`Server`], [`RunningServer`], [`ServerHandle`]: the interface of the
//!   library; `shared` is the state that all its threads share, of which `context` is what
//!   serving clients needs.
//! - `listener`: the listening sockets, and the filter that holds ACKs back.
//! - `capacity`: how many clients the limits of the machine allow; `frame_memory`: the memory
//!   that large messages share.
//! - `lock`: locks a mutex after a panic of another thread.
//! - `accept`: an accept loop; `depth` reads the depth of its queue, and `gate` pauses it.
//! - `thread_per_client`: the designs with a thread for each client; `one_registry`: those
//!   with one lock; `client_thread`: one client's life; `threads` bounds, starts and joins
//!   them.
//! - `event_loop`: the design without a thread for each client.
//! - `client`: a client's socket, the only place that writes to one; `pace` judges whether it
//!   takes enough; `reader` reads from it.
//! - `registry`: the clients that messages go to, behind a `timed_mutex`, whose waits and holds
//!   are measured; `outgoing_queue`: the messages that wait for one client.
//! - `counters`, `durations`, `chat_cpu`: metrics; `control` has the types of the report.
//! - `worker`: [`run_worker`], [`serve`]: the server in its own process.
//! - `error`: [`ServerError`].

mod accept;
mod capacity;
mod chat_cpu;
mod check;
mod client;
mod client_thread;
mod context;
mod control;

mod counters;
mod depth;
mod design;
mod designs;
mod durations;
mod error;
mod event_loop;
mod frame_memory;
mod gate;
mod listener;
mod lock;
mod one_registry;
mod outgoing_queue;
mod pace;
mod reader;
mod registry;
mod server;
mod settings;
mod shared;
mod sigpipe;
mod thread_per_client;
mod threads;
mod timed_mutex;
mod worker;

pub use self::worker::{run_worker, serve};
pub use capacity::mappings_per_client;
pub use check::check_settings;
pub use control::{
    AcceptedConnection, ClientFailures, DepthReading, ServerCommand, ServerEvent, ServerMessage,
    ServerProtocol, ServerReport, ServerResponse, ServerStatus,
};
pub use design::Design;
pub use designs::{DESIGNS, DesignName, UnknownDesign};
pub use error::ServerError;
pub use outgoing_queue::PLACE_IN_QUEUE;
pub use server::{RunningServer, Server, ServerHandle};
pub use settings::{ClosesFirst, ServerSettings, WhenFull};
pub use sigpipe::Sigpipe;
