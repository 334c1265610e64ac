//! Shared by the tests of `queuelab serve`.

use std::net::SocketAddr;
use std::path::Path;

use crate::support::{Background, queuelab};

/// Starts `queuelab serve` for the runs below `runs`, on a free port.
pub(crate) fn start_viewer(runs: &Path) -> (Background, SocketAddr) {
    std::fs::create_dir_all(runs).unwrap();
    let runs = runs.to_str().unwrap();
    let arguments = ["serve", "--address", "127.0.0.1:0", "--runs", runs];
    let mut server = Background::start(queuelab(&arguments));
    let line = server.lines.next().unwrap().unwrap();
    let address = line.rsplit_once("http://").unwrap().1.trim_end_matches('/').parse();
    (server, address.unwrap_or_else(|_| panic!("{line}")))
}
