//! The parsers of files of /proc and /sys, and of the names and values of sysctls.
//!
//! An input is a text. Its parts, separated by the byte 0x1e, are `netstat`, `snmp` and
//! `sockstat` before, and the same after.

#![no_main]

use std::path::Component;

use libfuzzer_sys::fuzz_target;
use linux_net::{CounterDelta, Counters, SysctlName, check_read_back};

fuzz_target!(|text: &str| {
    linux_net::fuzzing::numbers(text);
    let mut parts = text.split('\x1e');
    let mut next = || parts.next().unwrap_or_default();
    let before = [next(), next(), next()];
    let after = [next(), next(), next()];
    let parse = |[netstat, snmp, sockstat]: [&str; 3]| Counters::parse(netstat, snmp, sockstat);
    let (parsed_before, parsed_after) = (parse(before), parse(after));
    if let (Ok(before), Ok(after)) = (&parsed_before, &parsed_after) {
        assert_eq!(before.delta(before), CounterDelta::default());
        for (name, change) in after.delta(before).changes {
            assert_ne!(change, 0, "{name}");
        }
    }
    if let Err(error) = parsed_before {
        assert!(!error.to_string().is_empty());
    }
    check_sysctl(before[0], before[1]);
});

fn check_sysctl(name: &str, value: &str) {
    let name: SysctlName = match name.parse() {
        Ok(name) => name,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(name.to_string().parse(), Ok(name.clone()));
    let path = name.path();
    assert!(path.starts_with("/proc/sys"), "{path:?}");
    let stays = |component| matches!(component, Component::RootDir | Component::Normal(_));
    assert!(path.components().all(stays), "{path:?}");
    let _ = name.allowed_values();
    check_read_back(&name, value, value).expect("a value is itself");
}
