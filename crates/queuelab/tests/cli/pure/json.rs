//! `--json`: one document on standard output, valid for its committed schema.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use super::schemas::{assert_valid, committed};
use crate::support::{all_output, fake_command, out_directory, queuelab, repository};

/// The only document of an output, which is valid for this schema.
#[track_caller]
fn document(output: &Output, schema: &str, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", all_output(output));
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", all_output(output)));
    assert_valid(&committed(schema), &document, schema);
    document
}

#[track_caller]
fn printed(arguments: &[&str], schema: &str, code: i32) -> Value {
    document(&queuelab(arguments).arg("--json").output().unwrap(), schema, code)
}

#[test]
fn the_catalogue_is_listed_and_checked() {
    let list = printed(&["list"], "list", 0);
    let smoke = list["scenarios"].as_array().unwrap().iter().find(|one| one["name"] == "smoke");
    let smoke = smoke.unwrap();
    assert_eq!(smoke["question"], "Does the lab work here?");
    let laws = list["suites"].as_array().unwrap().iter().find(|one| one["name"] == "laws");
    assert!(laws.unwrap()["scenarios"].as_array().unwrap().len() > 5, "{list}");
    let checks = printed(&["check"], "check", 0);
    assert_eq!(checks["valid"], true);
    let files = checks["files"].as_array().unwrap();
    let listed = ["scenarios", "suites"].map(|kind| list[kind].as_array().unwrap().len());
    assert_eq!(files.len(), listed.iter().sum::<usize>());
    let checked = files.iter().find(|file| file["name"] == "smoke").unwrap();
    assert_eq!([&checked["cells"], &checked["trials"]], [&smoke["cells"], &smoke["trials"]]);
}

#[test]
fn a_problem_has_its_place_and_the_exit_code_is_the_same() {
    let place = out_directory();
    let file = place.path().join("wrong.yaml");
    fs::write(&file, "name: wrong\nquestion: Is it?\nserver:\n  bakclog: 5\n").unwrap();
    let checks = printed(&["check", file.to_str().unwrap()], "check", 2);
    assert_eq!(checks["valid"], false);
    let problem = &checks["files"][0]["problems"][0];
    assert_eq!([&problem["line"], &problem["column"]], [4, 3]);
    assert_eq!(problem["message"], "unknown field `bakclog`");
    assert_eq!(problem["help"], "did you mean `backlog`?");
    let failure = printed(&["show", file.to_str().unwrap()], "failure", 2);
    assert_eq!(failure["error"]["exit_code"], 2);
    assert_eq!(failure["error"]["problems"][0], *problem);
}

#[test]
fn a_failed_command_prints_its_error_as_a_document() {
    let failure = printed(&["run", "smoek"], "failure", 2);
    assert_eq!(failure["error"]["message"], "there is no scenario `smoek`");
    let help = failure["error"]["help"].as_str().unwrap();
    assert!(help.starts_with("did you mean `smoke`?"), "{help}");
    let failure = printed(&["explain", "somaxcon"], "failure", 2);
    let message = failure["error"]["message"].as_str().unwrap();
    assert!(message.contains("did you mean net.core.somaxconn?"), "{message}");
}

#[test]
fn a_run_prints_only_its_results_and_show_the_same_again() {
    let place = out_directory();
    let out = place.path().to_str().unwrap();
    let file = place.path().join("never.yaml");
    let yaml = "name: never\nquestion: Is it so?\nload: { clients: 5, messages: 2 }\n\
                matrix: { server.backlog: [4, 5] }\nexpect:\n  - that: server.backlog == 4\n";
    fs::write(&file, yaml).unwrap();
    let arguments = ["run", "--json", "--backend", "fake", "--out", out, file.to_str().unwrap()];
    let output = fake_command(&arguments, "{}").output().unwrap();
    let run = document(&output, "result", 3);
    assert_eq!([&run["kind"], &run["scenario"], &run["verdict"]], ["run", "never", "failed"]);
    let counts = &run["counts"];
    assert_eq!([&counts["trials"], &counts["failed_trials"]], [2, 1]);
    assert_eq!(run["violations"].as_array().unwrap().len(), 1, "{run}");
    let violation = &run["violations"][0];
    assert_eq!(violation["check"], "expectation");
    assert_eq!(violation["name"], "server.backlog == 4");
    assert!(violation["place"].as_str().unwrap().contains('5'), "{violation}");
    assert!(fs::exists(run["report"].as_str().unwrap()).unwrap());
    let shown = printed(&["show", run["directory"].as_str().unwrap()], "result", 0);
    assert_eq!(shown, run);
}

