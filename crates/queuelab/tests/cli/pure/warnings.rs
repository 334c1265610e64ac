//! What `check` and `predict` warn about before anything runs.

use std::fs;

use serde_json::Value;

use crate::support::{all_output, in_one_line, queuelab, text};

/// A scenario of 10,000 clients with these sections, after `name` and `question`.
fn scenario(sections: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.yaml");
    fs::write(&path, format!("name: large\nquestion: Does it fit?\n{sections}")).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn json(arguments: &[&str]) -> Value {
    let output = queuelab(arguments).arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The line and the message of each warning, which both commands have.
fn warnings(sections: &str) -> Vec<(u64, String)> {
    let (_folder, path) = scenario(sections);
    let checked = json(&["check", &path]);
    assert_eq!((&checked["valid"], checked["files"].as_array().unwrap().len()), (&true.into(), 1));
    let warnings = &checked["files"][0]["warnings"];
    assert_eq!(*warnings, json(&["predict", &path])["warnings"]);
    let placed = |warning: &Value| {
        let message = format!("{}; {}", warning["message"], warning["help"]).replace('"', "");
        (warning["line"].as_u64().unwrap(), message)
    };
    warnings.as_array().unwrap().iter().map(placed).collect()
}

const CHAT: &str = "load: { clients: 10000, chat: after_connect, senders: 100, messages: 5 }\n";

#[test]
fn a_burst_and_its_deliveries_are_warned_of_where_they_are_written() {
    let server = "server:\n  backlog: 128\n";
    let found = warnings(&format!("{server}{CHAT}"));
    let [(4, overflow), (5, deliveries)] = found.as_slice() else { panic!("{found:?}") };
    for figure in [
        "10000 clients connect at once",
        "holds 129 (server.backlog 128, and one more)",
        "about 2100 connect at the first try",
        "about 7900 are dropped, and they are all sent again after 1 s",
        "set server.backlog and net.core.somaxconn of the server to 9999",
    ] {
        assert!(overflow.contains(figure), "{figure} in {overflow}");
    }
    for figure in [
        "each of 100 clients to each of the 9999 others are 4999500 deliveries",
        "at least 249975 a second to end within 20s",
        "on two CPUs, 55000 to 463000 a second were measured of global-lock with 9000 clients",
        "and 180000 or fewer in half of the measurements",
        "a load.finish_deadline of 1m 31s",
    ] {
        assert!(deliveries.contains(figure), "{figure} in {deliveries}");
    }
}

#[test]
fn people_see_the_lines_and_the_file_is_valid() {
    let (_folder, path) = scenario(&format!("server:\n  backlog: 128\n{CHAT}"));
    for command in ["check", "predict"] {
        let output = queuelab(&[command, &path]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let shown = in_one_line(&text(&output.stderr));
        assert!(shown.contains("2 warnings about scenario"), "{shown}");
        assert!(shown.contains("large.yaml:4:12") && shown.contains("backlog: 128"), "{shown}");
    }
}

#[test]
fn the_smaller_of_backlog_and_somaxconn_is_named_and_any_size_is_warned_of() {
    let somaxconn = "hosts:\n  server:\n    sysctls:\n      net.core.somaxconn: 50\n";
    let load = "load: { clients: 300, messages: 0 }\nserver: { backlog: 4096 }\n";
    let found = warnings(&format!("{somaxconn}{load}"));
    let [(6, message)] = found.as_slice() else { panic!("{found:?}") };
    assert!(message.contains("holds 51 (net.core.somaxconn 50, and one more)"), "{message}");
    assert!(message.contains("set server.backlog and net.core.somaxconn"), "{message}");
    // Without time for a retransmission.
    let load = "load: { clients: 300, messages: 0, connect_deadline: 900ms }\n";
    let found = warnings(&format!("server: {{ backlog: 50 }}\n{load}"));
    assert!(
        matches!(found.as_slice(), [(3, text)] if text.contains("these time out")),
        "{found:?}"
    );
}

#[test]
fn of_several_cells_the_worst_is_shown() {
    let found = warnings(
        "server: { backlog: 100 }\nload: { messages: 0 }\nmatrix:\n  load.clients: [50, 5000, 500]\n",
    );
    let [(3, message)] = found.as_slice() else { panic!("{found:?}") };
    assert!(message.contains("5000 clients") && message.contains("in 2 of 3 cells"), "{message}");
}

#[test]
fn what_fits_or_is_the_question_is_not_warned_of() {
    let clients = "load: { clients: 10000, messages: 0 }\n";
    let room = "hosts: { server: { sysctls: { net.core.somaxconn: 9999 } } }\n";
    for fits in [
        format!("server: {{ backlog: 9999 }}\n{room}{clients}"),
        format!(
            "server: {{ backlog: 9999 }}\n{room}{}",
            CHAT.replace("load: {", "load: { finish_deadline: 60s,")
        ),
        format!(
            "server: {{ backlog: 10 }}\n{}",
            clients.replace("load: {", "load: { pattern: rate, connect_rate: 20000,")
        ),
        format!("server: {{ accept_paused: true }}\n{clients}"),
        format!("{clients}matrix: {{ server.backlog: [1, 10] }}\n"),
        format!("{clients}matrix: {{ hosts.server.sysctls.net.core.somaxconn: [1, 10] }}\n"),
        format!(
            "server: {{ command: {{ program: [nginx], port: 8080, backlog: 511 }} }}\n{clients}"
        ),
    ] {
        assert_eq!(warnings(&fits), [], "{fits}");
    }
}

#[test]
fn no_scenario_of_the_catalogue_has_a_warning() {
    let checked = json(&["check"]);
    let files = checked["files"].as_array().unwrap();
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        assert_eq!(file["warnings"], Value::Array(Vec::new()), "{file}");
    }
}
