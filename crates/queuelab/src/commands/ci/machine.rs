//! The kind of machine: figures are compared between runs on the same CPUs and kernel.

use std::fs;
use std::io::Write;
use std::thread;

use super::settings::Settings;
use super::steps::io_error;
use crate::commands::answer;
use crate::error::Result;

/// Letters of the CPU's model in the name.
const MAX_MODEL: usize = 40;

/// Prints the name of the artefact, and makes it an output of the step.
pub(super) fn name_step(settings: &Settings) -> Result {
    let name = name(settings);
    if let Some(path) = &settings.output {
        let file = fs::OpenOptions::new().append(true).create(true).open(path);
        let written = file.and_then(|mut file| writeln!(file, "name={name}"));
        written.map_err(io_error("write", path))?;
    }
    answer(&name)
}

/// The suite, the backend and the kind of machine, as far as it is known before a run;
/// a comparison checks the rest itself.
pub(super) fn name(settings: &Settings) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel: Vec<_> = kernel.trim().split('.').take(2).collect();
    let model = match cpu_model(&read("/proc/cpuinfo")) {
        model if model.is_empty() => model,
        model => format!("{model}-"),
    };
    format!(
        "{}-{}-{}-{model}{cpus}cpu-linux{}",
        settings.suite_name(),
        settings.backend,
        settings.runner,
        kernel.join(".")
    )
}

/// The CPU's model in letters, digits and hyphens. Runners of one label have CPUs of
/// several models.
fn cpu_model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(':')).map_or("", |(_, model)| model.trim());
    let mut name = String::new();
    for letter in model.to_ascii_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => name.push(letter),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.truncate(MAX_MODEL);
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_of_a_cpu_is_written_in_letters_digits_and_hyphens() {
        let cpuinfo = "processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core (R)  Processor\n";
        assert_eq!(cpu_model(cpuinfo), "amd-epyc-7763-64-core-r-processor");
        assert_eq!(cpu_model("processor\t: 0\n"), "");
        let long = format!("model name : {}", "word ".repeat(20));
        assert_eq!(cpu_model(&long).len(), 39);
    }
}
