//! A run in progress.
//!
//! | module | holds |
//! |---|---|
//! | `followed_run` | a run whose files are read as they grow |
//! | `parts` | the parts of its page, as HTML |
//! | `progress` | trials done, time left, violations |
//! | `grid` | the cells of the matrix, filling in |
//! | `trial` | a trial that runs now |
//! | `queue` | its accept queue, now and over the last minute |
//! | `end` | the note that the run ended or was stopped |

mod end;
mod followed_run;
mod grid;
mod parts;
mod progress;
mod queue;
mod trial;

pub(crate) use followed_run::FollowedRun;
pub(crate) use parts::LiveParts;
