//! The forms of a scenario's server, its axes and the placeholders of its files.

use scenario::{Overrides, Plan, Server};
use serde_json::json;

use crate::common::{errors_of, rendered, scenario_with, try_plan};

const COMMAND: &str = "load: { dialogue: none }\nserver:\n  command:\n    program: [nginx, -c, n.conf]\n    \
                       port: 80\n";

fn plan_with(sections: &str, set: &[(&str, &str)]) -> Plan {
    let set = set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    try_plan(&scenario_with(sections), &overrides)
        .unwrap_or_else(|errors| panic!("{}", rendered(&errors)))
}

fn backlogs(plan: &Plan) -> Vec<Option<i32>> {
    plan.cells.iter().map(|cell| cell.settings.server.backlog()).collect()
}

#[test]
fn the_long_form_of_the_chat_server_is_the_short_one() {
    let short = plan_with("server: { backlog: 10, accept_paused: true }", &[]);
    let long = plan_with("server: { chat: { backlog: 10, accept_paused: true } }", &[]);
    assert_eq!(backlogs(&long), [Some(10)]);
    assert_eq!(short.cells, long.cells);
    assert_eq!(short.resolved["server"], long.resolved["server"], "the record has one form");
}

#[test]
fn an_axis_and_a_flag_may_name_the_long_form() {
    let axis = "matrix: { server.chat.backlog: [10, 20] }";
    for sections in [axis.to_owned(), format!("server: {{ chat: {{ framing: ascii4 }} }}\n{axis}")]
    {
        let plan = plan_with(&sections, &[]);
        assert_eq!(backlogs(&plan), [Some(10), Some(20)]);
        assert_eq!(plan.axes[0].path, "server.backlog");
        assert_eq!(plan.cells[1].point["server.backlog"], json!(20));
        let plan = plan_with(&sections, &[("server.chat.backlog", "30")]);
        assert_eq!(backlogs(&plan), [Some(30)]);
    }
    let plan = plan_with("server: { chat: { backlog: 10 } }", &[("server.chat.backlog", "30")]);
    assert_eq!(backlogs(&plan), [Some(30)]);
    let plan = plan_with("", &[("matrix.server.chat.backlog", "[1, 2]")]);
    assert_eq!(backlogs(&plan), [Some(1), Some(2)]);
}

#[test]
fn an_axis_may_be_any_setting_of_a_command() {
    let axes =
        "matrix:\n  server.command.backlog: [511, 64]\n  server.command.env.WORKERS: [1, 4]\n";
    let plan = plan_with(&format!("{COMMAND}{axes}"), &[]);
    assert_eq!(backlogs(&plan), [Some(511), Some(511), Some(64), Some(64)]);
    let Server::Command(command) = &plan.cells[3].settings.server else { panic!() };
    assert_eq!(command.env["WORKERS"].0, "4");
    let plan = plan_with(COMMAND, &[("server.command.backlog", "7")]);
    assert_eq!(backlogs(&plan), [Some(7)]);
}

#[test]
fn an_axis_of_another_server_is_an_error_that_names_the_right_one() {
    for (sections, expected) in [
        (
            format!("{COMMAND}matrix: {{ server.backlog: [1, 2] }}"),
            ["`server.backlog` is a setting of the chat server", "`server.command.…`"],
        ),
        (
            format!("{COMMAND}matrix: {{ server.chat.backlog: [1, 2] }}"),
            ["`server.backlog` is a setting of the chat server", "`server.command.…`"],
        ),
        (
            "matrix: { server.command.port: [1, 2] }".to_owned(),
            [
                "`server.command.port` varies a server that the scenario has not",
                "add a section `server.command`",
            ],
        ),
        (
            format!("{COMMAND}matrix: {{ server.image.image: [a, b] }}"),
            [
                "`server.image.image` varies a server that the scenario has not",
                "add a section `server.image`",
            ],
        ),
    ] {
        let error = errors_of(&sections);
        let line = error.find("test.yaml:").map(|at| &error[at..]).unwrap_or_default();
        let last = 2 + sections.lines().count();
        assert!(line.starts_with(&format!("test.yaml:{last}:")), "{error}");
        for text in expected {
            assert!(error.contains(text), "{text}: {error}");
        }
    }
}

#[test]
fn the_same_setting_in_both_forms_is_an_error() {
    let error = errors_of("server:\n  backlog: 3\n  chat: { backlog: 4 }");
    assert!(error.contains("`backlog` is set twice: here and in `chat`"), "{error}");
    assert!(error.contains("test.yaml:4:"), "{error}");
    let error = errors_of("matrix: { server.backlog: [1, 2], server.chat.backlog: [3] }");
    assert!(error.contains("`server.chat.backlog` is an axis twice"), "{error}");
    let error = errors_of(&format!("{COMMAND}  backlog: 3"));
    assert!(error.contains("`backlog` is a setting of the chat server"), "{error}");
}

#[test]
fn placeholders_have_the_values_of_their_cell() {
    let rest = "    files:\n      n.conf: listen {port} backlog={server.backlog}\n\
                matrix: { server.command.backlog: [511, 64] }\n\
                hosts: { server: { sysctls: { net.core.somaxconn: 128 } } }";
    let plan = plan_with(&format!("{COMMAND}{rest}"), &[]);
    let values = plan.cells[1].settings.placeholders();
    for (name, value) in [
        ("port", "80"),
        ("server.backlog", "64"),
        ("server.command.backlog", "64"),
        ("hosts.server.sysctls.net.core.somaxconn", "128"),
        ("load.clients", "50"),
    ] {
        assert_eq!(values.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn a_placeholder_without_a_value_is_an_error_at_its_text() {
    for (rest, line, path) in [
        ("    files:\n      n.conf: listen {server.bcaklog}\n", 9, "files.n.conf"),
        ("    env:\n      A: \"{server.bcaklog}\"\n", 9, "env.A"),
        // The backlog has none as long as it is not stated.
        ("    files:\n      a.b: x\n      n.conf: '{server.backlog}'\n", 10, "files.n.conf"),
    ] {
        let error = errors_of(&format!("{COMMAND}{rest}"));
        assert!(error.contains("is no setting of the cell"), "{error}");
        assert!(error.contains(&format!("test.yaml:{line}:")), "{line}: {error}");
        assert!(error.contains(path), "{path}: {error}");
    }
}
