//! `queuelab serve`: the runs in a browser.
//!
//! | module | holds |
//! |---|---|
//! | `list`, `compare` | the pages of runs that have ended |
//! | `watching` | a run in progress, steered by the test |
//! | `real_run` | a real one |
//! | `safety` | what is answered to nobody |
//! | `starting` | how the server begins and ends |
//! | `browser` | the pages in a real browser |
//! | `event_stream`, `devtools`, `held_run` | what these share |

mod browser;
mod compare;
mod devtools;
mod event_stream;
mod held_run;
mod list;
mod real_run;
mod safety;
mod starting;
#[path = "../support/mod.rs"]
mod support;
mod watching;

use std::net::SocketAddr;
use std::path::Path;

use support::{Background, queuelab};

/// A page of runs below `runs`, on a free port.
fn serve(runs: &Path) -> (Background, SocketAddr) {
    let runs = runs.to_str().unwrap();
    let arguments = ["serve", "--address", "127.0.0.1:0", "--runs", runs];
    let mut server = Background::start(queuelab(&arguments));
    let line = server.lines.next().unwrap().unwrap();
    let address = line.rsplit_once("http://").unwrap().1.trim_end_matches('/').parse();
    (server, address.unwrap_or_else(|_| panic!("{line}")))
}

/// Makes what `queuelab report` makes of a run.
fn report(run: &Path) {
    let output = queuelab(&["report", run.to_str().unwrap()]).output().unwrap();
    assert!(run.join("report.html").is_file(), "{}", support::said(&output));
}
