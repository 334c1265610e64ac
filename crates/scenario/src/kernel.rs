//! What the scenario's kernel has: sysctls and counters.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::cell::Cell;
use crate::limits::MAX_PROBLEMS;
use crate::model::Hosts;
use crate::name_hint::did_you_mean;
use crate::place::Place;
use crate::problem::Problem;

/// What a kernel does with a sysctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SysctlKind {
    /// Each network namespace has its own.
    PerNamespace,
    /// The machine has only one: a scenario must not set it.
    Global,
    /// The kernel has no such sysctl.
    Unknown,
    /// This could not be determined here.
    CannotTell,
}

/// Sysctls of a host with their values, in the order in which they are set.
pub type SysctlList = Vec<(String, String)>;

/// A value that a kernel refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedValue {
    /// The sysctl, as in the list that was tried.
    pub name: String,
    /// What the kernel says.
    pub reason: String,
    /// The values that it accepts, if they are known.
    pub allowed: Option<String>,
}

/// The kernel that a scenario will run on. This crate does not access the machine
/// itself.
pub trait Kernel {
    /// What the kernel does with each of these sysctls, in their order.
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind>;

    /// The sysctls that a scenario may set, for suggestions; by default those that
    /// affect how connections queue.
    fn sysctl_names(&self) -> Vec<String> {
        linux_net::Sysctl::NAMES.iter().map(|&name| name.to_owned()).collect()
    }

    /// For each list, the values that the kernel refuses; by default none.
    fn refused_values(&self, hosts: &[SysctlList]) -> Vec<Vec<RefusedValue>> {
        vec![Vec::new(); hosts.len()]
    }

    /// The counters that a trial will have, named as in `counters.server`; `None` if
    /// unknown, and then any name is allowed.
    fn counter_names(&self) -> Option<Vec<String>> {
        None
    }

    /// The ids of the laws that are known of this kernel; `None` if unknown, and then
    /// any id is allowed.
    fn law_ids(&self) -> Option<Vec<&'static str>> {
        None
    }
}

/// An unknown kernel: every sysctl and counter may exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyKernel;

impl Kernel for AnyKernel {
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
        vec![SysctlKind::CannotTell; names.len()]
    }
}

/// Reports the values that this kernel refuses. Cells with the same sysctls are tried once.
/// `place` finds where a cell's value of a setting was written.
pub(crate) fn check_values(
    cells: &[Cell],
    kernel: &dyn Kernel,
    place: impl Fn(&Cell, &str) -> Place,
    problems: &mut Vec<Problem>,
) {
    let mut hosts: IndexMap<(&str, SysctlList), &Cell> = IndexMap::new();
    for cell in cells {
        let Hosts { server, client } = &cell.settings.hosts;
        for (host, settings) in [("server", server), ("client", client)] {
            let set =
                settings.sysctls.iter().map(|(name, value)| (name.clone(), value.to_string()));
            let set: Vec<_> = set.collect();
            if !set.is_empty() {
                hosts.entry((host, set)).or_insert(cell);
            }
        }
    }
    let lists: Vec<_> = hosts.keys().map(|(_, set)| set.clone()).collect();
    let mut reported = HashSet::new();
    for (((host, _), cell), refused) in hosts.iter().zip(kernel.refused_values(&lists)) {
        for RefusedValue { name, reason, allowed } in refused {
            let path = format!("hosts.{host}.sysctls.{name}");
            let problem = Problem::new(place(cell, &path), format!("{path}: {reason}"));
            if reported.insert((problem.place.clone(), problem.message.clone())) {
                problems.push(problem.maybe_help(allowed.map(|allowed| format!("use {allowed}"))));
            }
        }
    }
}

/// Reports the sysctls that this kernel does not have, or not per namespace.
pub(crate) fn check(named: &[(String, Place)], kernel: &dyn Kernel, problems: &mut Vec<Problem>) {
    let names: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
    for ((name, place), kind) in named.iter().zip(kernel.sysctls(&names)) {
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
        match kind {
            SysctlKind::PerNamespace | SysctlKind::CannotTell => {}
            SysctlKind::Unknown => {
                let known = kernel.sysctl_names();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                problems.push(
                    Problem::new(place.clone(), format!("this kernel has no sysctl `{name}`"))
                        .maybe_help(did_you_mean(name, &known)),
                );
            }
            SysctlKind::Global => problems.push(
                Problem::new(
                    place.clone(),
                    format!("`{name}` is not per namespace: setting it would change the machine"),
                )
                .help("remove it; the lab never writes the machine's own sysctls"),
            ),
        }
    }
}
