//! The kernel laws that apply to a cell.
//!
//! A law is a value of `queue_model`, next to its formula: id, title, unit,
//! tolerance and kernel function. Here, a rule defines which cells a law concerns,
//! under which conditions it applies, and how its value is measured. A law is
//! computed from the settings before the trial starts and compared with the
//! measurement afterwards. A law that concerns the cell, but whose conditions do
//! not hold, is recorded as not applied, with the reason.
//!
//! | module | contains |
//! |---|---|
//! | `rules` | the list of all rules |
//! | `rule` | a rule and its predictions |
//! | `reads` | the settings that a rule reads |
//! | `unmodelled` | sysctls whose effects are not known |
//! | `clients` | how many clients get a local port, and when they connect |
//! | `finishing` | whether every client finishes, and when connections end |
//! | `patience` | whether the server gives up a client |
//! | `condition` | why a rule does not apply |
//! | `inputs` | the inputs of laws |
//! | `measurements` | the measurements that laws are compared with |
//! | `cell_laws` | the rules applied to a cell |
//! | `accepting` | accept queue capacity, and when a deferred connection is accepted |
//! | `half_open` | the SYN queue and cookies |
//! | `unanswered` | SYNs that get no answer |
//! | `held_acks` | connections whose final ACK finds the accept queue full |
//! | `local_ports` | the client's local ports |
//! | `closing` | TIME_WAIT, FIN_WAIT_2, and bind(2) during TIME_WAIT |
//!
//! A new law is a formula with its [`Law`](queue_model::law::Law) in
//! `queue_model`, a rule here, and a line in `rules`.

mod accepting;
mod cell_laws;
mod clients;
mod closing;
mod condition;
mod finishing;
mod half_open;
mod held_acks;
mod inputs;
mod local_ports;
mod measurements;
mod patience;
mod reads;
mod rule;
mod rules;
mod unanswered;
mod unmodelled;

pub(crate) use cell_laws::{CellLaws, CheckedLaws};
pub use cell_laws::{CellPredictions, predictions};
pub(crate) use inputs::Inputs;
pub(crate) use measurements::Measurements;
pub(crate) use patience::check_patience;
pub(crate) use rules::ids;
pub use rules::{LawSettings, law_settings};

#[cfg(test)]
mod tests;
