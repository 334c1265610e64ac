//! The places of values that the kernel refuses.

use crate::common::{rendered, scenario_with, try_plan};
use insta::assert_snapshot;
use scenario::{Overrides, Plan};

const SOMAXCONN: &str = "hosts.server.sysctls.net.core.somaxconn";

const SECTIONS: &str = "
hosts:
  server:
    sysctls: { net.ipv4.tcp_syncookies: 7 }
matrix:
  hosts.server.sysctls.net.core.somaxconn: [64, -1]
  server.backlog: [1, 2]
";

fn planned(set: &[(&str, &str)]) -> Plan {
    let set = set.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    try_plan(&scenario_with(SECTIONS), &overrides).expect("it is valid")
}

fn refused(plan: &Plan, cell: usize, path: &str) -> (Option<(usize, usize)>, String) {
    let errors = plan.refused(cell, path, "the kernel returns EINVAL".to_owned());
    let [problem] = errors.problems() else {
        panic!("one problem");
    };
    (errors.position(problem), problem.to_string())
}

#[test]
fn the_value_of_an_axis_is_placed_by_cell() {
    let plan = planned(&[]);
    assert_eq!(refused(&plan, 1, SOMAXCONN).0, Some((8, 45)));
    assert_eq!(refused(&plan, 2, SOMAXCONN).0, Some((8, 49)));
    assert_eq!(refused(&plan, 2, "server.backlog").0, Some((9, 20)));
    let refused = plan.refused(3, SOMAXCONN, "the kernel refuses -1 (EINVAL)".to_owned());
    assert_snapshot!(rendered(&refused));
}

#[test]
fn a_value_selected_by_only_is_placed_in_the_file() {
    let overrides =
        Overrides { only: vec![("somaxconn".to_owned(), "-1".to_owned())], ..Overrides::default() };
    let plan = try_plan(&scenario_with(SECTIONS), &overrides).expect("it is valid");
    assert_eq!(refused(&plan, 0, SOMAXCONN).0, Some((8, 49)));
}

#[test]
fn a_plain_setting_is_placed_in_its_section() {
    let cookies = "hosts.server.sysctls.net.ipv4.tcp_syncookies";
    let (place, message) = refused(&planned(&[]), 0, cookies);
    assert_eq!(place, Some((6, 41)));
    assert_eq!(message, format!("{cookies}: the kernel returns EINVAL"));
}

#[test]
fn a_flag_is_named_instead_of_a_place() {
    for path in [SOMAXCONN, "hosts.client.sysctls.net.ipv4.tcp_timestamps"] {
        let plan = planned(&[(path, "-7")]);
        let (place, message) = refused(&plan, 0, path);
        assert_eq!(place, None);
        assert_eq!(message, format!("--set {path}=-7: {path}: the kernel returns EINVAL"));
    }
}

#[test]
fn a_default_has_no_place() {
    for path in ["server.thread_stack", "hosts.server.sysctls.net.ipv4.tcp_rmem"] {
        let errors = planned(&[]).refused(0, path, "too small".to_owned());
        assert_eq!(errors.position(&errors.problems()[0]), None);
        let text = rendered(&errors);
        assert!(text.contains(&format!("{path}: too small")) && !text.contains("here"), "{text}");
    }
}
