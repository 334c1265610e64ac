//! The runs of a directory in a browser, read and never written.
//!
//! | module | holds |
//! |---|---|
//! | [`Server`] (`server`), `router`, `site` | the server, its paths, and what the pages are made from |
//! | `guard` | which requests are answered: methods, and names of this server |
//! | `page` | the frame of every page, and its security policy |
//! | `runs` | the runs' directories, and the files in them |
//! | `summaries` | what the list shows of each run, read once |
//! | `list`, `run`, `comparison`, `live` | the pages |
//! | `suites` | the suites in the list |
//! | `watch` | runs in progress, each read once for all browsers that watch it |
//! | `events` | the server-sent events of a run in progress |
//! | `files` | the files of a run directory, unchanged |

mod comparison;
mod events;
mod files;
mod guard;
mod list;
mod live;
mod page;
mod router;
mod run;
mod runs;
mod server;
mod site;
mod suites;
mod summaries;
mod watch;

pub use server::{ServeError, Server};
