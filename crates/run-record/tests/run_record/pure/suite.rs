//! A suite's directory.

use jiff::Timestamp;
use run_record::{
    MemberRecord, MemberVerdict, RunDirectory, RunDirectoryError, SCHEMA_VERSION, SuiteDirectory,
    SuiteRecord,
};

use crate::support::{backend, machine, tool};

pub(super) fn suite() -> SuiteRecord {
    SuiteRecord {
        schema_version: SCHEMA_VERSION,
        suite: "two".to_owned(),
        question: "Do both hold?".to_owned(),
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        tool: tool(),
        machine: machine(),
        backend: backend(),
        members: vec![MemberRecord {
            scenario: "one".to_owned(),
            verdict: MemberVerdict::NotRun,
            run: None,
            problem: Some("not started".to_owned()),
            seconds: 0.0,
            trials: 0,
        }],
        verdict: None,
    }
}

#[test]
fn a_suite_is_read_back_as_written() {
    let out = tempfile::tempdir().unwrap();
    let mut suite = suite();
    let directory = SuiteDirectory::create(out.path(), &suite).unwrap();
    assert!(directory.path().ends_with("two/1970-01-01T00-00-00Z"), "{directory:?}");
    suite.members[0].verdict = MemberVerdict::Held;
    directory.write(&suite).unwrap();
    assert_eq!(SuiteDirectory::read(directory.path()).unwrap(), suite);
    assert!(SuiteDirectory::exists_at(directory.path()));
    let text = std::fs::read_to_string(directory.path().join("suite.json")).unwrap();
    assert!(text.contains("\"held\""), "{text}");
    let other = SuiteDirectory::create(out.path(), &suite).unwrap();
    assert_ne!(other.path(), directory.path());
}

#[test]
fn a_directory_without_a_readable_suite_is_an_error() {
    let out = tempfile::tempdir().unwrap();
    let error = SuiteDirectory::read(out.path()).unwrap_err();
    assert!(matches!(error, RunDirectoryError::NotASuite(_)), "{error}");
    let newer = SuiteRecord { schema_version: SCHEMA_VERSION + 1, ..suite() };
    let directory = SuiteDirectory::create(out.path(), &newer).unwrap();
    let error = SuiteDirectory::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("newer queuelab") && error.contains("suite.json"), "{error}");
    let error = RunDirectory::read(directory.path()).unwrap_err();
    assert!(matches!(error, RunDirectoryError::NotARun(_)), "a suite is not a run: {error}");
}
