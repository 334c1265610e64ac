//! End-to-end tests of the command line.
//!
//! | module | its tests need |
//! |---|---|
//! | `pure` | the loopback interface; some also Python 3 or a shell |
//! | `kernel` | network namespaces, as root or in a user namespace |
//! | `docker` | a Docker engine and root; they run only with `--ignored` |
//! | `support` | (no tests: shared by the others) |

mod docker;
mod kernel;
mod pure;
mod support;
