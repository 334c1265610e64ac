//! `queuelab chat` in a terminal and in a pipe.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

use socket2::{Domain, Socket, Type};

use crate::support::{
    Background, all_output, binary, in_one_line, queuelab, repository, start_server, text,
};

/// Runs one case of the script that types into a terminal.
fn run_in_terminal(case: &str) {
    let script = repository().join("crates/queuelab/tests/cli/python/chat_in_terminal.py");
    let output =
        Command::new("python3").arg("-B").arg(script).args([binary(), case]).output().unwrap();
    assert!(output.status.success(), "{}", all_output(&output));
}

#[test]
fn an_incoming_message_does_not_garble_typing_and_exit_leaves() {
    run_in_terminal("exit");
}

#[test]
fn ctrl_d_leaves() {
    run_in_terminal("ctrl-d");
}

#[test]
fn a_lost_connection_is_reported_and_the_terminal_restored() {
    run_in_terminal("lost");
}

#[test]
fn two_chats_in_pipes_receive_each_others_messages() {
    let (_server, address) = start_server(&["--framing", "ascii4"]);
    let address = address.to_string();
    let chat = || {
        let mut command = queuelab(&["chat", &address, "--framing", "ascii4"]);
        command.stdin(Stdio::piped());
        Background::start(command)
    };
    let (mut anna, mut bela) = (chat(), chat());
    // Bela writes until Anna is registered and receives a message; then Anna answers.
    let mut to_anna = bela.child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        while writeln!(to_anna, "hello").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    assert_eq!(anna.lines.next().unwrap().unwrap(), "hello");
    writeln!(anna.child.stdin.as_ref().unwrap(), "good day\nexit").unwrap();
    assert_eq!(bela.lines.next().unwrap().unwrap(), "good day");
    assert!(anna.child.wait().unwrap().success());
    drop(bela);
    writing.join().unwrap();
}

#[test]
fn a_missing_server_is_reported_with_a_hint() {
    // Bound, so that no other test listens there.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let free = bound.local_addr().unwrap().as_socket().unwrap().to_string();
    let output = queuelab(&["chat", &free]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = in_one_line(&text(&output.stderr));
    assert!(stderr.contains(&free) && stderr.contains("queuelab server"), "{stderr}");
}
