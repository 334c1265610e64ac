//! Sysctls of namespaces; the host's are never written.

use std::fs;

use super::common::name;
use linux_net::testing::in_lab_namespace;
use linux_net::{
    NetworkNamespace, Sysctl, SysctlError, SysctlName, SysctlScope, sysctl_scope, sysctl_scopes,
};

const GLOBAL: [&str; 8] = [
    "net.core.rmem_max",
    "net.core.wmem_max",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_max_orphans",
    "net.core.netdev_max_backlog",
    "kernel.pid_max",
    "vm.swappiness",
    "fs.file-max",
];

/// The sysctls that a test may have touched, as the host has them.
fn host_values() -> Vec<Option<String>> {
    GLOBAL
        .iter()
        .chain(Sysctl::NAMES)
        .map(|sysctl| fs::read_to_string(name(sysctl).path()).ok())
        .collect()
}

#[test]
fn each_sysctl_has_the_scope_that_the_kernel_gives_it() {
    in_lab_namespace(|| {
        let names: Vec<SysctlName> =
            Sysctl::NAMES.iter().chain(&GLOBAL).map(|text| name(text)).collect();
        let scopes = sysctl_scopes(&names);
        assert_eq!(scopes.len(), names.len());
        for (name, scope) in names.iter().zip(scopes) {
            let expected = if GLOBAL.contains(&name.as_str()) {
                SysctlScope::Global
            } else if name.path().exists() {
                SysctlScope::PerNamespace
            } else {
                // An older kernel.
                SysctlScope::Unknown
            };
            assert_eq!(scope, expected, "{name}");
        }
        assert_eq!(sysctl_scope(&name("net.core.somaxconn")), SysctlScope::PerNamespace);
        for unknown in ["net.core.somaxcon", "kernel.nonsense", "net.ipv4", "some.thing"] {
            assert_eq!(sysctl_scope(&name(unknown)), SysctlScope::Unknown, "{unknown}");
        }
        let of_link = sysctl_scope(&name("net.ipv4.conf.server0.rp_filter"));
        assert_eq!(of_link, SysctlScope::PerNamespace);
    });
}

#[test]
fn a_written_value_is_in_force_only_in_its_namespace() {
    in_lab_namespace(|| {
        let before = host_values();
        let [one, other] = [(); 2].map(|()| NetworkNamespace::create().unwrap());
        let settings = [
            ("net.core.somaxconn", "17", "17"),
            ("net.ipv4.tcp_syncookies", " 2", "2"),
            ("net.ipv4.tcp_max_syn_backlog", "19", "19"),
            ("net.ipv4.ip_local_port_range", "20000\t20019", "20000 20019"),
            ("net.ipv4.tcp_rmem", "4096 8192 16384", "4096 8192 16384"),
            ("net.ipv4.ip_local_reserved_ports", "20003,20005-20007", "20003,20005-20007"),
        ];
        let requested: Vec<_> =
            settings.iter().map(|(sysctl, value, _)| (name(sysctl), (*value).to_owned())).collect();
        let effective = one.apply_sysctls(&requested).unwrap();
        let defaults = other.deciding_sysctls().unwrap();
        assert_eq!(effective.len(), defaults.len());
        for (sysctl, _, expected) in settings {
            assert_eq!(effective[&name(sysctl)], expected);
            assert_eq!(one.read_sysctl(&name(sysctl)).unwrap(), expected);
            assert_ne!(defaults[&name(sysctl)], expected, "{sysctl} is in force elsewhere");
        }
        let cleared = one.write_sysctl(&name("net.ipv4.ip_local_reserved_ports"), "").unwrap();
        assert_eq!(cleared, "");
        assert_eq!(host_values(), before);
    });
}

#[test]
fn global_sysctls_are_refused_before_anything_is_written() {
    in_lab_namespace(|| {
        let before = host_values();
        let made = NetworkNamespace::create().unwrap();
        let defaults = made.deciding_sysctls().unwrap();
        for global in GLOBAL {
            let requested =
                [("net.core.somaxconn", "17"), (global, "1")].map(|(n, v)| (name(n), v.to_owned()));
            match made.apply_sysctls(&requested) {
                Err(SysctlError::Global { name }) => assert_eq!(name.as_str(), global),
                other => panic!("{global}: {other:?}"),
            }
        }
        for unknown in ["net.ipv4.nonsense", "kernel.nonsense", "net.ipv4.conf.eth7.rp_filter"] {
            match made.write_sysctl(&name(unknown), "1") {
                Err(SysctlError::Unknown { name }) => assert_eq!(name.as_str(), unknown),
                other => panic!("{unknown}: {other:?}"),
            }
        }
        assert_eq!(made.deciding_sysctls().unwrap(), defaults);
        assert_eq!(host_values(), before);
    });
}

#[test]
fn the_hosts_namespace_is_never_written() {
    in_lab_namespace(|| {
        let before = host_values();
        for host in [NetworkNamespace::current(), NetworkNamespace::of_process()] {
            let error = host.unwrap().write_sysctl(&name("net.core.somaxconn"), "17").unwrap_err();
            assert!(matches!(error, SysctlError::HostNamespace { .. }), "{error}");
            assert_eq!(
                error.to_string(),
                "write net.core.somaxconn: refused, because this is the host's own namespace"
            );
        }
        assert_eq!(host_values(), before);
    });
}

#[test]
fn a_value_that_the_kernel_refuses_is_named() {
    in_lab_namespace(|| {
        let made = NetworkNamespace::create().unwrap();
        for (sysctl, value, expected) in [
            ("net.core.somaxconn", "-1", "set net.core.somaxconn to `-1`: Invalid"),
            ("net.core.somaxconn", "many", "set net.core.somaxconn to `many`: Invalid"),
            (
                "net.ipv4.ip_local_port_range",
                "500 400",
                "set net.ipv4.ip_local_port_range to `500 400`: Invalid",
            ),
            ("net.ipv4.tcp_rmem", "4096 8192", "the kernel changed it to `4096 8192 "),
        ] {
            let error = made.write_sysctl(&name(sysctl), value).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    });
}
