//! For tests that need network namespaces, as root and as an ordinary user.
#![expect(unsafe_code, reason = "pre_exec runs in a forked child")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::user_namespace::{IdentityMap, can_administer_networks};
use crate::{NamespaceError, NamespacePolicy};

const MARK: &str = "LINUX_NET_IN_LAB_NAMESPACE";

/// Runs the body of a `#[test]` where it may make network namespaces. As root
/// that is right here. An ordinary user's test process has many threads, and
/// so cannot enter a user namespace: it starts its own binary again for this
/// test alone, as root of a user namespace, and asserts that it succeeds.
///
/// Call it first and alone in the test's function, on the test's own thread,
/// whose name is the test's.
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
/// When the body does, here or there; or where this machine forbids user
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

    let policy = NamespacePolicy::of_this_process();
    let map = IdentityMap::of_this_process();
    let enter = move || map.enter_new_namespace().map_err(|(_, errno)| io::Error::from(errno));
    // SAFETY: the closure only makes system calls, on memory allocated before
    // the fork, and its error is a plain number.
    unsafe { command.pre_exec(enter) };
    let output = command.output().unwrap_or_else(|error| {
        let errno = nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or(0));
        let attempt = crate::Attempt::UserNamespace;
        let refusal = policy.diagnose(attempt, errno);
        panic!("{}", NamespaceError::Refused { attempt, refusal });
    });
    let (printed, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{test} in a user namespace: {}\n{printed}{said}",
        output.status
    );
    assert!(printed.contains("1 passed"), "{test} did not run in a user namespace:\n{printed}");
}
