//! Measures how many deliveries a second the load generator can receive: a load on a
//! cheap relay in another process.
//!
//! ```text
//! cargo run --release -p load-generator --example receive_rate -- [clients] [messages]
//! ```
//!
//! What counts is deliveries per CPU second of the generator: in a trial it must use far
//! less than one CPU, or the trial measures the generator.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use load_generator::{ChatPhase, LoadConfig, LoadSettings, run};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "relay") {
        return relay();
    }
    let number = |index: usize, default| {
        arguments.get(index).map_or(default, |text| text.parse().expect("a number"))
    };
    let settings = LoadSettings {
        clients: number(0, 400),
        messages: number(1, 10),
        chat: ChatPhase::AfterConnect,
        send_delay: Duration::from_millis(300),
        finish_deadline: Duration::from_secs(60),
        ..LoadSettings::default()
    };

    let mut server = Command::new(std::env::current_exe().expect("this program has a path"))
        .arg("relay")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the relay starts");
    let mut address = String::new();
    let output = server.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut address).expect("the relay prints its address");

    let config = LoadConfig::new(settings, address.trim().parse().expect("an address"));
    let report = run(&config, None, &mut |_| {}).expect("the load runs");
    drop(server.stdin.take());
    server.wait().expect("the relay ends");

    let seconds = report.chat_window_ns.map_or(0.0, |(first, last)| (last - first) as f64 / 1e9);
    let cpu = report.usage.user_seconds + report.usage.system_seconds;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} deliveries in {seconds:.3} s: {:.0}/s; generator {cpu:.3} CPU s ({:.3} user): {:.0} \
         deliveries/CPU s, {:.0}/user s; undelivered {}, {:?}\nlatency {:?}\nlateness {:?}",
        report.deliveries,
        report.deliveries as f64 / seconds,
        report.usage.user_seconds,
        report.deliveries as f64 / cpu,
        report.deliveries as f64 / report.usage.user_seconds,
        report.undelivered,
        report.integrity,
        report.delivery_latency,
        report.send_lateness,
    )
    .expect("standard output");
}

/// Sends what it reads from each client to all others, without parsing it: the messages
/// are small enough that none is cut.
fn relay() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address: SocketAddr = listener.local_addr().expect("its address");
    writeln!(std::io::stdout(), "{address}").expect("standard output");
    let clients: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let clients = Arc::clone(&clients);
            let own = {
                let mut clients = clients.lock().expect("no panic");
                clients.push(stream.try_clone().expect("a descriptor"));
                clients.len() - 1
            };
            std::thread::spawn(move || {
                let mut buffer = [0; 64 * 1024];
                while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
                    let clients = clients.lock().expect("no panic");
                    for (index, mut client) in clients.iter().enumerate() {
                        if index != own {
                            let _ = client.write_all(&buffer[..bytes]);
                        }
                    }
                }
            });
        }
    });
    // The end of standard input ends the relay.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
