//! `enter_user_namespace` as a program calls it: first, in its only thread.
//!
//! As root it runs itself again as an ordinary user, so that both cases are tested
//! by every user.

#[path = "support/one_test.rs"]
mod one_test;

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use linux_net::{
    NamespaceError, NetworkNamespace, Refusal, SysctlName, SysctlScope, can_administer_networks,
    enter_user_namespace, sysctl_scope,
};

/// `nobody`, on every distribution.
const ORDINARY_USER: u32 = 65534;

fn main() {
    one_test::run("kernel_enter_user_namespace", || {
        if can_administer_networks() {
            as_root();
            // This name works even if the user may not read the folder of the file.
            let status = Command::new("/proc/self/exe")
                .uid(ORDINARY_USER)
                .gid(ORDINARY_USER)
                .current_dir("/")
                // It would report the same test a second time.
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(status.success(), "as an ordinary user: {status}");
        } else {
            as_an_ordinary_user();
        }
    });
}

fn as_root() {
    let user_namespace = || fs::read_link("/proc/self/ns/user").unwrap();
    let before = user_namespace();
    enter_user_namespace().unwrap();
    assert_eq!(user_namespace(), before, "root needs no user namespace");
    NetworkNamespace::create().unwrap();
}

fn as_an_ordinary_user() {
    let user_namespace = || fs::read_link("/proc/self/ns/user").unwrap();
    let before = user_namespace();
    let user = nix::unistd::geteuid();
    let not_yet = NetworkNamespace::create().unwrap_err();
    assert!(
        matches!(&not_yet, NamespaceError::Refused { refusal: Refusal::Policy { .. }, .. }),
        "{not_yet}"
    );
    let somaxconn: SysctlName = "net.core.somaxconn".parse().unwrap();
    match sysctl_scope(&somaxconn) {
        SysctlScope::CannotTell(why) => assert_eq!(why, not_yet.to_string()),
        other => panic!("{other:?} without a namespace"),
    }

    enter_user_namespace().unwrap();
    assert!(can_administer_networks());
    assert_ne!(user_namespace(), before);
    assert!(nix::unistd::geteuid().is_root());
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    assert_eq!(map.split_whitespace().collect::<Vec<_>>(), ["0", &user.to_string(), "1"]);
    let inside = user_namespace();
    enter_user_namespace().unwrap();
    assert_eq!(user_namespace(), inside, "entered only once");

    let made = NetworkNamespace::create().unwrap();
    assert_eq!(sysctl_scope(&somaxconn), SysctlScope::PerNamespace);
    assert_eq!(made.write_sysctl(&somaxconn, "17").unwrap(), "17");

    // The limit is this user namespace's own.
    fs::write("/proc/sys/user/max_net_namespaces", "0").unwrap();
    let refused = NetworkNamespace::create().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "create a network namespace: network namespaces are switched off \
         (user.max_net_namespaces = 0); `sudo sysctl -w user.max_net_namespaces=15000`"
    );
}
