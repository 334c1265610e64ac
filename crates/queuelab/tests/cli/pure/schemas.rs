//! The committed JSON Schemas match the types of this build and its output;
//! `UPDATE_SCHEMAS=1` rewrites them instead. An independent validator accepts the
//! committed files and rejects broken ones.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{all_output, out_directory, queuelab, repository, run, runs, text};
use command_output::{
    Catalogue, Checks, Explanation, Failure, LessonDocument, Predictions, Shown, Sizing, TryResult,
};
use course::CourseRecord;
use jsonschema::Validator;
use run_record::{RunRecord, SuiteRecord, TrialRecord};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};
use watch_record::Snapshot;
use watch_recording::{RecordLine, WatchHeader};

fn generated() -> Vec<(&'static str, Value)> {
    vec![
        ("scenario", scenario::json_schema()),
        ("run", schema_for!(RunRecord).to_value()),
        ("trial", schema_for!(TrialRecord).to_value()),
        ("suite", schema_for!(SuiteRecord).to_value()),
        ("watch-record", schema_for!(WatchHeader).to_value()),
        ("watch-line", schema_for!(RecordLine).to_value()),
        ("list", output_schema::<Catalogue>()),
        ("check", output_schema::<Checks>()),
        ("result", output_schema::<Shown>()),
        ("predict", output_schema::<Predictions>()),
        ("explain", output_schema::<Explanation>()),
        ("size", output_schema::<Sizing>()),
        ("watch", output_schema::<Snapshot>()),
        ("try", output_schema::<TryResult>()),
        ("lesson", output_schema::<LessonDocument>()),
        ("lesson-record", schema_for!(CourseRecord).to_value()),
        ("failure", output_schema::<Failure>()),
    ]
}

/// The schema of what is printed: every member is there.
fn output_schema<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

#[test]
fn the_committed_schemas_match_this_build() {
    for (of, schema) in generated() {
        let path = repository().join(format!("schemas/{of}.schema.json"));
        let generated = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, generated).unwrap();
            continue;
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(
            committed == generated,
            "schemas/{of}.schema.json is out of date: rewrite it with \
             `UPDATE_SCHEMAS=1 cargo test --package queuelab --test cli schemas`"
        );
        let output = queuelab(&["schema", of]).output().unwrap();
        assert!(output.status.success(), "{}", all_output(&output));
        assert!(committed == text(&output.stdout), "`queuelab schema {of}` prints a different one");
    }
}

/// A validator for a committed schema.
pub(crate) fn committed(of: &str) -> Validator {
    let path = repository().join(format!("schemas/{of}.schema.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{of}: {error}"));
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{of}: {error}"))
}

#[track_caller]
pub(crate) fn assert_valid(schema: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = schema.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

/// The files with this name two folders below `root`.
fn find_files(root: &Path, name: &str) -> Vec<PathBuf> {
    let entries = |folder: PathBuf| {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir())
    };
    let times = entries(root.to_owned()).flat_map(entries);
    times.map(|time| time.join(name)).filter(|file| file.exists()).collect()
}

fn records(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    match file.extension().is_some_and(|extension| extension == "jsonl") {
        true => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        false => vec![serde_json::from_str(&text).unwrap()],
    }
}

/// Reads and rewrites a record: the schemas describe the current version, and the committed
/// records are older.
fn upgraded(of: &str, record: Value) -> Value {
    let upgraded = match of {
        "run" => serde_json::from_value::<RunRecord>(record).map(serde_json::to_value),
        "trial" => serde_json::from_value::<TrialRecord>(record).map(serde_json::to_value),
        "suite" => serde_json::from_value::<SuiteRecord>(record).map(serde_json::to_value),
        _ => return record,
    };
    upgraded.unwrap().unwrap()
}

#[test]
fn the_committed_records_are_valid() {
    let baseline = repository().join("reports/baseline");
    for (of, name, min_files) in
        [("run", "run.json", 12), ("trial", "trials.jsonl", 12), ("suite", "suite.json", 1)]
    {
        let schema = committed(of);
        let files = find_files(&baseline, name);
        assert!(files.len() >= min_files, "{name}: {files:?}");
        for file in files {
            let all = records(&file);
            assert!(!all.is_empty(), "{}", file.display());
            for (number, record) in all.iter().enumerate() {
                let record = upgraded(of, record.clone());
                assert_valid(&schema, &record, &format!("{}, record {number}", file.display()));
            }
        }
    }
}

/// Covers what the baseline does not have: a failed trial and a retry.
#[test]
fn the_records_of_this_build_are_valid() {
    let place = out_directory();
    let file = place.path().join("never.yaml");
    let yaml = "name: never\nquestion: Is it recorded?\nload: { clients: 5, messages: 2 }\nrecord: \
                { attempts: true }\nexpect:\n  - that: queue.limit == 4\n";
    fs::write(&file, yaml).unwrap();
    let out = place.path().join("runs");
    let (output, _, trials) = run(&out, &[file.to_str().unwrap(), "--retry", "1"]);
    assert_eq!(trials.len(), 2, "{}", all_output(&output));
    let path = &runs(&out)[0];
    let record = records(&path.join("run.json")).remove(0);
    assert_valid(&committed("run"), &record, "run.json");
    for trial in records(&path.join("trials.jsonl")) {
        assert_valid(&committed("trial"), &trial, "trials.jsonl");
    }
}

#[test]
fn every_scenario_matches_the_schema() {
    let schema = committed("scenario");
    let files: Vec<_> = fs::read_dir(repository().join("scenarios")).unwrap().collect();
    assert!(files.len() >= 20, "{files:?}");
    for file in files {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        let scenario: Value = serde_saphyr::from_str(&text).unwrap();
        assert_valid(&schema, &scenario, &file.display().to_string());
    }
}

#[test]
fn broken_files_are_invalid() {
    let baseline = repository().join("reports/baseline");
    let first =
        |of: &str, name: &str| upgraded(of, records(&find_files(&baseline, name)[0]).remove(0));
    let scenario = repository().join("scenarios/smoke.yaml");
    let scenario: Value = serde_saphyr::from_str(&fs::read_to_string(scenario).unwrap()).unwrap();
    for (of, valid, member, wrong) in [
        ("run", first("run", "run.json"), "/seed", json!("seven")),
        ("run", first("run", "run.json"), "/machine/cpus", json!(null)),
        ("trial", first("trial", "trials.jsonl"), "/attempts", json!(-1)),
        ("trial", first("trial", "trials.jsonl"), "/outcomes", json!([])),
        ("suite", first("suite", "suite.json"), "/members/0/verdict", json!("perhaps")),
        ("suite", first("suite", "suite.json"), "/members", json!({})),
        ("scenario", scenario, "/question", json!(["how", "long"])),
    ] {
        let schema = committed(of);
        assert_valid(&schema, &valid, of);
        let mut broken = valid.clone();
        let place = broken.pointer_mut(member).unwrap_or_else(|| panic!("{of} has no {member}"));
        *place = wrong;
        assert!(!schema.is_valid(&broken), "{of}: {member} is {broken}");
        // A required field is missing.
        let (parent, name) = member.rsplit_once('/').unwrap();
        let mut without = valid;
        let parent = without.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.shift_remove(name);
        assert!(!schema.is_valid(&without), "{of} without {member}");
    }
    let misspelled = json!({ "name": "a", "question": "Is it so?", "load": { "clouds": 3 } });
    assert!(!committed("scenario").is_valid(&misspelled));
}
