//! Common servers: the backlogs that they pass to listen(2), and how to change them.
//!
//! | module | contains |
//! |---|---|
//! | `server` | [`KnownServer`]: an entry of `known_servers.yaml` |
//! | `recognise` | [`KnownServers`]: the entry of a command line or an image |

mod recognise;
mod server;

pub use recognise::{KnownServers, image_name};
pub use server::KnownServer;
