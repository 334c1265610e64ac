//! The laws alone, nothing started.

mod support;

use support::{queuelab, said, text};

/// The cells of a table's row.
fn cells(line: &str) -> Vec<&str> {
    line.split('│').map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn a_law_is_told_for_each_cell_that_it_decides() {
    let set = ["--set", "matrix.server.backlog=[3,70]"];
    let output = queuelab(&["predict", "accept-queue-capacity"]).args(set).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let table = text(&output.stdout);
    let capacities: Vec<_> =
        table.lines().map(cells).filter(|cells| cells.iter().any(|c| c.contains("+ 1"))).collect();
    let law = "accept queue holds min(backlog, somaxconn) + 1";
    assert_eq!(
        capacities,
        [
            ["4096", "3", law, "4"],
            ["4096", "70", law, "71"],
            ["64", "3", law, "4"],
            ["64", "70", law, "65"],
        ]
    );
}

#[test]
fn the_kernels_own_limit_is_taken_where_none_is_stated() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = directory.path().join("plain.yaml");
    std::fs::write(
        &scenario,
        "name: plain\nquestion: What holds by itself?\nserver:\n  backlog: 100000\n",
    )
    .unwrap();
    let output = queuelab(&["predict", scenario.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(text(&output.stdout).contains("4096"), "{}", said(&output));
}
