//! A network namespace that stands for a machine: what a run changes in it is not hidden among
//! the changes of other programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::{all_output, binary, has_passed_in, namespace, repository, runs, text};

/// A network namespace that stands for a machine.
pub(crate) struct Machine {
    /// A process in it, and in the mount namespace that its programs use.
    pid: u32,
    holder: Option<Child>,
}

impl Machine {
    /// A new one, with only its loopback interface.
    pub(crate) fn start() -> Self {
        let holder = namespace::hold();
        Self { pid: holder.id(), holder: Some(holder) }
    }

    /// That of a process, such as an engine.
    pub(crate) fn of_process(pid: u32) -> Self {
        Self { pid, holder: None }
    }

    /// The number of its network namespace.
    pub(crate) fn namespace(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(format!("/proc/{}/ns/net", self.pid)).unwrap().ino()
    }

    /// A command that runs on it.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = namespace::enter(self.pid);
        command.arg(program).args(arguments).current_dir(repository());
        command
    }

    /// `queuelab run` on it, as a command.
    pub(crate) fn run(&self, out: &Path, arguments: &[&str]) -> Command {
        let start = ["run", "--out", out.to_str().unwrap()];
        self.command(binary(), &[&start, arguments].concat())
    }

    /// Whatever of it a program could have changed, by name.
    pub(crate) fn state(&self) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        let mut add = |name: &str, output: &Output| {
            for (number, line) in text(&output.stdout).lines().enumerate() {
                let (key, value) = match name {
                    "sysctl" => line.split_once(':').unwrap_or((line, "")),
                    _ => ("", line),
                };
                let number = if key.is_empty() { number.to_string() } else { String::new() };
                state.insert(format!("{name} {key}{number}"), value.to_owned());
            }
        };
        let output =
            |program: &str, arguments: &[&str]| self.command(program, arguments).output().unwrap();
        // Some of them cannot be read, or have no value.
        let sysctls = output("grep", &["--recursive", "--no-messages", "", "/proc/sys/net"]);
        assert!(text(&sysctls.stdout).lines().count() > 500, "{}", all_output(&sysctls));
        add("sysctl", &sysctls);
        for (name, arguments) in [
            ("links", &["-oneline", "link"][..]),
            ("addresses", &["-oneline", "address"]),
            ("routes", &["route", "show", "table", "all"]),
            ("routes6", &["-6", "route", "show", "table", "all"]),
            ("rules", &["rule"]),
            ("rules6", &["-6", "rule"]),
        ] {
            let found = output("ip", arguments);
            assert!(found.status.success(), "{}", all_output(&found));
            add(name, &found);
        }
        for (name, program, arguments) in [
            ("nft", "nft", &["--stateless", "list", "ruleset"][..]),
            ("iptables", "iptables", &["--list-rules"]),
            ("iptables nat", "iptables", &["--table", "nat", "--list-rules"]),
            ("ip6tables", "ip6tables", &["--list-rules"]),
        ] {
            if has_program(program) {
                add(name, &output(program, arguments));
            }
        }
        // A count of the kernel, which is not a setting.
        state.retain(|name, _| !name.ends_with("/nf_conntrack_count"));
        for group in control_groups() {
            state.insert(format!("control group {group}"), String::new());
        }
        state
    }

    /// Asserts that its state is the same as before.
    pub(crate) fn assert_unchanged(&self, before: &BTreeMap<String, String>) {
        let after = self.state();
        let names = before.keys().chain(after.keys());
        let changed: Vec<_> = names
            .filter(|name| before.get(*name) != after.get(*name))
            .map(|name| format!("{name}: {:?} became {:?}", before.get(name), after.get(name)))
            .collect();
        assert!(changed.is_empty(), "{}", changed.join("\n"));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(holder) = &mut self.holder {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// Starts this many runs at once, and asserts that all of them pass.
pub(crate) fn assert_runs_pass_at_once(
    count: usize,
    out: &Path,
    command: impl Fn(&Path) -> Command,
) {
    let outs: Vec<_> = (0..count).map(|number| out.join(number.to_string())).collect();
    let started: Vec<_> = outs
        .iter()
        .map(|out| {
            let mut command = command(out);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for (child, out) in started.into_iter().zip(&outs) {
        let output = child.wait_with_output().unwrap();
        // Each of them disturbs the others.
        assert!(has_passed_in(output.status.code(), out), "{}", all_output(&output));
        assert_eq!(runs(out).len(), 1);
    }
}

fn has_program(name: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').any(|folder| Path::new(folder).join(name).exists())
}

/// The control groups of the machine at the top, of every hierarchy, without those that
/// engines make for their containers.
fn control_groups() -> Vec<String> {
    let folders = |path: &Path| -> Vec<_> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir() && !path.is_symlink())
            .collect()
    };
    let root = Path::new("/sys/fs/cgroup");
    let mut groups = folders(root);
    // Version 1 has a hierarchy for each controller.
    if !root.join("cgroup.procs").exists() {
        groups = groups.iter().flat_map(|hierarchy| folders(hierarchy)).collect();
    }
    let mut names: Vec<_> = groups.iter().map(|group| group.display().to_string()).collect();
    names.sort();
    names
}

/// Writes a quick suite of scenarios with different sysctls, and returns its path.
pub(crate) fn write_quick_suite(folder: &Path) -> String {
    let file = folder.join("quick.yaml");
    let suite = "name: quick\nquestion: Does a suite change its machine?\nquick: true\n\
                 suite: [smoke, time-wait-buckets, port-exhaustion]\n";
    fs::write(&file, suite).unwrap();
    file.to_str().unwrap().to_owned()
}
