//! The limit of open files.

use std::process::Command;

use linux_net::raise_open_files;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The limit is the whole process's, so this test runs itself in a second process.
#[test]
fn raises_no_further_than_needed_and_names_the_hard_limit() {
    const SECOND_PROCESS: &str = "LINUX_NET_TEST_LIMITS";
    if std::env::var_os(SECOND_PROCESS).is_some() {
        return raise_in_this_process();
    }
    let test = "pure::limits::raises_no_further_than_needed_and_names_the_hard_limit";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(SECOND_PROCESS, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}{errors}");
}

fn raise_in_this_process() {
    setrlimit(Resource::RLIMIT_NOFILE, 64, 200).unwrap();
    assert_eq!(raise_open_files(10), Ok(64));
    assert_eq!(raise_open_files(100), Ok(100));
    assert_eq!(getrlimit(Resource::RLIMIT_NOFILE), Ok((100, 200)));
    assert_eq!(raise_open_files(200), Ok(200));

    // More than the kernel allows any process, root's included.
    let most: u64 =
        std::fs::read_to_string("/proc/sys/fs/nr_open").unwrap().trim().parse().unwrap();
    let error = raise_open_files(most + 1).unwrap_err();
    assert_eq!((error.needed, error.hard), (most + 1, 200));
    let text = error.to_string();
    assert!(text.contains(&format!("allow {} open files", most + 1)), "{text}");
    assert!(text.contains("the hard limit is 200"), "{text}");
    assert_eq!(getrlimit(Resource::RLIMIT_NOFILE), Ok((200, 200)));
}
