//! The kernel's laws of the listen path, as pure functions of the settings.
//!
//! | module | law |
//! |---|---|
//! | [`accept_queue`] | how many connections a listener holds |
//! | [`syn_queue`] | how many half-open connections a listener holds, and which counter counts a dropped SYN |
//! | [`cookies`] | whether the last ACK of a close passes as a SYN cookie |
//! | [`syn_retry`] | when a client retransmits its SYN, and when connect(2) times out |
//! | [`syn_ack_retry`] | when a server retransmits its SYN-ACK; TCP_DEFER_ACCEPT |
//! | [`held_acks`] | what happens to connections whose final ACK finds the accept queue full |
//! | [`timer`] | how late these timers may fire |
//! | [`time_wait`] | which side has TIME_WAIT, its duration, its limit and its reuse |
//! | [`ports`] | how many connections a client's local ports allow |
//! | [`bind`] | whether bind(2) fails with "Address already in use" |
//! | [`reuseport`] | how many connections several listeners on one port hold |
//! | [`kernel_rules`] | the rules that differ between kernels |
//! | [`law`] | what identifies and describes a law |
//! | [`simulator`] | the outcome of each connection of a load, and its times |
//! | [`observed_depth`] | the depth of an accept queue over time, from what was observed of it |
//! | [`sizing`] | the smallest backlog for a burst, by simulation |
//!
//! No I/O: predictions can be computed and shown before anything is started.

pub mod accept_queue;
pub mod bind;
pub mod cookies;
pub mod held_acks;
pub mod kernel_rules;
pub mod law;
pub mod observed_depth;
pub mod ports;
pub mod reuseport;
pub mod simulator;
pub mod sizing;
pub mod syn_ack_retry;
pub mod syn_queue;
pub mod syn_retry;
pub mod time_wait;
pub mod timer;
