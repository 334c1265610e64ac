//! Tests of the viewer: a server in this process, and the pages that it makes.
//!
//! | module | its tests need |
//! |---|---|
//! | `pure` | nothing but this machine's loopback |
//! | `browser` | Chromium; CI fails without it, elsewhere they print that they did not run |
//! | `support` | (no tests: what the others share) |

mod browser;
mod pure;
mod support;
