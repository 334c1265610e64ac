//! Serves what this machine shows over HTTP: to few clients, none of which is trusted.
//!
//! | module | holds |
//! |---|---|
//! | [`server`](Server) | the server, and the address that it listens on |
//! | [`limits`](Limits) | what clients may take |
//! | `connections` | the connections of clients |
//! | `guard` | which requests are answered |
//! | `headers` | headers of every response |

mod connections;
mod guard;
mod headers;
mod limits;
mod server;

pub use limits::Limits;
pub use server::{BindError, Server};
