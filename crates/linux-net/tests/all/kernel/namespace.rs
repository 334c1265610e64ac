//! The life of a namespace and of the programs in it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use super::common::{testbed, wait_for};
use linux_net::NetworkNamespace;
use linux_net::testing::in_lab_namespace;

/// The network namespace of a process; none if it has exited.
fn namespace_of(process: u32) -> Option<u64> {
    fs::metadata(format!("/proc/{process}/ns/net")).ok().map(|namespace| namespace.ino())
}

/// The processes in a namespace, of those that this process may inspect.
fn processes_in(namespace: u64) -> BTreeSet<u32> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|process| namespace_of(*process) == Some(namespace))
        .collect()
}

fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    command.arg("60");
    command
}

#[test]
fn threads_enter_and_the_caller_stays() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::current().unwrap();
        let made = NetworkNamespace::create().unwrap();
        let inside = made.run(|| NetworkNamespace::current().unwrap().inode()).unwrap();
        assert_eq!(inside, made.inode());
        assert_ne!(inside, host.inode());
        assert_eq!(NetworkNamespace::current().unwrap().inode(), host.inode());
        assert_eq!(NetworkNamespace::of_process().unwrap().inode(), host.inode());
        let flags = fs::read_to_string(format!("/proc/self/fdinfo/{}", made.as_fd().as_raw_fd()));
        let flags = flags.unwrap();
        let flags = flags.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        let flags = i32::from_str_radix(flags, 8).unwrap();
        assert_ne!(flags & libc::O_CLOEXEC, 0, "every child would keep the namespace alive");
    });
}

#[test]
fn a_program_leads_its_own_session() {
    in_lab_namespace(|| {
        let made = NetworkNamespace::create().unwrap();
        let mut child = made.enter_on_exec(&mut sleeper()).spawn().unwrap();
        let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
        assert_eq!(nix::unistd::getsid(Some(pid)), Ok(pid));
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

#[test]
fn a_panic_inside_is_passed_on() {
    in_lab_namespace(|| {
        let made = NetworkNamespace::create().unwrap();
        let panic = std::panic::catch_unwind(|| made.run(|| panic!("inside"))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"inside"));
    });
}

#[test]
fn the_loopback_is_up() {
    in_lab_namespace(|| {
        let made = NetworkNamespace::create().unwrap();
        made.run(|| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        })
        .unwrap();
    });
}

#[test]
fn a_program_dies_with_the_thread_that_spawned_it() {
    in_lab_namespace(|| {
        let made = NetworkNamespace::create().unwrap();
        let spawn = || made.enter_on_exec(&mut sleeper()).spawn().unwrap();
        let mut child: Child = std::thread::scope(|scope| scope.spawn(spawn).join().unwrap());
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));

        let mut child = spawn();
        assert_eq!(namespace_of(child.id()), Some(made.inode()));
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

/// This test runs itself in a second process, the lab that is killed.
#[test]
fn a_killed_lab_leaves_nothing_behind() {
    const VICTIM: &str = "LINUX_NET_TEST_VICTIM";
    if std::env::var_os(VICTIM).is_some() {
        let (server_host, client_host) = testbed(1);
        let children = [&server_host, &client_host]
            .map(|host| host.enter_on_exec(&mut sleeper()).spawn().unwrap());
        for (host, child) in [&server_host, &client_host].into_iter().zip(&children) {
            eprintln!("holds {} {}", host.inode(), child.id());
        }
        // Until it is killed, or the test has ended.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    in_lab_namespace(|| {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kernel::namespace::a_killed_lab_leaves_nothing_behind",
                "--nocapture",
            ])
            .env(VICTIM, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let held: Vec<(u64, u32)> = BufReader::new(victim.stderr.take().unwrap())
            .lines()
            .filter_map(|line| {
                let line = line.unwrap();
                let (namespace, child) = line.strip_prefix("holds ")?.split_once(' ')?;
                Some((namespace.parse().unwrap(), child.parse().unwrap()))
            })
            .take(2)
            .collect();
        assert_eq!(held.len(), 2, "the victim started both children");
        for (namespace, child) in &held {
            assert_eq!(processes_in(*namespace), BTreeSet::from([*child]));
        }

        victim.kill().unwrap();
        victim.wait().unwrap();
        // Processes and descriptors keep a namespace alive: the victim's descriptors are
        // closed, and these were the processes. Its inode number may be reused at once.
        for (namespace, child) in held {
            wait_for(true, || namespace_of(child) != Some(namespace));
        }
    });
}
