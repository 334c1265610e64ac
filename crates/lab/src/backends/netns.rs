//! The backend of plain network namespaces: no Docker, and no root if the machine
//! allows user namespaces.
//!
//! | module | contents |
//! |---|---|
//! | `kind` | its entry in the registry: set-up, checks, connect |
//! | `factory` | the backend: creates testbeds |
//! | `namespaces` | a testbed: two joined namespaces |
//! | `error` | errors of namespaces, links and counters as backend errors |
//!
//! A testbed's namespaces have no name. They exist as long as a file descriptor of the
//! lab or a process in them, so nothing remains, however the lab ends.

mod error;
mod factory;
mod kind;
mod name;
mod namespaces;

use crate::backend::BackendKind;

/// Its entry in the registry.
pub(super) const KIND: &dyn BackendKind = &kind::NetnsKind;
