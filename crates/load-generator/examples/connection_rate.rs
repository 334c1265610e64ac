//! The rate of HTTP connections with one request each, against a bare loop of connect(2),
//! send(2), recv(2) and close(2), in turns on the same server. The issue demands a ratio of at
//! least 0.7:
//!
//! `cargo run --release --example connection_rate -- 20000`

#![expect(clippy::print_stdout, reason = "a measurement prints its result")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use load_generator::{
    ConnectPattern, ConnectRate, Dialogue, Ending, HttpSettings, LoadConfig, LoadSettings, run,
};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connections = std::env::args().nth(1).map_or(Ok(20_000), |number| number.parse())?;
    let target = serve()?;
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rates[0].push(bare(target, connections)?);
        rates[1].push(load(target, connections, ConnectPattern::OneByOne, None)?);
        // As fast as the load can start attempts.
        rates[2].push(load(
            target,
            connections,
            ConnectPattern::Rate,
            Some(ConnectRate::Constant(1e6)),
        )?);
    }
    let medians = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    let [bare, one_by_one, at_once] = medians;
    println!("bare loop    {bare:8.0} /s");
    for (name, rate) in [("one by one", one_by_one), ("at a rate", at_once)] {
        println!("{name:12} {rate:8.0} /s, ratio {:.2}", rate / bare);
    }
    Ok(())
}

/// Answers one request of each connection, and closes.
fn serve() -> std::io::Result<SocketAddr> {
    let listener = socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    listener.listen(4096)?;
    let listener = TcpListener::from(listener);
    let target = listener.local_addr()?;
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            if stream.read(&mut buffer).is_ok_and(|bytes| bytes > 0) {
                let _ = stream.write_all(RESPONSE);
            }
        }
    });
    Ok(target)
}

fn bare(target: SocketAddr, connections: u32) -> std::io::Result<f64> {
    let request = format!("GET / HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n");
    let mut buffer = [0; 4096];
    let began = Instant::now();
    for _ in 0..connections {
        let mut stream = TcpStream::connect(target)?;
        stream.write_all(request.as_bytes())?;
        while stream.read(&mut buffer)? > 0 {}
    }
    Ok(f64::from(connections) / began.elapsed().as_secs_f64())
}

fn load(
    target: SocketAddr,
    connections: u32,
    pattern: ConnectPattern,
    connect_rate: Option<ConnectRate>,
) -> Result<f64, Box<dyn std::error::Error>> {
    let http = HttpSettings { keep_alive: false, ..HttpSettings::default() };
    let settings = LoadSettings {
        clients: connections,
        pattern,
        connect_rate,
        connect_deadline: Duration::from_secs(60),
        finish_deadline: Duration::from_secs(60),
        dialogue: Dialogue::Http(http),
        ..LoadSettings::default()
    };
    let report = run(&LoadConfig::new(settings, target), None, &mut |_| {})?;
    let finished = report.attempts.iter().filter(|one| one.ending == Ending::Finished).count();
    if finished != connections as usize {
        println!("{pattern:?}: {finished} of {connections} finished");
    }
    Ok(finished as f64 * 1e9 / (report.ended_ns - report.started_ns) as f64)
}
