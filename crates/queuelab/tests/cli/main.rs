//! Tests of the command line, end to end: they run the binary.
//!
//! | module | its tests need |
//! |---|---|
//! | `pure` | nothing but this machine's loopback |
//! | `kernel` | network namespaces, as root or in a user namespace |
//! | `docker` | a Docker engine, and root; they are ignored unless asked for |
//! | `support` | (no tests: what the others share) |

mod docker;
mod kernel;
mod pure;
mod support;
