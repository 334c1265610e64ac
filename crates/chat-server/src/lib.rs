//! The thread-per-client chat server, instrumented.
//!
//! One accept loop thread for each listening socket, of which there is one by default;
//! one native thread for each client; one registry of clients under one mutex that the
//! accept loops lock too. What a client sends goes to every other client, never back to
//! it. How the registry is locked and the messages are written is a *design*, chosen by
//! name.
//!
//! - `settings`: [`ServerSettings`], the one definition for YAML, JSON, flags.
//! - `check`: [`check_settings`], validates them.
//! - `design`: [`Design`]; `designs`: [`DESIGNS`], the table of them, one file each below it.
//! - `sigpipe`: the disposition of SIGPIPE.
//! - `server`: [`Server`], [`RunningServer`], [`ServerHandle`]: the interface of the
//!   library; `shared` is the state that all its threads share.
//! - `listener`: the listening sockets, and the filter that holds ACKs back.
//! - `capacity`: how many clients the limits of the machine allow; `frame_memory`: the memory
//!   that large messages share.
//! - `lock`: locks a mutex after a panic of another thread.
//! - `accept`: an accept loop; `depth` reads the depth of its queue, and `gate` pauses it.
//! - `client_thread`: one client's life; `threads` bounds, starts and joins them.
//! - `client`: a client's socket, the only place that writes to one; `reader` reads from it.
//! - `registry`: the mutex whose waits and holds are measured.
//! - `counters`, `durations`: metrics; `control` has the types of the report.
//! - `worker`: [`run_worker`], [`serve`]: the server in its own process.
//! - `error`: [`ServerError`].

mod accept;
mod capacity;
mod check;
mod client;
mod client_thread;
mod control;
mod counters;
mod depth;
mod design;
mod designs;
mod durations;
mod error;
mod frame_memory;
mod gate;
mod listener;
mod lock;
mod reader;
mod registry;
mod server;
mod settings;
mod shared;
mod sigpipe;
mod threads;
mod worker;

pub use self::worker::{run_worker, serve};
pub use capacity::MAPPINGS_PER_CLIENT;
pub use check::check_settings;
pub use control::{
    AcceptedConnection, ClientFailures, DepthReading, ServerCommand, ServerEvent, ServerMessage,
    ServerProtocol, ServerReport, ServerResponse, ServerStatus,
};
pub use design::Design;
pub use designs::{DESIGNS, DesignName, UnknownDesign};
pub use error::ServerError;
pub use server::{RunningServer, Server, ServerHandle};
pub use settings::{ClosesFirst, ServerSettings};
pub use sigpipe::Sigpipe;
