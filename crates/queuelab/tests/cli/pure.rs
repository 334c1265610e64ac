//! Tests that need no network namespace.

mod chat;
mod compare;
mod explain;
mod original_protocol;
mod predict;
mod report;
mod schemas;
mod serve;
mod server;
mod size;
mod suite_script;
