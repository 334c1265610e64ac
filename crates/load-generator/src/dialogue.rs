//! What a client and the server say to each other on a connection.
//!
//! - `settings`: [`Dialogue`], as in YAML and JSON; `byte_text`: bytes as text; `flags`: the
//!   same as flags; `check` validates them.
//! - `requests`: a dialogue of requests and answers, prepared for a load; `http` and
//!   `exchange` read an answer; `cause`: why an answer is not the expected one.

mod byte_text;
mod cause;
mod check;
mod exchange;
mod flags;
mod http;
mod read;
mod requests;
mod settings;

pub use byte_text::{ByteText, ByteTextError};
pub(crate) use cause::Cause;
pub(crate) use check::check_dialogue;
pub(crate) use read::Read;
pub(crate) use requests::{Progress, Requests};
pub use settings::{Dialogue, ExchangeSettings, Expected, HttpSettings};
