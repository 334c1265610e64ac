//! The server as a library, on loopback.

mod accepting;
mod broadcast;
mod closing;
mod common;
mod listeners;
mod stopping;
