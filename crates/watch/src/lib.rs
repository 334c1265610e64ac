//! Watches every listener of a machine, and only reads.
//!
//! | module | holds |
//! |---|---|
//! | [`watch`](Watch) | a watch in progress |
//! | [`settings`](WatchSettings) | what is watched, and how often |
//! | `filter` | which listeners are shown |
//! | `looker`, `look` | the thread that looks at the listeners; looks of a namespace |
//! | `walker`, `tasks` | the thread that does the rest; when each of its tasks is due |
//! | `commands` | commands to the two threads |
//! | `walks`, `walk` | walks of all sockets of a namespace; one of them |
//! | `namespaces`, `discover` | the namespaces that are watched; those that there are |
//! | `handles`, `rights` | what is opened in a namespace; the rights of this process |
//! | `activity`, `containers` | what processes do; their containers |
//! | `state`, `view` | everything that is known; what is shown of it |
//! | `namespace_state`, `listener_state`, `address_state` | what was seen of each |
//! | `seconds`, `history_ring` | the last minute of a listener |
//! | `closed` | the listeners that closed in the last minute |
//! | `budget`, `clock` | the CPU time that a task may use, and has used |
//! | [`error`](WatchError) | why a watch cannot begin |

mod activity;
mod address_state;
mod budget;
mod clock;
mod closed;
mod commands;
mod containers;
mod discover;
mod error;
mod filter;
mod handles;
mod history_ring;
mod listener_state;
mod look;
mod looker;
mod namespace_state;
mod namespaces;
mod rights;
mod seconds;
mod settings;
mod state;
mod tasks;
mod view;
mod walk;
mod walker;
mod walks;
mod watch;

pub use error::WatchError;
pub use rights::find_user;
pub use settings::{Filter, WatchSettings};
pub use watch::Watch;
