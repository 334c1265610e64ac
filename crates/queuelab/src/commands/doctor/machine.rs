//! The requirements of every backend.

use std::fs;
use std::path::Path;

use chat_server::DESIGNS;
use lab::{BackendError, Finding, Needs};
use linux_net::{DiagError, SocketDiag};
use report::{count, gibibytes};
use run_record::Machine;

use super::limits::Limits;
use crate::backend_name::user_backends;

const AUTOGROUP: &str = "kernel.sched_autogroup_enabled";

/// Checks the machine for scenarios with these needs.
pub(super) fn findings(limits: &Limits, needs: &Needs) -> Vec<Finding> {
    let autogroup = fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled");
    let listed = SocketDiag::open().and_then(|mut diag| diag.listeners());
    let mut findings = machine_findings(&run_record::Machine::current());
    findings.extend(limit_findings(limits, needs));
    findings.push(socket_finding(listed.map(|_| ())));
    findings.extend(design_findings());
    findings.push(family_finding(Path::new("/proc/sys/net/ipv6").exists()));
    findings.push(machine_wide_finding(|name| {
        fs::read_to_string(Path::new("/proc/sys").join(name.replace('.', "/"))).ok()
    }));
    findings.push(scheduler_finding(autogroup.ok().as_deref().map(str::trim)));
    findings
}

fn machine_findings(machine: &Machine) -> Vec<Finding> {
    let Machine { kernel, architecture, cpus, memory_bytes, .. } = machine;
    vec![
        Finding::ok("kernel", format!("{kernel}, {architecture}")),
        match cpus {
            1 => Finding::note("CPUs", "1, shared by server and load: rates are not meaningful"),
            cpus => Finding::ok("CPUs", cpus.to_string()),
        },
        Finding::ok("memory", gibibytes(*memory_bytes)),
    ]
}

fn limit_findings(limits: &Limits, needs: &Needs) -> [Finding; 3] {
    let needed = u64::from(needs.clients);
    let ceilings = limits.ceilings(needs.threads_per_client);
    let tightest = &ceilings[0];
    let detail = format!(
        "up to {} in a cell, limited by {}; the scenarios here need at most {needed}",
        count(tightest.clients),
        tightest.limit(),
        needed = count(needed)
    );
    let clients = match tightest.clients >= needed {
        true => Finding::ok("clients", detail),
        false => Finding::note("clients", detail).with_hint(tightest.hint(needed)),
    };

    let Limits { soft_files, hard_files, .. } = limits;
    let raised = match limits.raisable_files.filter(|max| max > hard_files) {
        Some(max) => {
            format!(", raised up to {} (fs.nr_open) if a cell needs it", count(max))
        }
        None if soft_files < hard_files => {
            ", the soft limit is raised if a cell needs it".to_owned()
        }
        None => String::new(),
    };
    let [soft, hard] = [soft_files, hard_files].map(|&files| count(files));
    let files = Finding::ok("open files", format!("{soft} soft, {hard} hard{raised}"));

    [clients, files, Finding::ok("threads", limits.describe_threads())]
}

fn socket_finding(listed: Result<(), DiagError>) -> Finding {
    match listed {
        Ok(()) => Finding::ok("inet_diag", "the kernel lists TCP sockets and their queues"),
        Err(error) => {
            Finding::missing("inet_diag", &BackendError::from_message(&error.to_string()))
        }
    }
}

/// Of designs that not every machine permits.
fn design_findings() -> Vec<Finding> {
    let refused = DESIGNS.iter().filter_map(|design| {
        let error = design.check_machine().err()?;
        Some(Finding::note("designs", format!("{} cannot be used: {error}", design.name)))
    });
    refused.collect()
}

fn family_finding(has_ipv6: bool) -> Finding {
    match has_ipv6 {
        true => Finding::ok("addresses", "IPv4 and IPv6"),
        false => Finding::note(
            "addresses",
            "IPv4 only: `server`, `load` and `probe` cannot use IPv6 addresses on this kernel",
        ),
    }
}

/// Sysctls that decide how connections queue, but are not of a network namespace.
const MACHINE_WIDE: [&str; 3] =
    ["net.core.netdev_max_backlog", "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_mem"];

