//! `queuelab show`: prints a resolved scenario, or everything about a run.

use std::borrow::Cow;
use std::path::Path;

use clap::Args;
use clap_complete::ArgValueCompleter;
use command_output::{Shown, ShownScenario};
use run_record::Axis;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::DoubleQuoted;
use watch_recording::WatchRecord;

use super::plan::PlanArguments;
use super::{plan, print_document, print_yaml, run_result};
use crate::completion;
use crate::error::{CommandError, Result};

/// Arguments of `queuelab show`.
#[derive(Debug, Args)]
#[command(mut_arg("scenario", |scenario| {
    scenario
        .help("Name of the scenario, path of its file, or directory of a run, suite or watch")
        .add(ArgValueCompleter::new(completion::scenarios_and_runs))
}))]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// Print JSON; `queuelab schema result` describes it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the resolved scenario, its axes, and the number of its trials; or everything about
/// the run or suite in a directory.
pub(crate) fn show(arguments: &ShowArguments) -> Result {
    let path = Path::new(&arguments.plan.scenario);
    if path.is_dir() {
        return match arguments.json {
            true if WatchRecord::exists_at(path) => Err(CommandError::Usage(format!(
                "failed to print {} as a result: it is the record of a watch; its data are \
                 watch.json and seconds.jsonl (`queuelab schema watch-record`, `watch-line`)",
                path.display()
            ))),
            true => print_document(&run_result::read(path)?),
            false => super::report::print_all(path),
        };
    }
    let plan = plan::plan(&arguments.plan)?;
    if arguments.json {
        let axes = plan.axes.iter();
        let axes = axes.map(|axis| Axis { path: axis.path.clone(), values: axis.values.clone() });
        return print_document(&Shown::Scenario(ShownScenario {
            axes: axes.collect(),
            cells: plan.cells.len() as u64,
            trials: plan.trials.len() as u64,
            scenario: plan.resolved,
        }));
    }
    let mut text = yaml(&plan.resolved);
    text += "\n# axes (the last one varies fastest):\n";
    for axis in &plan.axes {
        let values: Vec<_> = axis.values.iter().map(ToString::to_string).collect();
        let line = format!("{}: {}", axis.path, values.join(", "));
        text += &format!("#   {}\n", visible::line(&line));
    }
    text += &format!("# {}\n", plan::describe_size(&plan));
    print_yaml(&text)
}

fn yaml(resolved: &Value) -> String {
    serde_saphyr::to_string(&Quoted(resolved)).expect("a scenario is plain data")
}

/// A value in which each text that would control a terminal is in double quotes: only there it
/// can be escaped.
struct Quoted<'a>(&'a Value);

impl Serialize for Quoted<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            // Two colons of one text can be a command to GitHub with those of another.
            Value::String(text) if text.contains("::") => DoubleQuoted(text).serialize(to),
            Value::String(text) => match visible::lines(text) {
                Cow::Borrowed(_) => text.serialize(to),
                Cow::Owned(_) => DoubleQuoted(text).serialize(to),
            },
            Value::Array(values) => to.collect_seq(values.iter().map(Quoted)),
            Value::Object(entries) => {
                to.collect_map(entries.iter().map(|(key, value)| (key, Quoted(value))))
            }
            value => value.serialize(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::seq::IndexedRandom;
    use rand::{RngExt, SeedableRng};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_shown_is_yaml_with_the_same_meaning() {
        let parts = [
            "\u{1b}[2J",
            "\u{202e}",
            "\u{85}",
            "\u{2028}",
            "\u{e0041}",
            "\u{feff}",
            "\r",
            "\n",
            "\t",
            " ",
            "\0",
            "\u{7f}",
            "a",
            "::error ::x",
            "#",
            ": ",
            "- ",
            "\"",
            "'",
            "\\",
            "{",
            "é",
            "1",
            "\u{a0}",
            "---",
            "!",
            "%",
            "@",
            "\u{ad}",
        ];
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..3000 {
            let mut text = || -> String {
                let length = random.random_range(0..8);
                (0..length).map(|_| *parts.choose(&mut random).unwrap()).collect()
            };
            let value = json!({"question": text(), "a": {"b": [text(), {"c": text()}]}, "n": 1.5});
            let shown = format!("{}# end", yaml(&value));
            let safe = visible::yaml(&shown);
            assert_eq!(visible::lines(&safe), safe, "{value}");
            let read: Value = serde_saphyr::from_str(&safe)
                .unwrap_or_else(|error| panic!("{error}: {value}\n{safe}"));
            assert_eq!(read, value, "{safe}");
        }
    }
}
