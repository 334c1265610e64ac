//! What every backend relies on.

use std::fs;

use lab::{BackendError, Finding};
use linux_net::{DiagError, SocketDiag};
use report::gibibytes;
use run_record::Machine;

use super::limits::Limits;

const AUTOGROUP: &str = "kernel.sched_autogroup_enabled";

/// Checks the machine, whose scenarios have up to `clients` clients.
pub(super) fn findings(limits: &Limits, clients: u32) -> Vec<Finding> {
    let autogroup = fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled");
    let listed = SocketDiag::open().and_then(|mut diag| diag.listeners());
    let mut findings = machine_found(&lab::machine());
    findings.extend(limits_found(limits, clients));
    findings.push(sockets_found(listed.map(|_| ())));
    findings.push(autogroup_found(autogroup.ok().as_deref().map(str::trim)));
    findings
}

fn machine_found(machine: &Machine) -> Vec<Finding> {
    let Machine { kernel, architecture, cpus, memory_bytes, .. } = machine;
    vec![
        Finding::ok("kernel", format!("{kernel}, {architecture}")),
        match cpus {
            1 => Finding::note("CPUs", "1, which server and load share: rates say little"),
            cpus => Finding::ok("CPUs", cpus.to_string()),
        },
        Finding::ok("memory", gibibytes(*memory_bytes)),
    ]
}

fn limits_found(limits: &Limits, needed: u32) -> [Finding; 3] {
    let needed = u64::from(needed);
    let ceilings = limits.ceilings();
    let tightest = &ceilings[0];
    let detail = format!(
        "up to {} in a cell ({} decides); the scenarios here have at most {needed}",
        counted(tightest.clients),
        tightest.limit,
        needed = counted(needed)
    );
    let clients = match tightest.clients >= needed {
        true => Finding::ok("clients", detail),
        false => Finding::note("clients", detail).with_hint(tightest.hint(needed)),
    };

    let Limits { soft_files, hard_files, .. } = limits;
    let raised = match limits.files_to_raise_to.filter(|most| most > hard_files) {
        Some(most) => {
            format!(", raised up to {} (fs.nr_open) if a cell needs it", counted(most))
        }
        None if soft_files < hard_files => ", the soft one raised if a cell needs it".to_owned(),
        None => String::new(),
    };
    let [soft, hard] = [soft_files, hard_files].map(|files| counted(*files));
    let files = Finding::ok("open files", format!("{soft} soft, {hard} hard{raised}"));

    let named = [
        (limits.most_threads, "kernel.threads-max"),
        (limits.most_ids, "kernel.pid_max"),
        (limits.user_threads, "`ulimit -u`"),
        (limits.group_threads, "left by pids.max"),
    ];
    let named: Vec<String> = named
        .into_iter()
        .filter_map(|(most, name)| most.map(|most| format!("{} ({name})", counted(most))))
        .collect();
    let now = counted(limits.threads_now);
    let threads = Finding::ok("threads", format!("{}; {now} now", named.join(", ")));
    [clients, files, threads]
}

fn counted(number: u64) -> String {
    report::count(number.try_into().unwrap_or(i64::MAX))
}

fn sockets_found(listed: Result<(), DiagError>) -> Finding {
    match listed {
        Ok(()) => Finding::ok("inet_diag", "the kernel lists TCP sockets and their queues"),
        Err(error) => {
            Finding::missing("inet_diag", &BackendError::from_message(&error.to_string()))
        }
    }
}

/// docs/decisions/0004 says why it matters.
fn autogroup_found(value: Option<&str>) -> Finding {
    let unfair = "the load gets one share of the CPUs among the server's threads, and may notice \
                  late what the kernel did in time";
    match value {
        Some("1") => Finding::ok(
            "scheduler",
            format!("server and load share the CPUs half and half ({AUTOGROUP} = 1)"),
        ),
        Some(value) => Finding::note("scheduler", format!("{unfair} ({AUTOGROUP} = {value})"))
            .with_hint(format!("`sudo sysctl -w {AUTOGROUP}=1`")),
        None => Finding::note("scheduler", format!("{unfair} (this kernel has no {AUTOGROUP})"))
            .with_hint("`--backend docker`, whose containers share them evenly"),
    }
}

#[cfg(test)]
mod tests {
    use lab::FindingState;

    use super::*;

    #[test]
    fn too_few_clients_are_a_note_with_the_limit_that_decides() {
        let limits = Limits { soft_files: 256, hard_files: 256, ..Limits::default() };
        let [clients, files, _] = limits_found(&limits, 1000);
        assert_eq!(clients.state, FindingState::Note);
        assert!(clients.detail.starts_with("up to 192 in a cell"), "{}", clients.detail);
        assert!(clients.hint.unwrap().contains("--nofile=1064"));
        assert_eq!(files.detail, "256 soft, 256 hard");
        let [clients, ..] = limits_found(&limits, 192);
        assert_eq!(clients.state, FindingState::Ok);
    }

    #[test]
    fn limits_that_can_be_raised_are_described() {
        let limits = Limits { soft_files: 1024, hard_files: 4096, ..Limits::default() };
        let detail = |limits| limits_found(limits, 1)[1].detail.clone();
        assert_eq!(
            detail(&limits),
            "1 024 soft, 4 096 hard, the soft one raised if a cell needs it"
        );
        let root = Limits { files_to_raise_to: Some(1 << 20), ..limits };
        assert_eq!(
            detail(&root),
            "1 024 soft, 4 096 hard, raised up to 1 048 576 (fs.nr_open) if a cell needs it"
        );
    }

    #[test]
    fn no_inet_diag_is_missing_with_the_module_that_has_it() {
        let finding = sockets_found(Err(DiagError::NotBuilt));
        assert_eq!(finding.state, FindingState::Missing);
        assert_eq!(finding.hint.as_deref(), Some("`sudo modprobe tcp_diag`"));
    }

    #[test]
    fn an_unfair_scheduler_is_a_note() {
        assert_eq!(autogroup_found(Some("1")).state, FindingState::Ok);
        let off = autogroup_found(Some("0"));
        assert_eq!(off.state, FindingState::Note);
        assert_eq!(off.hint.as_deref(), Some("`sudo sysctl -w kernel.sched_autogroup_enabled=1`"));
        assert_eq!(autogroup_found(None).state, FindingState::Note);
    }
}
