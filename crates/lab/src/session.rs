//! A session: a request comes in, events go out, and finished run directories are
//! left.
//!
//! | module | holds |
//! |---|---|
//! | `request` | what is to be run |
//! | `event` | what a session reports while it runs |
//! | `error` | why a session could not start, or not go on |
//! | `prepare` | from a request to a session: sources, backend, what must come before threads |
//! | `planning` | sources and changes to plans |
//! | `begin`, `resume` | the two ways to a run in progress |
//! | `execution` | runs in progress to their end |
//! | `finished` | what a session left |
//! | `single`, `pair`, `suite` | one run; two builds in turn; several scenarios |

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
mod single;
mod suite;

pub use error::SessionError;
pub use event::{Notice, Observer, SessionEvent, StoppedRun};
pub use finished::{Finished, FinishedSuite};
pub use prepare::Session;
pub use request::{Against, RunRequest, Target};
