//! The program that was the server, if it was not the lab's own.

use run_view::number::mebibytes;
use run_view::prose::several;
use run_view::{Program, Run};
use serde_json::Value;

use crate::document::{Block, Section, Source};

/// Longest command that is shown, characters.
const MAX_COMMAND: usize = 200;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let programs: Vec<_> = run.trials.iter().filter_map(|trial| trial.program.as_deref()).collect();
    if programs.is_empty() {
        return None;
    }
    let mut section = Section::new("program", "The server under test");
    section.report(Block::text(visible::lines(&summary(run, &programs)).into_owned()));
    if let Some(died) = programs.iter().find(|program| !program.last_lines.is_empty()) {
        let why = match died.end.died_ns {
            Some(_) => "The end of the output of one that ended before it was stopped:",
            None => "The end of the output of one that had to be killed:",
        };
        section.report(Block::text(why));
        let lines = visible::lines(&died.last_lines.join("\n")).into_owned();
        section.report(Block::Preformatted(lines));
    }
    Some(section)
}

fn summary(run: &Run, programs: &[&Program]) -> String {
    let server = &run.record.scenario.resolved["server"];
    let words = |value: &Value| -> Vec<String> {
        let words = value.as_array().into_iter().flatten();
        words.map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect()
    };
    let command = match &server["image"]["image"] {
        Value::String(image) => {
            [vec![format!("the image {image}")], words(&server["image"]["command"])].concat()
        }
        _ => words(&server["command"]["program"]),
    };
    // What an axis decides is not part of the resolved scenario.
    let command = match command.is_empty() {
        true => "A program that differs between cells".to_owned(),
        false => command.join(" "),
    };
    let command: String = command.chars().take(MAX_COMMAND).collect();
    // The range of what is known.
    let range = |of: fn(&Program) -> Option<f64>| {
        let values = programs.iter().filter_map(|program| of(program));
        let (least, most) = (values.clone().reduce(f64::min)?, values.reduce(f64::max)?);
        let (least, most) = (format!("{least:.2}"), format!("{most:.2} s"));
        Some(if most.starts_with(&least) { most } else { format!("{least} to {most}") })
    };
    let mut text = format!("{command}\nIn {}: ", several(programs.len() as u64, "trial"));
    let ready = range(|program| Some(program.ready_seconds)).unwrap_or_default();
    text += &format!("ready after {ready}");
    if let Some(cpu) = range(|program| program.cpu_seconds) {
        text += &format!(", {cpu} of CPU time");
    }
    if let Some(memory) = programs.iter().filter_map(|program| program.most_memory_bytes).max() {
        text += &format!(", at most {} in one process", mebibytes(memory));
    }
    if let Some(stopped) = range(|program| program.end.stop_seconds) {
        text += &format!("; stopped in {stopped}");
    }
    text += ".";
    let unknown = programs.iter().filter(|program| program.cpu_seconds.is_none()).count();
    if unknown > 0 {
        let trials = several(unknown as u64, "trial");
        text += &format!(" Its CPU time and memory are not known of {trials}.");
    }
    let died = programs.iter().filter(|program| program.end.died_ns.is_some()).count();
    let killed = programs.iter().filter(|program| program.end.killed_processes > 0).count();
    if died > 0 {
        text += &format!(" It ended before it was stopped in {}.", several(died as u64, "trial"));
    }
    if killed > 0 {
        text += &format!(
            " It did not end within server.command.stop.grace and was killed in {}.",
            several(killed as u64, "trial")
        );
    }
    text
}
