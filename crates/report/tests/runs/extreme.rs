//! A recorded run with the largest or smallest numbers that its fields take.

use report::Run;
use run_record::TrialRecord;
use serde_json::Value;

use crate::runs::load_run;

/// A recorded run with every whole number of its trials set to the first of `extremes` that
/// its field takes.
pub(crate) fn with_extremes(name: &str, extremes: &[Value]) -> Run {
    let (record, trials) = load_run(name);
    let of_trial = |trial: &TrialRecord| {
        let mut value = serde_json::to_value(trial).unwrap();
        let mut paths = Vec::new();
        whole_numbers(&value, "", &mut paths);
        for path in paths {
            // The identity and place of a trial do not change.
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
