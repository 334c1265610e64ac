//! The machine is the same before and after a suite; see `support::machine`.

use crate::support::machine::{Machine, assert_runs_pass_at_once, write_quick_suite};
use crate::support::{assert_passed, out_directory};

#[test]
fn a_suite_and_ten_runs_at_once_leave_the_machine_as_it_was() {
    let folder = out_directory();
    let suite = write_quick_suite(folder.path());
    let machine = Machine::start();
    let before = machine.state();
    let output = machine.run(&folder.path().join("suite"), &[&suite]).output().unwrap();
    assert_passed(&output);
    machine.assert_unchanged(&before);
    assert_runs_pass_at_once(10, folder.path(), |out| {
        machine.run(out, &["smoke", "--repeat", "1"])
    });
    machine.assert_unchanged(&before);
}

#[test]
fn a_change_of_the_machine_is_found() {
    let machine = Machine::start();
    for (change, found) in [
        (&["sysctl", "-w", "net.ipv4.tcp_fin_timeout=59"][..], "tcp_fin_timeout"),
        (&["ip", "link", "add", "left", "type", "veth", "peer", "name", "right"], "links"),
        (&["ip", "address", "add", "198.18.0.1/32", "dev", "lo"], "addresses"),
        (&["ip", "rule", "add", "from", "198.18.0.1", "table", "main"], "rules"),
    ] {
        let before = machine.state();
        let output = machine.command(change[0], &change[1..]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let after = machine.state();
        let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
        let names: Vec<_> = changed.map(|(name, _)| name.as_str()).collect();
        assert!(names.iter().any(|name| name.contains(found)), "{change:?}: {names:?}");
    }
}
