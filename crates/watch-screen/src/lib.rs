//! The terminal screen of `queuelab watch`.
//!
//! | module | holds |
//! |---|---|
//! | [`run`] | the event loop: keys, signals, new data, frames |
//! | [`source`](Source) | where the data comes from |
//! | [`state`](State) | what is shown: rows, order, filter, selection, page; no I/O |
//! | [`input`](handle) | what keys and the mouse do to the state |
//! | [`draw`] | from the state to a frame; no I/O |
//! | `terminal`, `keyboard`, `signals` | the terminal, and how it is left |
//!
//! A frame depends on the state and its size only, so tests draw into a buffer. All text of
//! processes is made safe in `text`, and nothing is shown by colour only.

mod areas;
mod column;
mod describe;
mod draw;
mod end;
mod error;
mod input;
mod keyboard;
mod number;
mod order;
mod page;
mod run;
mod settings;
mod signals;
mod source;
mod state;
mod terminal;
mod text;
mod widths;

pub use draw::{draw, settle};
pub use end::ScreenEnd;
pub use error::ScreenError;
pub use input::{Command, handle};
pub use run::{check_terminal, run};
pub use settings::ScreenSettings;
pub use source::Source;
pub use state::State;