#[test]
fn a_suite_prints_one_document() {
    let place = out_directory();
    let folder = place.path().to_str().unwrap();
    for name in ["one", "two"] {
        let yaml =
            format!("name: {name}\nquestion: Is it so?\nload: {{ clients: 2, messages: 1 }}\n");
        fs::write(place.path().join(format!("{name}.yaml")), yaml).unwrap();
    }
    let suite = place.path().join("both.yaml");
    let yaml =
        format!("name: both\nquestion: Are they?\nsuite: [{folder}/one.yaml, {folder}/two.yaml]\n");
    fs::write(&suite, yaml).unwrap();
    let arguments = ["run", "--json", "--no-report", "--backend", "fake", "--out", folder];
    let mut command = fake_command(&arguments, "{}");
    let output = command.arg(&suite).output().unwrap();
    let code = output.status.code().unwrap();
    let suite = document(&output, "result", code);
    assert_eq!([&suite["kind"], &suite["suite"]], ["suite", "both"]);
    assert_eq!(suite["members"].as_array().unwrap().len(), 2, "{suite}");
    for member in suite["members"].as_array().unwrap() {
        assert_eq!(member["run"]["counts"]["trials"], 1, "{suite}");
        assert_eq!(member["run"]["report"], Value::Null, "{suite}");
    }
    let shown = printed(&["show", suite["directory"].as_str().unwrap()], "result", 0);
    assert_eq!(shown, suite);
}

#[test]
fn a_scenario_is_shown_and_predicted() {
    let only = ["accept-queue-capacity", "--only", "server.backlog=5"];
    let shown = printed(&[&["show"][..], &only].concat(), "result", 0);
    assert_eq!(shown["kind"], "scenario");
    let values = shown["axes"].as_array().unwrap().iter();
    let backlog = values.clone().find(|axis| axis["path"] == "server.backlog").unwrap();
    assert_eq!(backlog["values"], json!([5]));
    let predicted = printed(&[&["predict"][..], &only].concat(), "predict", 0);
    let cells = predicted["cells"].as_array().unwrap();
    assert_eq!(cells.len() as u64, shown["cells"].as_u64().unwrap());
    let law = cells[0]["laws"].as_array().unwrap().iter().find(|law| law["predicted"] == 6.0);
    assert!(law.is_some(), "{predicted}");
    let simulate = ["predict", "backlog-sweep", "--quick", "--simulate"];
    let simulated = printed(&simulate, "predict", 0);
    let first = &simulated["cells"][0]["simulated"][0];
    assert!(first["success_share"].as_f64().unwrap() <= 1.0, "{simulated}");
    assert!(simulated["accept_pace"].as_str().unwrap().starts_with("Accept pace: an estimate"));
}

#[test]
fn topics_and_sizes_are_documents() {
    let topics = printed(&["explain"], "explain", 0);
    assert!(topics["topics"].as_array().unwrap().len() > 50);
    let topic = printed(&["explain", "somaxconn"], "explain", 0);
    assert_eq!(topic["topic"]["name"], "net.core.somaxconn");
    let burst = ["size", "--arrivals", "50000/s", "--burst", "400", "--accept", "20000/s"];
    assert!(printed(&burst, "size", 0)["backlog"].is_u64());
}

#[test]
fn each_document_has_a_schema() {
    for of in ["list", "check", "result", "predict", "explain", "size", "try", "failure"] {
        assert!(repository().join(format!("schemas/{of}.schema.json")).is_file());
        assert!(!committed(of).is_valid(&json!({ "other": 1 })), "{of} accepts anything");
    }
}
