//! Builds, machines and settings of two runs, and how they differ.

use compare::Difference;
use maud::{Markup, html};
use run_record::{Build, RunRecord, SysctlValues};

/// A property of both runs, with its value in the baseline and in the new run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    name: String,
    sides: [String; 2],
}

impl Fact {
    fn differs(&self) -> bool {
        self.sides[0] != self.sides[1]
    }

    /// A row of a table, marked if the values differ.
    pub(crate) fn row(&self) -> Markup {
        let [base, new] = &self.sides;
        html! {
            tr.differs[self.differs()] { th scope="row" { (self.name) } td { (base) } td { (new) } }
        }
    }
}

/// Properties that differ between any two runs.
const ALWAYS_DIFFERENT: [&str; 2] = ["seed", "started"];

/// The differences in build, machine, kernel and backend, and those in settings that a
/// comparison found.
pub(crate) fn differing<'a>(
    base: &RunRecord,
    new: &RunRecord,
    settings: impl Iterator<Item = &'a Difference>,
) -> Vec<Fact> {
    let mut facts = facts(base, new);
    facts.retain(|fact| fact.differs() && !ALWAYS_DIFFERENT.contains(&fact.name.as_str()));
    for Difference { what, baseline, new } in settings {
        let sides = [baseline.clone(), new.clone()];
        let is_known =
            |fact: &Fact| fact.name == *what || (what == "backend" && fact.name == "hosts");
        if !facts.iter().any(is_known) {
            facts.push(Fact { name: what.clone(), sides });
        }
    }
    facts
}

/// All properties, with differences marked.
pub(crate) fn all(base: &RunRecord, new: &RunRecord) -> Markup {
    html! {
        div.wide {
            table.environments {
                thead { tr { th {} th { "baseline" } th { "new" } } }
                @for fact in facts(base, new) { (fact.row()) }
            }
        }
        p.quiet { "Differences are marked. Of the sysctls, only those that differ are listed." }
    }
}

fn facts(base: &RunRecord, new: &RunRecord) -> Vec<Fact> {
    let fact = |(name, [base, new]): (&str, [String; 2])| Fact {
        name: name.to_owned(),
        sides: [base, new],
    };
    let mut rows: Vec<Fact> = properties(base)
        .into_iter()
        .zip(properties(new))
        .map(|((name, b), (_, n))| fact((name, [b, n])))
        .collect();
    if base.build.is_some() || new.build.is_some() {
        let workers = |run: &RunRecord| {
            run.build.as_ref().map_or("of this queuelab".to_owned(), Build::to_string)
        };
        rows.push(fact(("workers", [workers(base), workers(new)])));
    }
    rows.extend(sysctls("server", &base.sysctls, &new.sysctls));
    rows.extend(sysctls("client", &base.sysctls, &new.sysctls));
    rows
}

fn properties(record: &RunRecord) -> Vec<(&'static str, String)> {
    let RunRecord { machine, backend, tool, .. } = record;
    let version = backend.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
    vec![
        ("kernel", format!("Linux {} ({})", machine.kernel, machine.architecture)),
        ("CPUs", machine.cpus.to_string()),
        ("CPU model", machine.cpu_model.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("memory", run_view::number::gibibytes(machine.memory_bytes)),
        ("hosts", format!("{}{version}: {}", backend.name, backend.details)),
        (
            "queuelab",
            match &tool.commit {
                Some(commit) => format!("{} ({commit})", tool.version),
                None => tool.version.clone(),
            },
        ),
        ("form", if record.scenario.overrides.quick { "quick" } else { "full" }.to_owned()),
        ("trials planned", record.planned_trials.to_string()),
        ("seed", record.seed.to_string()),
        ("started", format!("{} UTC", record.started.strftime("%Y-%m-%d %H:%M:%S"))),
    ]
}

/// The sysctls of a host that differ.
fn sysctls(host: &'static str, base: &SysctlValues, new: &SysctlValues) -> Vec<Fact> {
    let of = |values: &SysctlValues| match host {
        "server" => values.server.clone(),
        _ => values.client.clone(),
    };
    let (base, new) = (of(base), of(new));
    let mut names: Vec<_> = base.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let written = |value: Option<&String>| value.map_or("·".to_owned(), Clone::clone);
    names
        .into_iter()
        .map(|name| Fact {
            name: format!("{host}: {name}"),
            sides: [written(base.get(name)), written(new.get(name))],
        })
        .filter(Fact::differs)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::RunDirectory;

    use super::*;

    fn recorded() -> RunRecord {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        RunDirectory::read(&path).unwrap().0
    }

    #[test]
    fn workers_of_another_build_are_listed_and_marked() {
        let new = recorded();
        assert!(!all(&new, &new).0.contains("workers"));
        let (hash, version) = (Some("1f2e3d4c".to_owned()), Some("0.0.9".to_owned()));
        let build = Build { name: "old/queuelab".to_owned(), hash, version };
        let base = RunRecord { build: Some(build), ..new.clone() };
        let table = all(&base, &new).0;
        let row = "<tr class=\"differs\"><th scope=\"row\">workers</th>\
                   <td>old/queuelab, queuelab 0.0.9, 1f2e3d4c</td><td>of this queuelab</td>";
        assert!(table.contains(row), "{table}");
        assert_eq!(differing(&base, &new, std::iter::empty()).len(), 1);
    }

    #[test]
    fn settings_and_machine_are_listed_once_each() {
        let base = recorded();
        let mut new = base.clone();
        (new.seed, new.machine.cpus) = (base.seed + 1, base.machine.cpus + 1);
        let difference = |what: &str| Difference {
            what: what.to_owned(),
            baseline: "1".to_owned(),
            new: "2".to_owned(),
        };
        let apart = [difference("load.messages"), difference("CPUs")];
        let facts = differing(&base, &new, apart.iter());
        let names: Vec<_> = facts.iter().map(|fact| fact.name.as_str()).collect();
        assert_eq!(names, ["CPUs", "load.messages"]);
    }
}
