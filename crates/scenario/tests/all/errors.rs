//! The error messages of invalid scenarios.

use crate::common::{errors_of, rendered, scenario_with, try_plan};
use insta::assert_snapshot;
use scenario::Overrides;

#[test]
fn six_different_problems_are_reported_at_once() {
    let text = "\
name: test
question: What is wrong with this?
hosts:
  server:
    sysctls:
      net.core.somaxcon: 4096
server:
  bakclog: 10
  backlog: 5
  backlog: 6
load:
  messages: many
  clients: 0
matrix:
  load.size: { from: 40, to: 30, steps: 3 }
expect:
  - that: outcomes.ok == attempt
";
    let errors = try_plan(text, &Overrides::default()).expect_err("it has many problems");
    let positions: Vec<_> = errors
        .problems()
        .iter()
        .map(|problem| errors.position(problem).expect("all are in the file"))
        .collect();
    assert_eq!(positions, [(6, 7), (8, 3), (10, 3), (12, 13), (13, 12), (15, 22), (17, 26)]);
    assert_snapshot!(rendered(&errors));
}

#[test]
fn invalid_yaml_is_reported_at_its_place() {
    assert_snapshot!(errors_of("server: {backlog: 1\nload: {}\n"));
}

#[test]
fn an_unknown_section_is_an_error() {
    assert_snapshot!(errors_of("sever: {}\n"));
}

#[test]
fn an_unknown_value_suggests_the_known_ones() {
    assert_snapshot!(errors_of("load:\n  pattern: bursts\n  leave: now\n"));
}

#[test]
fn a_time_needs_its_unit() {
    assert_snapshot!(errors_of("load:\n  connect_deadline: 2\n  interval: \"5\"\n"));
}

#[test]
fn a_scenario_needs_name_and_question() {
    let errors = try_plan("load: { clients: 1 }\n", &Overrides::default());
    assert_snapshot!(rendered(&errors.expect_err("both are missing")));
}

#[test]
fn the_name_must_match_the_file() {
    let errors = try_plan("name: tset\nquestion: x\n", &Overrides::default());
    assert_snapshot!(rendered(&errors.expect_err("another name")));
}

#[test]
fn sysctls_must_be_per_namespace() {
    assert_snapshot!(errors_of(
        "hosts:
  server:
    sysctls:
      net.ipv4.tcp_mem: 1 2 3
      net.ipv4.tcp_syncookie: 0
      net.ipv4.tcp_timestamps: true
"
    ));
}

#[test]
fn a_size_must_fit_the_framing_in_every_cell() {
    assert_snapshot!(errors_of(
        "server: { framing: ascii4 }
matrix:
  load.size: [30, 9999, 10000]
  load.clients: [5, 0]
"
    ));
}

#[test]
fn an_axis_is_checked_against_its_setting() {
    assert_snapshot!(errors_of(
        "matrix:
  server.design: [global-lock, snap-shot]
  server.backlog: [10, ten, 10]
  server.bakclog: [1, 2]
  load.clients: { from: 1, to: 3, steps: 9 }
  load.messages: []
  repeat: [1, 2]
  server: [{ backlog: 1 }]
  hosts.server.sysctls.net.ipv4.tcp_mme: [1]
"
    ));
}

#[test]
fn a_setting_must_not_also_be_an_axis() {
    assert_snapshot!(errors_of("server:\n  backlog: 7\nmatrix:\n  server.backlog: [1, 2]\n"));
}

#[test]
fn the_quick_form_is_always_checked() {
    assert_snapshot!(errors_of(
        "quick:
  load: { clients: 0, mesages: 3 }
  expect: []
  matrix: { server.backlog: [x] }
"
    ));
}

#[test]
fn expressions_are_checked_before_anything_runs() {
    assert_snapshot!(errors_of(
        r#"expect:
  - that: outcomes.ok ==
  - that: "outcomes.okay == attempts"
  - that: attempts == 5 || server.bakclog > 3
  - that: attempts
  - that: success_rate * 2 > 1.0
  - that: counters.server["TcpExt.ListenOverflow"] == 0
  - that: attempts > 0
    when: least(1, 2) == 1
  - that: outcomes.all(o, outcomes[o] >= none)
  - because: there is nothing to hold
"#
    ));
}

#[test]
fn every_value_must_have_the_type_of_its_setting() {
    assert_snapshot!(errors_of(
        "repeat: 0\nload:\n  clients: {a: 1}\n  messages: 010\nshuffle: yes\n"
    ));
}

#[test]
fn a_section_must_be_a_mapping() {
    assert_snapshot!(errors_of(
        "server: []\nload:\nhosts: { server: 5 }\nexpect:\n  - attempts > 0\n  - [\"attempts > 0\"]\n"
    ));
    let errors = try_plan("- 1\n", &Overrides::default());
    assert_snapshot!(rendered(&errors.expect_err("a list is not a scenario")));
}

#[test]
fn a_mistake_in_any_line_is_only_an_error() {
    let text =
        include_str!("../../../../scenarios/smoke.yaml").replace("name: smoke", "name: test");
    let lines: Vec<&str> = text.lines().collect();
    let mistakes: [fn(&str) -> String; 6] = [
        |_| String::new(),
        |line| format!("  {line}"),
        |line| format!("{line}\n{line}"),
        |line| line.replacen(':', ": ü [", 1),
        |line| line.split_inclusive(':').next().unwrap_or_default().to_owned(),
        |line| line.replace(['a', 'e', '4'], "\u{20ac}"),
    ];
    let mut wrong = 0;
    for index in 0..lines.len() {
        for mistake in mistakes {
            let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            lines[index] = mistake(&lines[index]);
            if let Err(errors) = try_plan(&lines.join("\n"), &Overrides::default()) {
                wrong += 1;
                for problem in errors.problems() {
                    let (line, column) = errors.position(problem).expect("it is in the file");
                    assert!(line <= lines.len() + 2 && column >= 1, "{problem}");
                }
                assert!(rendered(&errors).contains("scenarios/test.yaml"));
            }
        }
    }
    assert!(wrong > lines.len(), "{wrong} of {} lines", lines.len());
}

