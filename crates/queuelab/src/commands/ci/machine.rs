//! The kind of machine: metrics are compared between runs on the same CPUs and kernel.

use std::fs;
use std::thread;

use super::outputs;
use super::settings::Settings;
use crate::commands::print_output;
use crate::error::Result;

/// Maximum length of the CPU model in the name.
const MAX_MODEL_LENGTH: usize = 40;

/// Prints the name of the artefact, and sets it as an output of the step.
pub(super) fn print_name(settings: &Settings) -> Result {
    let name = name(settings);
    outputs::write(settings, &[("name", &name)])?;
    print_output(&name)
}

/// The suite, the backend and what is known of the machine before a run; a comparison
/// checks the rest itself.
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

/// The CPU model in letters, digits and hyphens. Runners with the same label have
/// different CPU models.
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
    name.truncate(MAX_MODEL_LENGTH);
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_model_is_reduced_to_letters_digits_and_hyphens() {
        let cpuinfo = "processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core (R)  Processor\n";
        assert_eq!(cpu_model(cpuinfo), "amd-epyc-7763-64-core-r-processor");
        assert_eq!(cpu_model("processor\t: 0\n"), "");
        let long = format!("model name : {}", "word ".repeat(20));
        assert_eq!(cpu_model(&long).len(), 39);
    }
}
