//! The server as a library and as a worker process, on loopback.

mod accepting;
mod broadcast;
mod closing;
mod common;
mod listeners;
mod stopping;
mod worker;
