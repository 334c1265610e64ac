//! The server as a library, on loopback.

mod broadcast;
mod common;
