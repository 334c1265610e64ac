//! The committed scenarios and schema.

use std::path::{Path, PathBuf};

use crate::common::{TestKernel, load_suite, rendered, source, suite_file};
use scenario::{
    AnyKernel, Document, Overrides, Plan, Planner, ScenarioFile, Server, json_schema, load,
};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("scenarios")).expect("the folder of scenarios");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect()
}

/// The scenario with this name or path.
fn scenario(name_or_path: &str) -> ScenarioFile {
    match load(name_or_path) {
        Ok(Document::Scenario(file)) => file,
        other => panic!("{name_or_path} is not a scenario: {other:?}"),
    }
}

fn plan_of(file: &ScenarioFile, overrides: &Overrides) -> Plan {
    match file.plan(overrides, &TestKernel::ANY_LAW) {
        Ok(plan) => plan,
        Err(errors) => panic!("{overrides:?}\n{}", rendered(&errors)),
    }
}

fn form(quick: bool) -> Overrides {
    Overrides { quick, ..Overrides::default() }
}

#[test]
fn every_committed_file_is_valid_in_both_forms() {
    let committed = committed();
    assert!(committed.len() >= 3, "{committed:?}");
    for path in committed {
        match load(&path.display().to_string()).expect("a committed file") {
            Document::Suite(file) => {
                let suite = file.load().expect("a valid suite");
                assert_eq!(suite.scenarios.len(), suite.suite.suite.len());
            }
            Document::Scenario(file) => {
                for quick in [false, true] {
                    assert!(!plan_of(&file, &form(quick)).trials.is_empty(), "{}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_backlog_sweep_is_the_grid_of_the_original_for_both_designs() {
    let file = scenario("backlog-sweep");
    let plan = plan_of(&file, &form(false));
    assert_eq!(plan.axes[0].values, ["global-lock", "snapshot"]);
    assert_eq!(plan.axes[1].values, [10, 42, 74, 106, 138, 171, 203, 235, 267, 300]);
    assert_eq!(plan.axes[2].values, [50, 88, 127, 166, 205, 244, 283, 322, 361, 400]);
    assert_eq!((plan.cells.len(), plan.trials.len()), (200, 200));
    let quick = plan_of(&file, &form(true));
    assert_eq!(quick.trials.len(), 3 * 4 * 2);
    for (full, quick) in plan.axes.iter().zip(&quick.axes) {
        assert!(quick.values.iter().all(|value| full.values.contains(value)), "{quick:?}");
    }
}

#[test]
fn the_scenarios_built_in_are_those_on_disk() {
    // The tests run in the crate's own folder, where there is no ./scenarios.
    assert!(!Path::new("scenarios").exists());
    let built_in = scenario::catalogue();
    assert_eq!(built_in.len(), committed().len());
    for document in built_in {
        let path = root().join(format!("scenarios/{}.yaml", document.name()));
        let text = std::fs::read_to_string(path).expect("its file");
        assert_eq!(document.source().text, text, "{}", document.name());
        assert_eq!(load(document.name()).expect("by its name").source(), document.source());
    }
}

#[test]
fn a_scenario_is_found_by_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.yaml");
    std::fs::write(&path, "name: mine\nquestion: Is it mine?\n").expect("a file");
    let file = scenario(&path.display().to_string());
    assert_eq!(file.source().name, "mine");
    let plan = file.plan(&Overrides::default(), &AnyKernel).expect("a scenario");
    assert_eq!((plan.cells.len(), plan.trials.len()), (1, 1));
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let error = load("backlog-sweeep").expect_err("a typo");
    let text = rendered(&error);
    assert!(text.contains("did you mean `backlog-sweep`?"), "{text}");
    assert!(text.contains("smoke"), "{text}");
    let text = rendered(&load("no/such.yaml").expect_err("no file"));
    assert!(text.contains("no/such.yaml") && text.contains("No such file"), "{text}");
}

#[test]
fn the_committed_schema_is_the_one_that_is_generated() {
    let path = root().join("schemas/scenario.schema.json");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        committed == json_schema(),
        "schemas/scenario.schema.json is out of date: regenerate it with\n  \
         UPDATE_SCHEMAS=1 cargo test --package queuelab --test cli schemas"
    );
}

/// The members at the top of a file in block style.
fn members(text: &str) -> Vec<&str> {
    let at_the_top = |line: &&str| !line.starts_with([' ', '#']);
    text.lines().filter(at_the_top).filter_map(|line| Some(line.split_once(':')?.0)).collect()
}

#[test]
fn the_schema_has_the_members_of_every_committed_file() {
    let schema = json_schema();
    let kinds: Vec<&Value> = ["/$defs/Scenario", "/$defs/Suite"]
        .iter()
        .map(|kind| schema.pointer(kind).expect("a kind of file"))
        .collect();
    let choices = schema["anyOf"].as_array().expect("a choice");
    assert_eq!(choices.len(), kinds.len(), "{choices:?}");
    let allows = |kind: &Value, members: &[&str]| {
        let required = kind["required"].as_array().expect("members that must be there");
        members.iter().all(|member| kind["properties"].get(member).is_some())
            && required.iter().all(|name| members.contains(&name.as_str().expect("a name")))
    };
    for path in committed() {
        let text = std::fs::read_to_string(&path).expect("a committed file");
        let members = members(&text);
        let allowing = kinds.iter().filter(|kind| allows(kind, &members)).count();
        assert_eq!(allowing, 1, "{}: {members:?}", path.display());
    }
}

#[test]
fn the_example_of_the_documentation_is_a_scenario() {
    let text = std::fs::read_to_string(root().join("docs/scenarios.md")).expect("the page");
    let example = text.split("```").nth(1).expect("an example");
    let example = example.strip_prefix("yaml\n").expect("in YAML");
    let file = ScenarioFile::from_source(source("accept-or-not", example));
    assert_eq!(plan_of(&file, &Overrides::default()).cells.len(), 10);
}

#[test]
fn the_headline_of_the_documentation_is_valid() {
    let text = std::fs::read_to_string(root().join("docs/scenarios.md")).expect("the page");
    let example = text.split("```yaml\n").nth(2).and_then(|rest| rest.split("```").next());
    let axes = "matrix: { server.design: [global-lock, snapshot], load.clients: [1, 2], \
                load.messages: [1, 2] }";
    let scenario =
        format!("name: mine\nquestion: Which?\n{}{axes}\n", example.expect("a second example"));
    let file = ScenarioFile::from_source(source("mine", &scenario));
    let headline = plan_of(&file, &Overrides::default()).scenario.headline.expect("a headline");
    assert_eq!(headline.0.len(), 1);
}

#[test]
fn the_suite_of_the_documentation_is_valid() {
    let text = std::fs::read_to_string(root().join("docs/scenarios.md")).expect("the page");
    let examples = text.split("```yaml\n").filter_map(|rest| rest.split("```").next());
    let example = examples.into_iter().find(|example| example.contains("\nsuite:"));
    let example =
        example.expect("an example of a suite").replace("name: before-release", "name: mine");
    let suite = load_suite(&example).suite;
    assert!(suite.quick && suite.suite.len() == 2, "{suite:?}");
}

#[test]
fn a_suite_that_is_not_a_list_is_an_error() {
    for wrong in [" smoke", " 3", " { scenario: smoke }", " null", " true"] {
        let file = suite_file(&format!("name: mine\nquestion: Is it?\nsuite:{wrong}\n"));
        let errors = file.load().expect_err(wrong);
        assert!(!errors.to_string().is_empty(), "{wrong}");
    }
}

/// The problems of a suite with that list, each with its line.
fn suite_problems(list: &str) -> Vec<(usize, String)> {
    let file = suite_file(&format!("name: mine\nquestion: Is it?\nsuite:\n{list}"));
    let errors = match file.load() {
        Err(errors) => errors,
        Ok(suite) => {
            suite.plans(false, &mut Planner::new(&TestKernel::ANY_LAW)).expect_err("it is wrong")
        }
    };
    let with_line = |problem: &scenario::Problem| {
        let line = errors.position(problem).map_or(0, |(line, _)| line);
        (line, problem.to_string())
    };
    errors.problems().iter().map(with_line).collect()
}

#[test]
fn changes_of_a_suite_are_checked_at_their_lines() {
    for (list, line, message) in [
        ("  - smoke\n  - { scenario: smokey }\n", 5, "there is no scenario `smokey`"),
        ("  - smoke\n  - { scenario: sigpipe, repat: 3 }\n", 5, "unknown field `repat`"),
        ("  - smoke\n  - { scenario: smoke, repeat: 3 }\n", 5, "`smoke` is listed twice"),
        ("  - smoke\n  - nightly\n", 5, "`nightly` is a suite itself"),
        ("  - [smoke, true]\n", 4, "is a name or a mapping"),
        ("  - 7\n", 4, "is a name or a mapping"),
        ("  - { repeat: 3 }\n", 4, "missing field `scenario`"),
        ("  - { scenario: smoke, repeat: many }\n", 4, "expected a whole number"),
        ("  - scenario: smoke\n    set: { load.cleints: 4 }\n", 4, "`smoke`: --set load.cleints=4"),
        ("  - scenario: smoke\n    only: { backlog: 5 }\n", 4, "`smoke`: --only backlog=5"),
        ("  - scenario: smoke\n    repeat: 0\n", 4, "`smoke`: --repeat 0"),
    ] {
        let problems = suite_problems(list);
        let found = problems.iter().any(|(at, text)| *at == line && text.contains(message));
        assert!(found, "{list}: {problems:?}");
    }
}

#[test]
fn a_scenario_of_a_suite_can_override_its_form() {
    let loaded = load_suite(
        "name: mine\nquestion: Is it?\nquick: true\nsuite:\n  - smoke\n  - scenario: \
         lock-designs\n    quick: false\n    repeat: 2\n    only: { clients: [20, 100] }\n    \
         set: { server.design: snapshot, load.interval: 7ms }\n",
    );
    assert_eq!(loaded.suite.names(), ["smoke", "lock-designs"]);
    let forms: Vec<_> = loaded.overrides().map(|overrides| overrides.quick).collect();
    assert_eq!(forms, [true, false]);
    let plans = loaded.plans(false, &mut Planner::new(&TestKernel::ANY_LAW)).expect("valid plans");
    assert_eq!(plans[1].trials.len(), 4, "two sizes, one design, twice");
    assert_eq!(plans[1].resolved["load"]["interval"], "7ms");
}

/// Ways to run a scenario.
fn forms(plan: &Plan) -> Vec<Overrides> {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect()
    };
    let last = plan.axes.last().map(|axis| {
        let value = &axis.values[0];
        (axis.path.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    let plain = Overrides::default();
    let of_server: &[(&str, &str)] = match plan.cells[0].settings.server {
        Server::Chat(_) => {
            &[("load.send_delay", "1500us"), ("matrix.server.largest_body", "[3000]")]
        }
        Server::Command(_) | Server::Image(_) => &[("matrix.server.command.env.A.B", "[7, true]")],
    };
    let set = [
        ("hosts.client.sysctls.net.ipv4.ip_local_port_range", "[32768, 60999]"),
        ("hosts.client.sysctls.net.ipv4.tcp_rfc1337", "[1]"),
        ("hosts.server.sysctls.net.ipv4.tcp_fin_timeout", "60"),
        ("matrix.load.connect_rate", "[1e3, 512.5]"),
        ("matrix.load.connect_deadline", "[1500ms]"),
        ("shuffle", "false"),
    ];
    vec![
        plain.clone(),
        Overrides { quick: true, ..plain.clone() },
        Overrides { repeat: Some(3), ..plain.clone() },
        Overrides { only: last.clone().into_iter().collect(), ..plain.clone() },
        Overrides { set: last.into_iter().collect(), quick: true, ..plain.clone() },
        Overrides { set: owned(&[&set, of_server].concat()), ..plain.clone() },
        Overrides { set: owned(&[("record.attempts", "true")]), repeat: Some(2), ..plain },
    ]
}

#[test]
fn the_resolved_scenario_of_a_plan_plans_the_same() {
    for file in scenario::scenarios() {
        let full = plan_of(&file, &Overrides::default());
        for form in forms(&full) {
            let planned = plan_of(&file, &form);
            let record = source(&file.source().name, &planned.resolved.to_string());
            let seed = Overrides { seed: Some(planned.seed), ..Overrides::default() };
            let again = plan_of(&ScenarioFile::from_source(record), &seed);
            assert_eq!(again.resolved.to_string(), planned.resolved.to_string(), "{form:?}");
            assert_eq!(again.scenario, planned.scenario, "{form:?}");
            assert_eq!(again.axes, planned.axes, "{form:?}");
            assert_eq!(again.cells, planned.cells, "{form:?}");
            assert_eq!(again.trials, planned.trials, "{form:?}");
            assert_eq!(again.expectations.len(), planned.expectations.len(), "{form:?}");
        }
    }
}
