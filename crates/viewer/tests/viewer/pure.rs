//! | module | tests |
//! |---|---|
//! | `list` | the list of runs and suites, run pages and files |
//! | `compare` | two runs side by side |
//! | `watching` | a run in progress, driven by the test |
//! | `limits` | clients that are too many, too slow or never finish |
//! | `requests` | requests that could be understood in several ways |
//! | `watches` | recorded watches in the list, and their pages |
//! | `safety` | requests that are refused, and files that are not served |

mod compare;
mod limits;
mod list;
mod requests;
mod safety;
mod watches;
mod watching;
