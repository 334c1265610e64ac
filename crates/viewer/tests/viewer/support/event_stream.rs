//! The events of a run, as a browser receives them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A stream of events.
pub(crate) struct EventStream {
    lines: BufReader<TcpStream>,
    opened: Instant,
    /// The status line and headers of the response.
    pub(crate) head: String,
}

/// The name of a part of the page, and its HTML.
pub(crate) type Event = (String, String);

impl EventStream {
    /// Requests the events of a run: `<scenario>/<time>`.
    pub(crate) fn open(address: SocketAddr, run: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
        // HTTP/1.0, for a response that is not chunked.
        let head = format!("GET /runs/{run}/events HTTP/1.0\r\nHost: {address}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut events =
            Self { lines: BufReader::new(stream), opened: Instant::now(), head: String::new() };
        while let Some(line) = events.line().filter(|line| !line.is_empty()) {
            events.head += &format!("{line}\n");
        }
        events
    }

    /// The next event with a name; `None` at the end of the stream.
    pub(crate) fn event(&mut self) -> Option<Event> {
        let mut name = None;
        loop {
            let line = self.line()?;
            if let Some(text) = line.strip_prefix("event: ") {
                name = Some(text.to_owned());
            }
            if let (Some(name), Some(data)) = (&name, line.strip_prefix("data: ")) {
                return Some((name.clone(), serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// Waits for a `part` whose HTML contains `expected`.
    pub(crate) fn await_part(&mut self, part: &str, expected: &str) -> String {
        let mut last = String::new();
        while let Some((name, html)) = self.event() {
            if name == part {
                if html.contains(expected) {
                    return html;
                }
                last = html;
            }
        }
        panic!("no {part} with {expected}; the last was {last}")
    }

    /// Waits for a comment, which is the heartbeat of a stream without events.
    pub(crate) fn await_comment(&mut self) -> String {
        std::iter::from_fn(|| self.line()).find(|line| line.starts_with(':')).expect("a comment")
    }

    fn line(&mut self) -> Option<String> {
        // Heartbeats do not end.
        assert!(self.opened.elapsed() < Duration::from_secs(240), "not within four minutes");
        let mut line = String::new();
        let length = self.lines.read_line(&mut line).unwrap();
        (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// The number of trials that have ended, over all cells of the grid.
pub(crate) fn done(cells: &str) -> u64 {
    numbers(cells, "data-done").iter().sum()
}

/// The values of an attribute.
pub(crate) fn numbers(html: &str, attribute: &str) -> Vec<u64> {
    let start = format!("{attribute}=\"");
    let parts = html.split(&start).skip(1);
    parts.map(|part| part.split('"').next().unwrap().parse().unwrap()).collect()
}
