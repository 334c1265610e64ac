//! The committed JSON Schemas say what this build reads and writes, and are
//! what it prints. `UPDATE_SCHEMAS=1` writes them anew instead.

mod support;

use run_record::{RunRecord, TrialRecord};
use schemars::schema_for;
use serde_json::Value;
use support::{queuelab, repository, said, text};

fn generated() -> [(&'static str, Value); 3] {
    [
        ("scenario", scenario::json_schema()),
        ("run", schema_for!(RunRecord).to_value()),
        ("trial", schema_for!(TrialRecord).to_value()),
    ]
}

#[test]
fn the_committed_schemas_are_those_of_this_build() {
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
            "schemas/{of}.schema.json has drifted: write it anew with \
             `UPDATE_SCHEMAS=1 cargo test --package queuelab --test schemas`"
        );
        let output = queuelab(&["schema", of]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert!(committed == text(&output.stdout), "`queuelab schema {of}` prints another");
    }
}
