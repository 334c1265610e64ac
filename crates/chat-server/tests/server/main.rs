//! The server as a library and as a worker process, on loopback.

mod accepting;
mod broadcast;
mod closing;
mod common;
mod limits;
mod listeners;
mod queues;
mod server_process;
mod sigpipe;
mod stopping;
mod tcp_table;
mod timeouts;
mod worker;