/// The values that all hosts of all trials share.
fn machine_wide_finding(read: impl Fn(&str) -> Option<String>) -> Finding {
    let value = |name: &&str| {
        let text = read(name)?;
        let values: Vec<_> = text.split_whitespace().collect();
        Some(format!("{name} = {}", values.join(" ")))
    };
    let values: Vec<_> = MACHINE_WIDE.iter().filter_map(value).collect();
    let shared = "one value for the whole machine, which a scenario cannot set";
    match values.is_empty() {
        true => Finding::ok(
            "whole machine",
            format!(
                "{}: {shared} (not visible in this network namespace)",
                MACHINE_WIDE.join(", ")
            ),
        ),
        false => Finding::ok("whole machine", format!("{}: {shared}", values.join(", "))),
    }
}

/// docs/decisions/0004 explains why it matters.
fn scheduler_finding(value: Option<&str>) -> Finding {
    let unfair = "the load competes for the CPUs with every thread of the server, so that its \
                  timings may be late";
    match value {
        Some("1") => Finding::ok(
            "scheduler",
            format!("server and load get equal shares of the CPUs ({AUTOGROUP} = 1)"),
        ),
        Some(value) => Finding::note("scheduler", format!("{unfair} ({AUTOGROUP} = {value})"))
            .with_hint(format!("run `sudo sysctl -w {AUTOGROUP}=1`")),
        None => {
            let note =
                Finding::note("scheduler", format!("{unfair} (this kernel has no {AUTOGROUP})"));
            match fair_backend() {
                Some(hint) => note.with_hint(hint),
                None => note,
            }
        }
    }
}

fn fair_backend() -> Option<String> {
    user_backends().find_map(|backend| {
        let reason = backend.equal_cpu_shares()?;
        Some(format!("use `--backend {}`: {reason}", backend.name()))
    })
}

#[cfg(test)]
mod tests {
    use lab::FindingState;

    use super::*;

    fn needs(clients: u32) -> Needs {
        Needs { clients, threads_per_client: 1, ..Needs::default() }
    }

    #[test]
    fn a_limit_below_the_scenarios_needs_is_a_note_with_a_hint() {
        let limits = Limits { soft_files: 256, hard_files: 256, ..Limits::default() };
        let [clients, files, _] = limit_findings(&limits, &needs(1000));
        assert_eq!(clients.state, FindingState::Note);
        assert!(clients.detail.starts_with("up to 192 in a cell"), "{}", clients.detail);
        assert!(clients.hint.unwrap().contains("--nofile=1064"));
        assert_eq!(files.detail, "256 soft, 256 hard");
        let [clients, ..] = limit_findings(&limits, &needs(192));
        assert_eq!(clients.state, FindingState::Ok);
    }

    #[test]
    fn raisable_limits_are_described() {
        let limits = Limits { soft_files: 1024, hard_files: 4096, ..Limits::default() };
        let detail = |limits: &Limits| limit_findings(limits, &needs(1))[1].detail.clone();
        assert_eq!(
            detail(&limits),
            "1 024 soft, 4 096 hard, the soft limit is raised if a cell needs it"
        );
        let root = Limits { raisable_files: Some(1 << 20), ..limits };
        assert_eq!(
            detail(&root),
            "1 024 soft, 4 096 hard, raised up to 1 048 576 (fs.nr_open) if a cell needs it"
        );
    }

    #[test]
    fn values_of_the_whole_machine_say_so() {
        let seen =
            machine_wide_finding(|name| name.ends_with("tcp_mem").then(|| "1\t2\t3\n".into()));
        assert!(
            seen.detail.starts_with("net.ipv4.tcp_mem = 1 2 3: one value for the whole machine")
        );
        let unseen = machine_wide_finding(|_| None).detail;
        assert!(unseen.contains("not visible in this network namespace"), "{unseen}");
        assert_eq!(family_finding(false).state, FindingState::Note);
    }

    #[test]
    fn missing_inet_diag_is_reported_with_its_kernel_module() {
        let finding = socket_finding(Err(DiagError::NotBuilt));
        assert_eq!(finding.state, FindingState::Missing);
        assert_eq!(finding.hint.as_deref(), Some("`sudo modprobe tcp_diag`"));
    }

    #[test]
    fn an_unfair_scheduler_is_a_note_with_a_hint() {
        assert_eq!(scheduler_finding(Some("1")).state, FindingState::Ok);
        let off = scheduler_finding(Some("0"));
        assert_eq!(off.state, FindingState::Note);
        assert_eq!(
            off.hint.as_deref(),
            Some("run `sudo sysctl -w kernel.sched_autogroup_enabled=1`")
        );
        let absent = scheduler_finding(None);
        assert_eq!(absent.state, FindingState::Note);
        assert_eq!(
            absent.hint.as_deref(),
            Some("use `--backend docker`: containers get equal shares")
        );
    }
}
