//! Servers and loads of dialogues that are no chat.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use load_generator::{ChatPhase, Dialogue, Ending, HttpSettings, LoadConfig, LoadSettings};

use crate::load::{assert_endings, load, load_held};

/// A load with this dialogue.
pub(crate) fn config(target: SocketAddr, clients: u32, dialogue: Dialogue) -> LoadConfig {
    let finish_deadline = Duration::from_secs(30);
    let settings =
        LoadSettings { clients, messages: 0, finish_deadline, dialogue, ..LoadSettings::default() };
    LoadConfig::new(settings, target)
}

/// A server with a thread for so many connections, each of which `serve` gets. Joining it
/// reports panics of these threads.
pub(crate) fn serve(
    connections: usize,
    serve: impl Fn(&mut TcpStream) + Clone + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let connections = listener.incoming().take(connections).map(|stream| {
            let (mut stream, serve) = (stream.unwrap(), serve.clone());
            stream.set_nodelay(true).unwrap();
            std::thread::spawn(move || serve(&mut stream))
        });
        let threads: Vec<_> = connections.collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    (address, serving)
}

/// Reads up to and including `end`; `None` at the end of file before the first byte.
pub(crate) fn read_until(stream: &mut TcpStream, end: &[u8]) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end) {
        match stream.read(&mut byte).unwrap() {
            0 if read.is_empty() => return None,
            0 => panic!("the end of file after {}", read.escape_ascii()),
            _ => read.push(byte[0]),
        }
    }
    Some(read)
}

/// Writes bytes one by one, each in its own segment.
pub(crate) fn write_in_bytes(stream: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes {
        stream.write_all(&[*byte]).unwrap();
        std::thread::yield_now();
    }
}

/// Reads until the client has gone, however it goes.
pub(crate) fn read_to_end(stream: &mut TcpStream) {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn clients_of_no_dialogue_send_nothing_and_stay_until_go() {
    let (address, serving) = serve(5, |stream| {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the client's FIN is the first it sends");
    });
    let settings = LoadSettings { clients: 5, dialogue: Dialogue::None, ..LoadSettings::default() };
    let config = LoadConfig::new(settings, address);
    let config = LoadConfig { settings: config.settings.without_unused_messages(), ..config };
    let (report, go_ns) = load_held(&config, |controller| {
        assert_eq!(controller.status().bytes_written, 0);
    });
    assert_endings(&report, [(Ending::Finished, 5)]);
    assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns), "{report:?}");
    assert_eq!((report.bytes_out, report.response_latency.count), (0, 0));
    serving.join().unwrap();
}

#[test]
fn a_dialogue_without_messages_needs_no_setting_of_the_chat() {
    let (address, serving) = serve(1, read_to_end);
    let settings = LoadSettings { clients: 1, dialogue: Dialogue::None, ..LoadSettings::default() };
    let mut ignore = |_| {};
    let report = load_generator::run(&LoadConfig::new(settings, address), None, &mut ignore);
    let report = report.expect("the default number of messages is ignored");
    assert_endings(&report, [(Ending::Finished, 1)]);
    assert_eq!(report.messages_written, 0);
    serving.join().unwrap();
}

#[test]
fn requests_after_the_connects_begin_at_go_and_linger_until_it() {
    let respond = |stream: &mut TcpStream| {
        while read_until(stream, b"\r\n\r\n").is_some() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    };
    let http = Dialogue::Http(HttpSettings::default());
    let (address, serving) = serve(4, respond);
    let mut after = config(address, 4, http.clone());
    after.settings.chat = ChatPhase::AfterConnect;
    let (report, _) = load_held(&after, |controller| {
        assert_eq!(controller.status().bytes_written, 0, "before Go");
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.response_latency.count, 4);
    serving.join().unwrap();

    let (address, serving) = serve(4, respond);
    let mut lingering = config(address, 4, http);
    lingering.settings.linger = Duration::from_millis(1);
    let (report, go_ns) = load_held(&lingering, |controller| {
        // Long after the linger's end, so that a client that does not wait for Go has left.
        controller.wait_past(Duration::from_millis(20));
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns), "{report:?}");
    serving.join().unwrap();
}

#[test]
fn a_server_that_closes_idle_connections_while_they_linger_is_no_failure() {
    let (address, serving) = serve(2, |stream| {
        read_until(stream, b"\r\n\r\n").unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let mut lingering = config(address, 2, Dialogue::Http(HttpSettings::default()));
    lingering.settings.linger = Duration::from_millis(50);
    let report = load(&lingering);
    assert_endings(&report, [(Ending::Finished, 2)]);
    serving.join().unwrap();
}
