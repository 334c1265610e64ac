//! Tests that need no network namespace.

mod against;
mod chat;
mod compare;
mod explain;
mod original_protocol;
mod predict;
mod report;
mod retries;
mod runs;
mod schemas;
mod serve;
mod server;
mod size;
mod suite;
mod suite_script;
