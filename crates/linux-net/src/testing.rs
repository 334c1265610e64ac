//! For tests: a place where network namespaces can be created, as root and as an ordinary
//! user, and conditions to wait for.
#![expect(unsafe_code, reason = "pre_exec runs in a forked child")]

mod thread;
mod wait;

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::refusal::NamespaceError;
use crate::refusal::NamespacePolicy;
use crate::user_namespace::{IdentityMap, can_administer_networks};

pub use thread::Thread;
pub use wait::wait_until;

const MARK: &str = "LINUX_NET_IN_LAB_NAMESPACE";

/// Runs the body of a `#[test]` where it may create network namespaces. As root it runs
/// in this process. The test process of an ordinary user has many threads and cannot
/// enter a user namespace, so it runs its own binary with only this test as root of a
/// user namespace, and asserts that it succeeds.
///
/// It must be the only call in the test function, on the test's own thread, which has the
/// name of the test.
///
/// ```no_run
/// #[test]
/// fn makes_a_namespace() {
///     linux_net::testing::in_lab_namespace(|| {
///         linux_net::NetworkNamespace::create().unwrap();
///     });
/// }
/// ```
///
/// # Panics
/// If the body panics, in either process; or if this machine forbids user
/// namespaces, with the cause.
pub fn in_lab_namespace(body: impl FnOnce()) {
    if can_administer_networks() {
        return body();
    }
    assert!(std::env::var_os(MARK).is_none(), "no capabilities inside the user namespace");
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").expect("a test's thread has its name");
    let mut command = Command::new(std::env::current_exe().expect("a test has an executable"));
    command.args(["--exact", test, "--include-ignored", "--nocapture"]).env(MARK, "1");

    let policy = NamespacePolicy::current();
    let map = IdentityMap::current();
    let enter = move || map.enter_new_namespace().map_err(|(_, errno)| io::Error::from(errno));
    // SAFETY: the closure only makes system calls, on memory allocated before
    // the fork, and its error is a plain number.
    unsafe { command.pre_exec(enter) };
    let output = command.output().unwrap_or_else(|error| {
        let errno = nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or(0));
        let attempt = crate::refusal::Attempt::UserNamespace;
        let refusal = policy.diagnose(attempt, errno);
        panic!("{}", NamespaceError::Refused { attempt, refusal });
    });
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{test} in a user namespace: {}\n{printed}{errors}",
        output.status
    );
    assert!(printed.contains("1 passed"), "{test} did not run in a user namespace:\n{printed}");
}
