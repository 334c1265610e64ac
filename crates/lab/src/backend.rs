//! What a backend must provide.
//!
//! | module | contents |
//! |---|---|
//! | `kind` | a backend before anything is connected: name, set-up, checks, connect |
//! | `testbed` | a connected backend, and the testbeds that it creates |
//! | `server_container` | the container of an image that is the server |
//! | `spec` | what a testbed must have |
//! | `no_server` | why a backend does not run a server |
//! | `needs` | what the trials of a run need of the machine |
//! | `error` | errors of every backend: intent, cause, hint, kind |
//! | `finding` | the result of a check of the machine |
//! | `leftovers` | resources of killed runs |
//! | `accept_queue` | the accept queue of a port |

mod accept_queue;
mod error;
mod finding;
mod kind;
mod leftovers;
mod needs;
mod no_server;
mod server_container;
mod spec;
mod testbed;

pub(crate) use accept_queue::accept_queue_of;
pub(crate) use error::Result;
pub use error::{BackendError, BackendErrorKind, RefusedSysctl};
pub use finding::{Finding, FindingState};
pub use kind::BackendKind;
pub use leftovers::Leftovers;
pub use needs::Needs;
pub use no_server::NoServer;
pub(crate) use server_container::ServerContainer;
pub(crate) use spec::dotted;
pub use spec::{Addresses, Filters, Purpose, Role, TestbedSpec};
pub use testbed::{Backend, Testbed};
pub(crate) use testbed::{TestbedUsage, check_server};
