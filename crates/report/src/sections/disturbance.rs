//! What else the machine did while the trials ran.

use run_record::{Disturbance, DisturbanceThresholds, ExecutionId};
use run_view::Run;
use run_view::number::percent;

use crate::bounds::MAX_LISTED_TRIALS;
use crate::document::{Block, Section, Source};
use crate::table::Table;

/// A value that was not recorded.
const UNKNOWN: &str = "·";

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("disturbance", "What else the machine did");
    let recorded: Vec<_> = run
        .trials
        .iter()
        .filter_map(|trial| Some((trial.execution_id(), trial.disturbance.as_deref()?)))
        .collect();
    if recorded.is_empty() {
        section.page(Block::text(
            "Not recorded: whether other processes disturbed the trials is not known.",
        ));
        return Some(section);
    }
    section.page(Block::caption(
        "While the load of each trial ran. The CPU time of the lab's own processes is no \
         disturbance: it is what the scenario is about. Shares are of the CPU time that the lab \
         could have had; `waited` is the time for which a thread could go on but had no CPU, also \
         because of the lab's own.",
    ));
    if let Some(thresholds) = &run.record.disturbance_thresholds {
        section.page(Block::text(describe_thresholds(thresholds)));
    }
    let mut title = format!("{} executions of trials", recorded.len());
    let mut shown = recorded;
    if shown.len() > MAX_LISTED_TRIALS {
        // In their order, so that the first of the others stay.
        shown.sort_by_key(|(_, disturbance)| !disturbance.is_disturbed());
        shown.truncate(MAX_LISTED_TRIALS);
        title += &format!(", of which {MAX_LISTED_TRIALS} are listed, disturbed ones first");
    }
    let table = table(run, &shown);
    section.page(Block::folded(title, vec![table.into()]));
    Some(section)
}

fn describe_thresholds(thresholds: &DisturbanceThresholds) -> String {
    let part = |share: f64| format!("{} %", percent(share));
    format!(
        "A trial is disturbed if other processes took {} of the CPU time or more, if the load or \
         the server waited for a CPU for {} of the time and other processes used as much, if the \
         hypervisor took {}, if a CPU limit stopped the lab for {}, or if tasks of the machine \
         waited for memory for {} or for storage for {} of the time; and each for at least {} ms.",
        part(thresholds.other_cpu_share),
        part(thresholds.wait_share),
        part(thresholds.steal_share),
        part(thresholds.throttled_share),
        part(thresholds.memory_pressure_share),
        part(thresholds.io_pressure_share),
        (thresholds.shortest_seconds * 1e3).round(),
    )
}

fn table(run: &Run, recorded: &[(ExecutionId, &Disturbance)]) -> Table {
    let row = |(id, of): &(ExecutionId, &Disturbance)| {
        let part = |seconds: Option<f64>, whole: f64| {
            seconds.filter(|_| whole > 0.0).map_or(UNKNOWN.to_owned(), |seconds| {
                format!("{} %", percent((seconds / whole).clamp(0.0, 1.0)))
            })
        };
        let seconds = |value: Option<f64>| {
            value.map_or(UNKNOWN.to_owned(), |seconds| format!("{seconds:.3} s"))
        };
        let (cpu, window) = (of.window_seconds * f64::from(of.cpus), of.window_seconds);
        let is_disturbed = run.verdict.disturbance_of(*id).is_some();
        vec![
            id.to_string(),
            if is_disturbed { "yes" } else { "no" }.to_owned(),
            format!("{window:.3} s"),
            part(Some(of.own_cpu_seconds), cpu),
            part(Some(of.other_cpu_seconds), cpu),
            part(Some(of.steal_seconds), cpu),
            part(of.throttled_seconds, window),
            part(of.memory_pressure_seconds, window),
            part(of.io_pressure_seconds, window),
            seconds(of.load_run_delay_seconds),
            seconds(of.accept_run_delay_seconds),
        ]
    };
    let head = [
        "trial",
        "disturbed",
        "time",
        "lab's CPU",
        "other CPU",
        "stolen",
        "CPU limit",
        "memory",
        "storage",
        "load waited",
        "accept waited",
    ];
    Table {
        head: head.map(str::to_owned).into(),
        rows: recorded.iter().map(row).collect(),
        words: 2,
        ..Table::default()
    }
}
