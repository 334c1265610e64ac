//! What a standalone server says about clients that it could not accept or serve.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::support::{Background, binary, in_one_line, queuelab, table_value, terminate};

/// The address in the server's first line, after `listening on `.
fn listening(server: &mut Background) -> SocketAddr {
    let line = server.lines.next().unwrap().unwrap();
    let address = line.strip_prefix("listening on ").and_then(|rest| rest.split(',').next());
    address.unwrap_or_else(|| panic!("{line}")).parse().unwrap()
}

#[test]
fn a_server_without_files_or_threads_says_so_as_it_happens_and_at_the_end() {
    const FLAGS: [&str; 4] = ["server", "--summary", "--address=127.0.0.1", "--port=0"];
    // Raising the soft limit to the hard one does not help.
    let mut few_files = Command::new("sh");
    few_files.args(["-c", "ulimit -n 16; exec \"$@\"", "sh", binary()]).args(FLAGS);
    // No address space has room for this stack.
    let mut no_threads = queuelab(&FLAGS);
    no_threads.arg(format!("--thread-stack={}", 1_u64 << 47));
    let max_threads = std::fs::read_to_string("/proc/sys/kernel/threads-max").unwrap();
    let max_threads = format!("kernel.threads-max {}", max_threads.trim());
    for (command, what, meaning, limit) in [
        (few_files, "accept(2) EMFILE", "this process may open no more files", "RLIMIT_NOFILE 16"),
        (no_threads, "thread EAGAIN", "clients turned away: accepted and closed", &max_threads),
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
