//! The kernel's laws of the listen path, as pure functions of the settings.
//!
//! | module | law |
//! |---|---|
//! | [`accept_queue`] | how many connections a listener holds |
//! | [`syn_queue`] | how many half-open ones, and which counter tells of a SYN dropped |
//! | [`cookies`] | whether the last ACK of a close may be taken for a SYN cookie |
//! | [`syn_retry`] | when a client's SYN is sent again, and when connect(2) gives up |
//! | [`syn_ack_retry`] | when a server's SYN-ACK is sent again; TCP_DEFER_ACCEPT |
//! | [`held_acks`] | what becomes of connections whose final ACK finds no room |
//! | [`timer`] | how late any of these may be |
//! | [`time_wait`] | whose TIME_WAIT it is, how long, how many, and its reuse |
//! | [`ports`] | how many connections a client's ports are enough for |
//! | [`bind`] | whether bind(2) says "Address already in use" |
//! | [`reuseport`] | how many connections several listeners of a port hold |
//! | [`law`] | what identifies and describes a law |
//! | [`simulator`] | what becomes of each connection of a load, and when |
//!
//! No I/O: what a law predicts can be computed, and shown, before anything is
//! started.

pub mod accept_queue;
pub mod bind;
pub mod cookies;
pub mod held_acks;
pub mod law;
pub mod ports;
pub mod reuseport;
pub mod simulator;
pub mod syn_ack_retry;
pub mod syn_queue;
pub mod syn_retry;
pub mod time_wait;
pub mod timer;
