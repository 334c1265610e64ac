//! The original system's protocol, with independent clients and servers in Python.

use std::io::Write;
use std::process::{Command, Stdio};

use chat_server::DesignName;

use crate::support::{
    Background, all_output, count_accepted, queuelab, repository, start_server, terminate,
};

fn python(script: &str, arguments: &[&str]) -> Background {
    let mut command = Command::new("python3");
    command
        .arg(repository().join("crates/queuelab/tests/cli/python").join(script))
        .args(arguments)
        .stdin(Stdio::piped());
    Background::start(command)
}

#[test]
fn clients_of_the_original_chat_through_our_server() {
    for design in DesignName::permitted() {
        let arguments = ["--framing", "ascii4", "--design", design.as_str()];
        let (mut server, address) = start_server(&arguments);
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let names = ["anna", "bela", "cleo"];
        let mut clients: Vec<_> = names
            .iter()
            .map(|name| python("client.py", &[&host, &port, name, "50", "2"]))
            .collect();
        for client in &mut clients {
            assert_eq!(client.lines.next().unwrap().unwrap(), "connected");
        }
        // connect() returns before accept(): no client writes before the server has
        // registered all.
        while count_accepted(&mut server) < 3 {}
        for client in &mut clients {
            writeln!(client.child.stdin.as_ref().unwrap(), "go").unwrap();
        }
        for (client, name) in clients.iter_mut().zip(names) {
            let received: Vec<_> = client.lines.by_ref().take(100).map(Result::unwrap).collect();
            for other in names {
                let from: Vec<_> = received.iter().filter(|l| l.starts_with(other)).collect();
                let expected: Vec<_> = (0..50).map(|n| format!("{other} says {n}")).collect();
                match other == name {
                    true => assert!(from.is_empty(), "{name} received its own message: {from:?}"),
                    false => assert_eq!(from, expected.iter().collect::<Vec<_>>(), "{name}"),
                }
            }
        }
        for client in &mut clients {
            writeln!(client.child.stdin.as_ref().unwrap(), "leave").unwrap();
            assert!(client.child.wait().unwrap().success());
        }
        terminate(&server.child);
        let stopped = loop {
            let event = server.next_event();
            if event["event"] == "stopped" {
                break event;
            }
        };
        assert_eq!(stopped["messages_ingested"], 150, "{stopped}");
        assert_eq!(stopped["deliveries"], 300, "{stopped}");
        assert!(server.child.wait().unwrap().success());
    }
}

#[test]
fn our_load_works_with_the_originals_server() {
    let mut server = python("server.py", &[]);
    let port = server.lines.next().unwrap().unwrap();
    let target = format!("127.0.0.1:{port}");
    let output = queuelab(&[
        "load",
        &target,
        "--framing",
        "ascii4",
        "--clients",
        "20",
        "--messages",
        "15",
        "--chat",
        "after_connect",
        "--json",
    ])
    .output()
    .unwrap();
    assert!(output.status.success(), "{}", all_output(&output));
    let trial: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(trial["rates"]["messages_written"], 20 * 15, "{trial}");
    assert_eq!(trial["integrity"]["foreign"], 0, "{trial}");
    assert_eq!(trial["standalone"]["finished"], 20, "{trial}");
    assert_eq!(trial["outcomes"]["ok"], 20, "{trial}");
    // The Python server registers a client after accept(), so that a client may miss the
    // first messages.
    let deliveries = trial["rates"]["deliveries"].as_u64().unwrap();
    assert!(deliveries <= 20 * 19 * 15 && deliveries > 0, "{deliveries}");
}
