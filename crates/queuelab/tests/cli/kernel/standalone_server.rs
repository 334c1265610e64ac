//! What a standalone server says about clients that it could not accept or serve.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::Command;

use linux_net::{ThreadLimit, ThreadLimitKind};

use crate::support::ordinary_user::Sandbox;
use crate::support::{Background, binary, in_one_line, queuelab, table_value, terminate};

const FLAGS: [&str; 4] = ["server", "--summary", "--address=127.0.0.1", "--port=0"];

/// The address in the server's first line, after `listening on `.
fn listening(server: &mut Background) -> SocketAddr {
    let line = server.lines.next().unwrap().unwrap();
    let address = line.strip_prefix("listening on ").and_then(|rest| rest.split(',').next());
    address.unwrap_or_else(|| panic!("{line}")).parse().unwrap()
}

#[test]
fn a_server_without_files_or_threads_says_so_as_it_happens_and_at_the_end() {
    // Raising the soft limit to the hard one does not help.
    let mut few_files = Command::new("sh");
    few_files.args(["-c", "ulimit -n 28; exec \"$@\"", "sh", binary()]).args(FLAGS);
    // No address space has room for this stack.
    let mut no_threads = queuelab(&FLAGS);
    no_threads.arg(format!("--thread-stack={}", 1_u64 << 47));
    let max_threads = std::fs::read_to_string("/proc/sys/kernel/threads-max").unwrap();
    let max_threads = format!("kernel.threads-max {}", max_threads.trim());
    let turned_away = "clients turned away: accepted and closed";
    for (command, what, meaning, limit) in [
        (few_files, "closed: max_clients", turned_away, "RLIMIT_NOFILE"),
        (no_threads, "thread EAGAIN", turned_away, &max_threads),
    ] {
        let mut server = Background::start(command);
        let address = listening(&mut server);
        let clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        let line = server.lines.next().unwrap().unwrap();
        assert!(line.starts_with(what) && line.contains(meaning), "{line}");
        assert!(line.contains(limit), "the limit in force: {line}");
        terminate(&server.child);
        let output = server.remaining_output();
        let (_, last) = output.split_once("Stopped. Since the start:\n").expect("the totals");
        assert!(table_value(last, what) > 0, "{last}");
        let words = in_one_line(last);
        let first_word = meaning.split(' ').next().unwrap();
        assert!(words.contains(first_word) && words.contains(limit), "{last}");
        assert!(last.lines().all(|line| line.chars().count() <= 60), "{last}");
        assert!(server.child.wait().unwrap().success());
        drop(clients);
    }
}

/// Its limits are lowered while it runs: then it cannot know how many clients it can serve.
#[test]
fn a_server_that_may_open_no_more_files_says_so_and_goes_on() {
    let mut server = Background::start(queuelab(&FLAGS));
    let address = listening(&mut server);
    let pid = server.child.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, "--nofile=16:16"]).status();
    assert!(limited.unwrap().success());
    let clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    let line = server.lines.next().unwrap().unwrap();
    let meaning = "this process may open no more files (RLIMIT_NOFILE 16)";
    assert!(line.starts_with("accept(2) EMFILE") && line.contains(meaning), "{line}");
    terminate(&server.child);
    let output = server.remaining_output();
    assert!(table_value(&output, "accept(2) EMFILE") > 0, "{output}");
    assert!(server.child.wait().unwrap().success());
    drop(clients);
}

/// An ordinary user that no other test uses, because its limit counts all of its threads.
const OTHER_USER: u32 = 65533;

/// The process of an ordinary user, to which its limit of threads applies.
#[test]
fn a_server_serves_as_many_clients_as_its_user_may_have_threads() {
    let sandbox = Sandbox::new();
    let is_root = nix::unistd::geteuid().is_root();
    let of_user = |limit: &ThreadLimit| limit.kind == ThreadLimitKind::User;
    let used = linux_net::thread_limits().into_iter().find(of_user).map_or(0, |limit| limit.used);
    let max = 80 + if is_root { 0 } else { used };
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nproc={max}:{max}")).arg(&sandbox.binary).args(FLAGS);
    if is_root {
        limited.uid(OTHER_USER).gid(OTHER_USER);
    }
    let mut server = Background::start(limited);
    let line = server.lines.next().unwrap().unwrap();
    assert!(line.contains(" clients at once (RLIMIT_NPROC)"), "{line}");
    let address = line["listening on ".len()..].split(',').next().unwrap();
    let address: SocketAddr = address.parse().unwrap();
    // Other processes of the user may leave it fewer threads than when it started.
    let is_turned_away = |line: &str| {
        line.starts_with("closed: max_clients ") || !is_root && line.starts_with("thread EAGAIN ")
    };
    for _ in 0..3 {
        let clients: Vec<_> = (0..120).map(|_| TcpStream::connect(address).unwrap()).collect();
        let line = server.lines.next().unwrap().unwrap();
        assert!(is_turned_away(&line), "{line}");
        drop(clients);
        let idle = server.lines.by_ref().map(Result::unwrap);
        idle.take_while(|line| !line.starts_with('╰')).for_each(drop);
    }
    terminate(&server.child);
    let output = server.remaining_output();
    let (_, last) = output.split_once("Stopped. Since the start:\n").expect("the totals");
    let words = in_one_line(last);
    assert!(words.contains("turned away"), "{last}");
    assert!(server.child.wait().unwrap().success());
}
