//! `queuelab chat`: lines go out, lines come in, and neither garbles the other.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::support::{Background, binary, queuelab, repository, said, server, text};

/// Runs one case of the script that sits at a terminal.
fn in_terminal(case: &str) {
    let script = repository().join("crates/queuelab/tests/cli/python/chat_in_terminal.py");
    let output = Command::new("python3").arg(script).args([binary(), case]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn an_incoming_line_does_not_garble_the_one_being_typed_and_exit_leaves() {
    in_terminal("exit");
}

#[test]
fn ctrl_d_leaves() {
    in_terminal("ctrl-d");
}

#[test]
fn a_lost_server_is_told_plainly_and_the_terminal_given_back() {
    in_terminal("lost");
}

#[test]
fn two_chats_without_a_terminal_hear_each_other() {
    let (_server, address) = server(&["--framing", "ascii4"]);
    let address = address.to_string();
    let chat = || {
        let mut command = queuelab(&["chat", &address, "--framing", "ascii4"]);
        command.stdin(Stdio::piped());
        Background::start(command)
    };
    let (mut anna, mut bela) = (chat(), chat());
    // Bela speaks until Anna is registered and hears; then Anna answers.
    let mut to_anna = bela.child.stdin.take().unwrap();
    let speaking = std::thread::spawn(move || {
        while writeln!(to_anna, "hello").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    assert_eq!(anna.lines.next().unwrap().unwrap(), "hello");
    writeln!(anna.child.stdin.as_ref().unwrap(), "good day\nexit").unwrap();
    assert_eq!(bela.lines.next().unwrap().unwrap(), "good day");
    assert!(anna.child.wait().unwrap().success());
    drop(bela);
    speaking.join().unwrap();
}

#[test]
fn no_server_is_told_with_what_to_do() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = queuelab(&["chat", &free]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains(&free) && stderr.contains("queuelab server"), "{stderr}");
}
