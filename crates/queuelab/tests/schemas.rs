//! The committed JSON Schemas say what this build reads and writes.

mod support;

use support::{queuelab, repository, said, text};

#[test]
fn the_committed_schemas_are_those_of_this_build() {
    for of in ["scenario", "run", "trial"] {
        let output = queuelab(&["schema", of]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let path = repository().join(format!("schemas/{of}.schema.json"));
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(
            committed == text(&output.stdout),
            "schemas/{of}.schema.json has drifted: write it anew with \
             `cargo lab schema {of} > schemas/{of}.schema.json`"
        );
    }
}
