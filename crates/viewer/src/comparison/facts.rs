//! What each run was made with, and what of it is not the same.

use compare::Difference;
use maud::{Markup, html};
use run_record::{Build, RunRecord, SysctlValues};

/// A thing that both have: its name, and what it is in the baseline and the new.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    name: String,
    sides: [String; 2],
}

impl Fact {
    fn differs(&self) -> bool {
        self.sides[0] != self.sides[1]
    }

    /// In a table, marked where it differs.
    pub(crate) fn row(&self) -> Markup {
        let [base, new] = &self.sides;
        html! {
            tr.differs[self.differs()] { th scope="row" { (self.name) } td { (base) } td { (new) } }
        }
    }
}

/// What no two runs have alike.
const OF_EACH_RUN: [&str; 2] = ["seed", "started"];

/// What of build, machine, kernel and backend differs, and of the settings, of
/// which a comparison knows.
pub(crate) fn differing<'a>(
    base: &RunRecord,
    new: &RunRecord,
    settings: impl Iterator<Item = &'a Difference>,
) -> Vec<Fact> {
    let mut facts = facts(base, new);
    facts.retain(|fact| fact.differs() && !OF_EACH_RUN.contains(&fact.name.as_str()));
    for Difference { what, baseline, new } in settings {
        let sides = [baseline.clone(), new.clone()];
        let is_told =
            |fact: &Fact| fact.name == *what || (what == "backend" && fact.name == "hosts");
        if !facts.iter().any(is_told) {
            facts.push(Fact { name: what.clone(), sides });
        }
    }
    facts
}

/// Everything, differences marked.
pub(crate) fn all(base: &RunRecord, new: &RunRecord) -> Markup {
    html! {
        div.wide {
            table.environments {
                thead { tr { th {} th { "baseline" } th { "new" } } }
                @for fact in facts(base, new) { (fact.row()) }
            }
        }
        p.quiet { "Marked is what differs. Of the sysctls only those that differ are shown." }
    }
}

fn facts(base: &RunRecord, new: &RunRecord) -> Vec<Fact> {
    let fact = |(name, [base, new]): (&str, [String; 2])| Fact {
        name: name.to_owned(),
        sides: [base, new],
    };
    let mut rows: Vec<Fact> =
        of(base).into_iter().zip(of(new)).map(|((name, b), (_, n))| fact((name, [b, n]))).collect();
    if base.build.is_some() || new.build.is_some() {
        let parts = |run: &RunRecord| {
            run.build.as_ref().map_or("queuelab's own".to_owned(), Build::to_string)
        };
        rows.push(fact(("parts in the hosts", [parts(base), parts(new)])));
    }
    rows.extend(sysctls("server", &base.sysctls, &new.sysctls));
    rows.extend(sysctls("client", &base.sysctls, &new.sysctls));
    rows
}

fn of(record: &RunRecord) -> Vec<(&'static str, String)> {
    let RunRecord { machine, backend, tool, .. } = record;
    let version = backend.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
    vec![
        ("kernel", format!("Linux {} ({})", machine.kernel, machine.architecture)),
        ("CPUs", machine.cpus.to_string()),
        ("CPU model", machine.cpu_model.clone().unwrap_or_else(|| "not known".to_owned())),
        ("memory", run_view::number::gibibytes(machine.memory_bytes)),
        ("hosts", format!("{}{version}: {}", backend.name, backend.details)),
        (
            "queuelab",
            match &tool.commit {
                Some(commit) => format!("{} ({commit})", tool.version),
                None => tool.version.clone(),
            },
        ),
        ("form", if record.scenario.overrides.quick { "quick" } else { "whole" }.to_owned()),
        ("trials planned", record.planned_trials.to_string()),
        ("seed", record.seed.to_string()),
        ("started", format!("{} UTC", record.started.strftime("%Y-%m-%d %H:%M:%S"))),
    ]
}

/// Sysctls of a host that are not the same in both.
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

    fn kept() -> RunRecord {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        RunDirectory::read(&kept).unwrap().0
    }

    #[test]
    fn parts_of_another_build_are_told_and_marked() {
        let new = kept();
        assert!(!all(&new, &new).0.contains("parts in the hosts"));
        let (hash, version) = (Some("1f2e3d4c".to_owned()), Some("0.0.9".to_owned()));
        let build = Build { name: "old/queuelab".to_owned(), hash, version };
        let base = RunRecord { build: Some(build), ..new.clone() };
        let told = all(&base, &new).0;
        let row = "<tr class=\"differs\"><th scope=\"row\">parts in the hosts</th>\
                   <td>old/queuelab, queuelab 0.0.9, 1f2e3d4c</td><td>queuelab's own</td>";
        assert!(told.contains(row), "{told}");
        assert_eq!(differing(&base, &new, std::iter::empty()).len(), 1);
    }

    #[test]
    fn a_setting_is_told_beside_the_machine_and_neither_twice() {
        let base = kept();
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
