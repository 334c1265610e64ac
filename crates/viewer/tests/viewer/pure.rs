//! | module | tests |
//! |---|---|
//! | `list` | the list of runs and suites, run pages and files |
//! | `compare` | two runs side by side |
//! | `watching` | a run in progress, driven by the test |
//! | `safety` | requests that are refused, and files that are not served |

mod compare;
mod list;
mod safety;
mod watching;
