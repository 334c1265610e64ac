//! `queuelab try`: a server without a scenario.

use std::fs;
use std::process::Output;

use tempfile::TempDir;

use serde_json::Value;

use super::SERVER;
use crate::pure::schemas::{assert_valid, committed};
use crate::support::{all_output, in_one_line, queuelab, runs, text};

/// A folder with a server, which `try` starts by a path that is relative to it.
struct Tried {
    folder: TempDir,
}

impl Tried {
    fn new(program: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("server.py"), program).unwrap();
        Self { folder }
    }

    fn run(&self, flags: &[&str]) -> Output {
        let program = ["--", "python3", "server.py"];
        let mut command = queuelab(&[&["try"], flags, &program].concat());
        command.current_dir(self.folder.path()).env("COLUMNS", "60").output().unwrap()
    }

    /// Tries a server that cannot be: what is printed as the error.
    fn error(&self, code: i32) -> String {
        let output = self.run(&[]);
        assert_eq!(output.status.code(), Some(code), "{}", all_output(&output));
        in_one_line(&text(&output.stderr))
    }
}

#[test]
fn the_limit_the_burst_and_a_scenario_for_next_time() {
    let tried = Tried::new(SERVER);
    let flags = ["--clients", "40", "--repeat", "1", "--somaxconn", "3"];
    let output = tried.run(&flags);
    let all = all_output(&output);
    let printed = text(&output.stdout);
    // 6: other processes may disturb the trials.
    assert!(matches!(output.status.code(), Some(0 | 6)), "{all}");
    let answer = in_one_line(&printed);
    let expected = "python3 can have 4 connections waiting to be accepted: its limit is 3, \
                    net.core.somaxconn (3); the backlog that it passes to listen(2) is 5.";
    assert!(answer.starts_with(expected), "{all}");
    assert!(answer.contains("Of a burst of 40 clients, "), "{all}");
    let tables = printed.lines().filter(|line| line.starts_with(['│', '╭']));
    assert!(tables.clone().count() > 8, "{all}");
    assert!(tables.clone().all(|line| line.chars().count() <= 60), "{all}");
    let row = |name: &str, value: &str| {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(tables.clone().any(|line| words(line) == format!("│ {name} │ {value} │")), "{all}");
    };
    row("port", "8080");
    row("limit, somaxconn 3", "3");
    row("limit, somaxconn 1,000,000", "5");
    row("queue while stopped", "4");

    let folder = tried.folder.path().join("reports/runs");
    assert_eq!(runs(&folder).len(), 1, "{all}");
    let file = folder.join("try-python3.yaml");
    let shown = printed.lines().find(|line| line.starts_with("Next time: queuelab run "));
    assert!(shown.is_some_and(|line| line.contains("reports/runs/try-python3.yaml")), "{all}");
    let again = ["run", "reports/runs/try-python3.yaml", "--quick", "--allow-commands"];
    let again = queuelab(&again).current_dir(tried.folder.path()).output().unwrap();
    assert!(matches!(again.status.code(), Some(0 | 6)), "{}", all_output(&again));
    assert_eq!(runs(&folder).len(), 2, "{}", all_output(&again));

    // The file of a try is replaced by the next one, and another one is not.
    fs::write(&file, "name: mine").unwrap();
    let error = tried.error(2);
    assert!(error.contains("exists, and is not replaced"), "{error}");
}

#[test]
fn a_server_that_cannot_be_tried_is_an_error_with_what_to_change() {
    let local = SERVER.replace("('', 8080)", "('127.0.0.1', 8080)");
    let error = Tried::new(&local).error(5);
    assert!(error.contains("it listens on 127.0.0.1:8080; clients"), "{error}");
    assert!(error.contains("let it listen on 0.0.0.0; the end of its output: ready"), "{error}");

    let error = Tried::new("import sys\nsys.exit('no licence')").error(5);
    assert!(error.contains("it ended (exit status 1) before it listened on any port"), "{error}");
    assert!(error.contains("no licence"), "{error}");

    let two = SERVER.replace("print(", "t = socket.create_server(('', 8081))\nprint(");
    let error = Tried::new(&two).error(2);
    assert!(error.contains("listens on the ports 8080, 8081: choose one with --port"), "{error}");

    let output = queuelab(&["try", "--", "no-such-server"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("it is not installed"), "{}", all_output(&output));
}

#[test]
fn a_command_line_with_braces_is_started_unchanged_by_the_try_and_by_its_scenario() {
    let braces = ["{port}", "{server.command.backlog} {", "{'{'}directory}", "}"];
    let check = format!("import sys\nassert sys.argv[1:] == {braces:?}, sys.argv\n{SERVER}");
    let tried = Tried::new(&check);
    let flags = ["try", "--json", "--clients", "40", "--repeat", "1", "--", "python3", "server.py"];
    let mut command = queuelab(&[&flags[..], &braces].concat());
    let output = command.current_dir(tried.folder.path()).output().unwrap();
    let all = all_output(&output);
    assert!(matches!(output.status.code(), Some(0 | 6)), "{all}");

    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(&committed("try"), &document, "the document");
    assert_eq!(document["command"].as_array().unwrap()[2..], braces, "{document}");
    assert_eq!((&document["server"], &document["port"]), (&"python3".into(), &8080.into()));
    assert_eq!((&document["limit"], &document["queue_while_stopped"]), (&5.into(), &6.into()));
    assert_eq!(document["connected"]["most"].as_u64().map(|most| most <= 40), Some(true), "{all}");
    assert_eq!(document["run"]["counts"]["failed_checks"], 0, "{all}");
    let file = document["scenario_file"].as_str().unwrap();
    assert_eq!(file, "reports/runs/try-python3.yaml");
    let again = queuelab(&["run", file, "--quick", "--allow-commands"]);
    let again = { again }.current_dir(tried.folder.path()).output().unwrap();
    assert!(matches!(again.status.code(), Some(0 | 6)), "{}", all_output(&again));
}

#[test]
fn the_arguments_of_the_server_stay_as_they_are() {
    let print = "import sys\nsys.exit(' '.join(sys.argv[1:]))";
    let tried = Tried::new(print);
    let mut command =
        queuelab(&["try", "--", "python3", "server.py", "--my_flag", "-c", "a b", "--", "{port}"]);
    let output = command.current_dir(tried.folder.path()).output().unwrap();
    let error = in_one_line(&text(&output.stderr));
    assert!(error.contains("its output: --my_flag -c a b -- {port}"), "{error}");
}
