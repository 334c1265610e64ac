//! How fast a server accepts while connections wait.
//!
//! - `pace`: the pace in force, of an estimate, a flag or a run
//! - `measured`: the paces of the servers of a run
//! - `server`: a server of a run, and what distinguishes it from others
//! - `counted`: the time per accept that the kernel showed

mod counted;
mod measured;
mod pace;
mod server;

pub(crate) use counted::CountedPace;
pub(crate) use measured::{MeasuredPaces, TimePerAccept};
pub(crate) use pace::AcceptPace;
