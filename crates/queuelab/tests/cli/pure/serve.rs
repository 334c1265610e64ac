//! `queuelab serve`: the runs in a browser.
//!
//! | module | holds |
//! |---|---|
//! | `list`, `compare` | pages of finished runs |
//! | `watching` | a run in progress, driven by the test |
//! | `safety` | requests that are refused |
//! | `starting` | how the server starts and stops |
//! | `browser` | the pages in a real browser |

mod browser;
mod compare;
mod list;
mod safety;
mod starting;
mod watching;
