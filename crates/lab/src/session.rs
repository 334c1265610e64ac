//! A session: from a request to events and finished run directories.
//!
//! | module | contents |
//! |---|---|
//! | `request` | what to run |
//! | `event` | what a session reports while it runs |
//! | `error` | errors of a session |
//! | `prepare` | from a request to a session: sources, backend, preparations before any
//! thread |
//! | `planning` | sources and changes to plans |
//! | `begin`, `resume` | a new active run, and a resumed one |
//! | `execution` | executes active runs to their end |
//! | `finished` | the result of a session |
//! | `single`, `pair`, `suite` | one run; two builds interleaved; several scenarios |

mod begin;
mod error;
mod event;
mod execution;
mod finished;
mod pair;
mod planning;
mod prepare;
mod request;
mod resume;
mod servers;
mod single;
mod suite;

pub use error::SessionError;
pub use event::{Notice, Observer, SessionEvent, StoppedRun};
pub use finished::{Finished, FinishedSuite};
pub use prepare::Session;
pub use request::{Against, RunRequest, Target};
