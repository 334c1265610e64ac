//! The runs of a directory in a browser: read, never written.
//!
//! | module | holds |
//! |---|---|
//! | [`Server`] (`server`), `router`, `site` | the server, its paths, and what the pages are made from |
//! | `page`, `url` | the frame and security policy of every page; names in URLs |
//! | `run_index`, `run_folder` | the runs and suites below the directory, and the files of one |
//! | `summary`, `run_cache` | what the list shows of a run; what is made from a run, once |
//! | `list`, `suites`, `watches`, `run_page`, `comparison`, `live` | the pages and their parts |
//! | `workers` | the threads that make pages, a limited number at a time |
//! | `verdict`, `baseline`, `thumbnail` | parts of several pages |
//! | `watchers` | runs in progress, each read once for all browsers that watch it |
//! | `events` | the server-sent events of a run in progress |
//! | `files` | the files of a run directory, unchanged |

mod baseline;
mod comparison;
mod events;
mod files;
mod list;
mod live;
mod page;
mod router;
mod run_cache;
mod run_folder;
mod run_index;
mod run_page;
mod server;
mod site;
mod suites;
mod summary;
mod thumbnail;
mod url;
mod verdict;
mod watchers;
mod watches;
mod workers;

pub use http_server::{BindError, Limits};
pub use server::Server;
