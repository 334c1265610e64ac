//! The laws of the kernel that decide a cell.
//!
//! A law is a value of `queue_model`, next to its formula: id, title, unit,
//! tolerance and kernel function. Here a rule says which cells it concerns,
//! under which conditions it decides them, and how its figure is measured. A law
//! is computed from the settings before the trial starts and compared with the
//! measurement afterwards; a law that concerns the cell but cannot decide it is
//! recorded as not applied, with the reason.
//!
//! | module | holds |
//! |---|---|
//! | `rules` | the list of all rules |
//! | `rule` | a rule and its predictions |
//! | `condition` | why a rule does not apply |
//! | `inputs` | what laws are computed from |
//! | `measurements` | what they are compared with |
//! | `cell_laws` | the rules applied to a cell |
//! | `accepting` | what listeners hold, and when a deferred connection is accepted |
//! | `half_open` | the SYN queue and cookies |
//! | `unanswered` | SYNs that get no answer |
//! | `held_acks` | connections whose final ACK finds no room |
//! | `local_ports` | the client's ports |
//! | `closing` | TIME_WAIT, FIN_WAIT_2, and bind(2) beside them |
//!
//! A new law is a formula with its [`Law`](queue_model::law::Law) in
//! `queue_model`, a rule here, and a line in `rules`.

mod accepting;
mod cell_laws;
mod closing;
mod condition;
mod half_open;
mod held_acks;
mod inputs;
mod local_ports;
mod measurements;
mod rule;
mod rules;
mod unanswered;

pub(crate) use cell_laws::CellLaws;
pub use cell_laws::{CellPredictions, predictions};
pub(crate) use inputs::Inputs;
pub(crate) use measurements::Measurements;
pub(crate) use rules::ids;

#[cfg(test)]
mod tests;
