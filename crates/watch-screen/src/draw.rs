//! From the state to a frame.

mod cell;
mod connections;
mod depth_chart;
mod details;
mod footer;
mod frame;
mod help;
mod listeners;
mod method;
mod namespaces;
mod orders;
mod panel;
mod paragraph;
mod processes;
mod sparkline;
mod status;
mod theme;
mod troubles;

pub use frame::{draw, settle};
