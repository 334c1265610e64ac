//! Numbers that nothing could have measured: a file may hold them all the same,
//! and whoever reads it gets a report, not a panic.

mod runs;

use report::{Criteria, Run, compare, files, summary};
use run_record::TrialRecord;
use serde_json::{Value, json};

use crate::runs::kept;

/// A kept run, each of its trials' whole numbers as large as its field takes, or as
/// small.
fn absurd(name: &str, extremes: &[Value]) -> Run {
    let (record, trials) = kept(name);
    let of_trial = |trial: &TrialRecord| {
        let mut value = serde_json::to_value(trial).unwrap();
        let mut paths = Vec::new();
        whole_numbers(&value, "", &mut paths);
        for path in paths {
            // What tells trials apart, and where they belong, stays.
            if ["/id", "/cell", "/retry"].contains(&path.as_str()) || path.starts_with("/point") {
                continue;
            }
            for extreme in extremes {
                let before = std::mem::replace(value.pointer_mut(&path).unwrap(), extreme.clone());
                if serde_json::from_value::<TrialRecord>(value.clone()).is_ok() {
                    break;
                }
                *value.pointer_mut(&path).unwrap() = before;
            }
        }
        serde_json::from_value(value).unwrap()
    };
    Run::new(record, trials.iter().take(4).map(of_trial).collect())
}

fn whole_numbers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(number) if !number.is_f64() => found.push(path.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                whole_numbers(item, &format!("{path}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                whole_numbers(member, &format!("{path}/{name}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_run_of_the_largest_and_the_smallest_numbers_has_a_report() {
    let largest = [json!(u64::MAX), json!(i64::MAX), json!(u32::MAX), json!(u8::MAX)];
    let smallest = [json!(i64::MIN), json!(0)];
    for name in ["sweep", "server-death", "bursts"] {
        let [large, small] = [&largest[..], &smallest].map(|extremes| absurd(name, extremes));
        for run in [&large, &small] {
            assert!(!summary(run).is_empty());
            assert!(!compare(&large, run, &Criteria::default()).written().is_empty());
            let nowhere = tempfile::tempdir().unwrap();
            assert!(!files(run, nowhere.path()).files.is_empty());
        }
        assert!(summary(&large).contains("18 446 744 073 709 551 615 attempts in"));
    }
}

#[test]
fn a_trial_of_countless_retransmissions_gets_no_column_for_each() {
    let (record, mut trials) = kept("sweep");
    trials[0].syn_retransmits.insert(u32::MAX, 1);
    assert!(summary(&Run::new(record, trials)).contains("4294967295 SYN retransmissions"));
}
