//! The machine that something ran on.

use std::fs;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The machine that it ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// The kernel's release, from uname(2).
    pub kernel: String,
    /// The machine's architecture, from uname(2).
    pub architecture: String,
    /// The CPUs' model, from /proc/cpuinfo; none if that has none, and in runs of older
    /// builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// CPUs that the lab may run on.
    pub cpus: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
}

impl Machine {
    /// The machine that this process runs on.
    pub fn current() -> Self {
        let uname = nix::sys::utsname::uname();
        let text = |field: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
            uname.as_ref().map(|u| field(u).to_string_lossy().into_owned()).unwrap_or_default()
        };
        Self {
            kernel: text(nix::sys::utsname::UtsName::release),
            architecture: text(nix::sys::utsname::UtsName::machine),
            cpu_model: fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| cpu_model(&text)),
            cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            memory_bytes: memory_bytes().unwrap_or(0),
        }
    }
}

/// The model in the text of /proc/cpuinfo; some architectures have none.
fn cpu_model(text: &str) -> Option<String> {
    let mut facts = text.lines().filter_map(|line| line.split_once(':'));
    let (_, model) = facts.find(|(name, _)| name.trim_end() == "model name")?;
    Some(model.trim().to_owned()).filter(|model| !model.is_empty())
}

fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::cpu_model;

    #[test]
    fn the_cpu_model_is_read_from_cpuinfo() {
        let text = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 7763: 64-Core\n\n";
        assert_eq!(cpu_model(text).as_deref(), Some("AMD EPYC 7763: 64-Core"));
        // As on ARM.
        assert_eq!(cpu_model("processor\t: 0\nBogoMIPS\t: 50.00\n"), None);
        assert_eq!(cpu_model("model name\t:\n"), None);
    }
}
