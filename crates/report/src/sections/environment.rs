//! The machine, the program and the settings of the run.

use std::collections::{BTreeMap, BTreeSet};

use run_record::{Interleaved, InterleavedRole};
use run_view::Run;
use run_view::number::gibibytes;
use run_view::prose::several;

use crate::document::{Block, Section, Source};
use crate::table::Table;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("environment", "Environment");
    section.summary(Block::text(visible::line(&run.hosts())));
    section.page(Block::caption(
        "The machine, the program and the settings. Runs are comparable if these are the same.",
    ));
    let facts = facts(run).into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
    section.page(Block::Facts(facts));
    let sysctls = Block::from(sysctls(run));
    section.page(Block::folded("Sysctls in force in the first testbed", vec![sysctls]));
    let resolved = serde_json::to_string_pretty(&run.record.scenario.resolved).unwrap_or_default();
    let resolved = Block::Preformatted(resolved);
    section.page(Block::folded("The scenario as resolved", vec![resolved]));
    Some(section)
}

/// The machine and the program, by name.
fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let record = &run.record;
    let machine = &record.machine;
    let backend = &record.backend;
    let version = backend.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
    let commit = record.tool.commit.as_ref().map_or(String::new(), |commit| format!(", {commit}"));
    let overrides = &record.scenario.overrides;
    let pairs = |pairs: &[(String, String)], flag: &str| -> Vec<String> {
        pairs.iter().map(|(path, value)| format!("{flag} {path}={value}")).collect()
    };
    let mut changes = Vec::new();
    changes.extend(overrides.quick.then(|| "--quick".to_owned()));
    changes.extend(pairs(&overrides.set, "--set"));
    changes.extend(pairs(&overrides.only, "--only"));
    changes.extend(overrides.repeat.map(|repeat| format!("--repeat {repeat}")));
    let axes = record.axes.iter().map(|axis| {
        let values: Vec<_> = axis.values.iter().map(run_record::describe_value).collect();
        format!("{}: {}", axis.path, values.join(", "))
    });
    let mut facts = vec![
        ("Linux", format!("{}, {}", machine.kernel, machine.architecture)),
        (
            "machine",
            format!("{}, {}", several(machine.cpus.into(), "CPU"), gibibytes(machine.memory_bytes)),
        ),
        ("hosts", format!("{}{version}, {}", backend.name, backend.details)),
        ("program", format!("queuelab {}{commit}", record.tool.version)),
        ("started", record.started.to_string()),
        ("ended", record.ended.map_or_else(|| "not yet".to_owned(), |ended| ended.to_string())),
        ("seed", record.seed.to_string()),
        ("trials", format!("{} of {}", run.executed_trials(), record.planned_trials)),
        ("matrix", axes.collect::<Vec<_>>().join("; ")),
    ];
    facts.extend(machine.cpu_model.clone().map(|model| ("CPU", model)));
    facts.extend(run.build().map(|build| ("workers in the hosts", build)));
    if let Some(Interleaved { role, with }) = &record.interleaved {
        let is = match role {
            InterleavedRole::New => "compared with",
            InterleavedRole::Baseline => "the baseline of",
        };
        facts.push(("interleaved", format!("trial by trial, {is} {with}")));
    }
    if !changes.is_empty() {
        facts.push(("changed", changes.join(" ")));
    }
    for resumed in &record.resumed {
        facts.push(("resumed", resumed.to_string()));
    }
    if let Some(rule) = &record.kernel_rules.syn_queue_full {
        facts.push(("a SYN queue is full", rule.replace('_', " ")));
    }
    facts
}

fn sysctls(run: &Run) -> Table {
    let hosts = &run.record.sysctls;
    let names: BTreeSet<_> = hosts.server.keys().chain(hosts.client.keys()).collect();
    let of = |host: &BTreeMap<String, String>, name: &str| {
        host.get(name).map_or_else(|| "·".to_owned(), |value| value.replace('\t', " "))
    };
    let row = |name: &String| vec![name.clone(), of(&hosts.server, name), of(&hosts.client, name)];
    Table {
        head: ["sysctl", "server", "client"].map(str::to_owned).into(),
        rows: names.into_iter().map(row).collect(),
        words: 1,
        ..Table::default()
    }
}
