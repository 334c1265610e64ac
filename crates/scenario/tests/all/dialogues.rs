//! Dialogues of the load in scenarios.

use load_generator::{Dialogue, Expected};
use serde_json::json;

use crate::common::{errors_of, plan};

/// A server under test, which may speak anything.
const PROGRAM: &str = "server: { command: { program: [server], port: 80 } }\n";

#[test]
fn the_dialogues_of_the_documentation_are_valid() {
    let text = include_str!("../../../../docs/scenarios.md");
    let examples = text.split("```yaml\n").filter_map(|rest| rest.split("```").next());
    // With a mapping, not by name.
    let examples: Vec<_> = examples.filter(|example| example.contains("dialogue:\n")).collect();
    assert_eq!(examples.len(), 2, "{examples:?}");
    let dialogue = |example: &str| {
        plan(&format!("{PROGRAM}{example}")).cells[0].settings.load.dialogue.clone()
    };
    let Dialogue::Http(http) = dialogue(examples[0]) else { panic!("{}", examples[0]) };
    assert_eq!((http.path.as_str(), http.requests), ("/health", 5));
    let Dialogue::Exchange(exchange) = dialogue(examples[1]) else { panic!("{}", examples[1]) };
    assert_eq!(exchange.send.bytes(), b"PING\r\n");
    assert!(matches!(exchange.expect, Expected::Prefix(prefix) if prefix.bytes() == b"+PONG\r\n"));
}

#[test]
fn a_dialogue_without_messages_has_none_in_its_cells() {
    let plan = plan("matrix: { load.dialogue: [chat, none] }");
    let messages: Vec<_> = plan.cells.iter().map(|cell| cell.settings.load.messages).collect();
    assert_eq!(messages, [10, 0]);
    assert_eq!(plan.cells[1].settings.load.dialogue, Dialogue::None);
}

#[test]
fn an_axis_may_be_a_setting_of_a_dialogue() {
    for section in ["", "load: { dialogue: { http: { status: 204 } } }\n"] {
        let plan =
            plan(&format!("{PROGRAM}{section}matrix: {{ load.dialogue.http.requests: [1, 5] }}"));
        let cells = plan.cells.iter().map(|cell| match &cell.settings.load.dialogue {
            Dialogue::Http(http) => (http.requests, http.status),
            other => panic!("{other:?}"),
        });
        let status = if section.is_empty() { 200 } else { 204 };
        assert_eq!(cells.collect::<Vec<_>>(), [(1, status), (5, status)]);
        assert_eq!(plan.cells[1].point["load.dialogue.http.requests"], json!(5));
    }
    let error = errors_of(
        "load: { dialogue: { exchange: { expect: end_of_file } } }\n\
         matrix: { load.dialogue.http.requests: [1, 5] }",
    );
    assert!(error.contains("the axes do not fit together"), "{error}");
}

#[test]
fn problems_of_a_dialogue_are_shown_at_their_line() {
    for (sections, problem) in [
        ("load:\n  dialogue: htp", "unknown value `htp`"),
        ("load:\n  dialogue: http", "write {http: {path: /}}"),
        ("load:\n  dialogue: { http: { paths: / } }", "unknown field `paths`"),
        ("load:\n  dialogue: { http: { path: a } }", "load.dialogue.http.path: \"a\" is no path"),
        ("load:\n  dialogue: { http: {} }\n  messages: 5", "load.messages: only clients of"),
        ("load:\n  dialogue: { exchange: {} }", "missing field `expect`"),
        (
            "load:\n  dialogue: { exchange: { send: \"\\\\q\", expect: end_of_file } }",
            "is no escape",
        ),
        (
            "load:\n  clients: 1000\n  dialogue: { http: { requests: 1000000 } }",
            "1000000 requests of each of 1000 clients",
        ),
    ] {
        let error = errors_of(sections);
        assert!(error.contains(problem), "{error}");
        let line = if sections.contains("messages") { 5 } else { 4 };
        let line = if sections.contains("clients:") { 5 } else { line };
        assert!(error.contains(&format!("test.yaml:{line}:")), "{line}: {error}");
    }
}

#[test]
fn a_dialogue_that_the_server_does_not_speak_is_a_problem() {
    let chat = "load: { messages: 1 }";
    for (sections, problem, advice) in [
        (
            "load:\n  dialogue: { http: {} }".to_owned(),
            "load.dialogue: the lab's chat server answers neither HTTP requests nor an exchange",
            "name the server under test",
        ),
        (
            "matrix: { load.dialogue.http.requests: [1, 2] }".to_owned(),
            "load.dialogue: the lab's chat server",
            "first in the cell",
        ),
        (
            format!("{PROGRAM}{chat}"),
            "load.dialogue: only the lab's chat server is known to speak the chat's protocol",
            "use `dialogue: none`",
        ),
        (PROGRAM.to_owned(), "load.dialogue: only the lab's chat server", "`http` or `exchange`"),
        (
            format!("server: {{ image: {{ image: nginx, port: 80 }} }}\n{chat}"),
            "load.dialogue: only the lab's chat server",
            "use `dialogue: none`",
        ),
    ] {
        let error = errors_of(&sections);
        assert!(error.contains(problem) && error.contains(advice), "{error}");
    }
    for silent in ["load: { messages: 0 }", "load: { dialogue: none }"] {
        plan(&format!("{PROGRAM}{silent}"));
    }
}