#[test]
fn a_wrong_type_is_reported_without_rust_type_names() {
    let expected = |section: &str, value: &str| {
        let errors =
            try_plan(&scenario_with(&format!("{section}: {value} }}\n")), &Overrides::default());
        let errors = errors.expect_err(value);
        errors.problems()[0].to_string()
    };
    for (section, value, message) in [
        ("server: { port", "65536", "expected a whole number from 0 to 65535, found 65536"),
        ("server: { port", "-1", "expected a whole number from 0 to 65535, found -1"),
        ("server: { port", "1.5", "expected a whole number from 0 to 65535, found 1.5"),
        ("server: { port", "null", "expected a whole number from 0 to 65535, found nothing"),
        ("load: { clients", "[1]", "expected a whole number from 0 to 4294967295, found a list"),
        (
            "server: { backlog",
            "ten",
            "expected a whole number from -2147483648 to 2147483647, found \"ten\"",
        ),
        (
            "server: { thread_stack",
            "true",
            "expected a whole number from 0 to 18446744073709551615, found true",
        ),
        (
            "load: { connect_rate",
            "fast",
            "expected a number of attempts a second, or {from: …, to: …, over: …}, found \"fast\"",
        ),
        ("load: { connect_rate", ".nan", "not YAML: non-finite float `.nan` is not a valid value"),
        (
            "load: { connect_rate",
            "-.inf",
            "not YAML: non-finite float `-.inf` is not a valid value",
        ),
        ("load: { nodelay", "1", "expected true or false, found 1"),
        ("load: { interval", "5", "expected a time, found 5"),
        ("load: { pattern", "5", "expected a string, found 5"),
        ("server: { design", "{}", "expected a string, found a mapping"),
        ("matrix: { load.size", "{from: a, to: 2, steps: 2}", "expected a number, found \"a\""),
        ("hosts: { server", "{sysctls: []}", "expected a mapping, found a list"),
        (
            "server: { backlog",
            "\"1, expected i32\"",
            "expected a whole number from -2147483648 to 2147483647, found \"1, expected i32\"",
        ),
    ] {
        assert_eq!(expected(section, value), message, "{section}: {value}");
    }
}

#[test]
fn the_server_address_cannot_be_set() {
    let address = "server: { address: 127.0.0.1, port: 0 }\n";
    assert_snapshot!(errors_of(address));
    for sections in
        ["quick: { server: { address: 127.0.0.1 } }\n", "matrix: { server.address: [127.0.0.1] }\n"]
    {
        let text = errors_of(sections);
        assert!(text.contains("the lab assigns the addresses of hosts"), "{text}");
    }
    let overrides = Overrides {
        set: vec![("server.address".to_owned(), "127.0.0.1".to_owned())],
        ..Overrides::default()
    };
    let errors = try_plan(&scenario_with(""), &overrides).expect_err("not with a flag either");
    assert!(errors.problems()[0].to_string().starts_with("--set server.address=127.0.0.1: "));
    let plan = try_plan(&scenario_with(""), &Overrides::default()).expect("it is valid");
    assert_eq!(plan.resolved["server"].get("address"), None);
}

#[test]
fn a_server_that_closes_first_must_be_able_to_close() {
    assert_snapshot!(errors_of(
        "server: { closes_first: server }
matrix:
  server.close_after: [0, 3, 4]
  load.messages: [0, 3]
"
    ));
    // If a default does not fit, the setting that it conflicts with is shown.
    let errors = errors_of("server:\n  closes_first: server\nload: { messages: 0 }\n");
    assert!(errors.contains("test.yaml:4:17"), "{errors}");
    for valid in ["close_after: 3 }\nload: { messages: 3", "close_after: 0 }\nload: { messages: 0"]
    {
        let sections = format!("server: {{ closes_first: server, {valid} }}\n");
        assert_eq!(errors_of(&sections), "no problems");
    }
    assert_eq!(errors_of("server: { close_after: 99 }\n"), "no problems");
}

#[test]
fn source_addresses_are_limited() {
    for (count, held) in [("0", false), ("1", true), ("250", true), ("251", false)] {
        let errors = errors_of(&format!("load: {{ source_addresses: {count} }}\n"));
        assert_eq!(errors == "no problems", held, "{errors}");
    }
}

#[test]
fn an_invalid_server_setting_is_reported_at_its_place() {
    let errors = errors_of("matrix:\n  server.listeners: [1, 64, 0, 65]\n");
    assert!(errors.contains("server.listeners: 0 listening sockets: use 1 to 64"), "{errors}");
    assert!(errors.contains("test.yaml:4:29") && errors.contains("test.yaml:4:32"), "{errors}");
    assert!(errors.contains("2 problems"), "{errors}");

    let errors = errors_of("server:\n  release_backlog: 0\n");
    assert!(errors.contains("server.release_backlog: no ACKs are held"), "{errors}");
    assert!(errors.contains("test.yaml:4:20"), "{errors}");
    assert!(errors_of("server: { thread_stack: 16383 }\n").contains("at least 16384"));
    for valid in ["hold_acks: true, release_backlog: 0", "listeners: 64, defer_accept: 31"] {
        assert_eq!(errors_of(&format!("server: {{ {valid} }}\n")), "no problems");
    }
}
