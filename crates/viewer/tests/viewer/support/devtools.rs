//! Chromium, controlled over its DevTools protocol. CI fails without it; elsewhere these
//! tests print that they need `chromium`.

#[path = "../../../../report/tests/browser/found.rs"]
mod found;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::until;
use found::browser;

/// The process of a browser, which is killed on drop even if it never opened a page.
struct Running(Child);

/// A page in a browser. Dropping it ends the browser.
pub(crate) struct Browser {
    _running: Running,
    /// A WebSocket to the page.
    stream: TcpStream,
    last_id: u64,
    /// The events that it sent.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Opens an empty page; `None` if there is no browser.
    pub(crate) fn start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new(browser()?)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-extensions"])
            .args(["--disable-component-update", "--disable-sync", "--remote-debugging-port=0"])
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        let port_file = profile.path().join("DevToolsActivePort");
        let port = || std::fs::read_to_string(&port_file).ok()?.lines().next()?.parse::<u16>().ok();
        until("the browser listens", || port().is_some());
        let address = SocketAddr::from(([127, 0, 0, 1], port().unwrap()));
        let mut page = None;
        until("the browser has a page", || {
            let pages: Vec<Value> = serde_json::from_str(&pages(address)).unwrap_or_default();
            page = pages.into_iter().find(|page| page["type"] == "page");
            page.is_some()
        });
        let url = page.unwrap()["webSocketDebuggerUrl"].as_str().unwrap().to_owned();
        let (_, path) = url.split_once(&address.to_string()).unwrap();
        let stream = upgraded(address, path);
        let mut browser =
            Self { _running: running, stream, last_id: 0, events: Vec::new(), _profile: profile };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Opens a page, and waits until it is loaded.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.until_true("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        self.call("Runtime.evaluate", params)["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page.
    pub(crate) fn until_true(&mut self, expression: &str) {
        until(expression, || self.value(expression) == json!(true));
    }

    /// The URLs of all requests, and all messages on the console.
    pub(crate) fn requests_and_messages(&mut self) -> (Vec<String>, Vec<String>) {
        // Events up to now arrive before the response to this.
        self.value("0");
        let of = |method: &str| {
            let method = method.to_owned();
            self.events.iter().filter(move |event| event["method"] == method.as_str())
        };
        let requests = of("Network.requestWillBeSent")
            .map(|event| event["params"]["request"]["url"].as_str().unwrap().to_owned())
            .collect();
        let messages = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"];
        let messages = messages.iter().flat_map(|method| of(method));
        (requests, messages.map(|event| event["params"].to_string()).collect())
    }

    /// A screenshot of the page at a width, with the dark or light colour scheme, as PNG in
    /// base64.
    pub(crate) fn screenshot(&mut self, width: u32, is_dark: bool) -> String {
        let scheme = if is_dark { "dark" } else { "light" };
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": feature }));
        let screen =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let shot = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        shot["data"].as_str().unwrap().to_owned()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let message = json!({ "id": self.last_id, "method": method, "params": params });
        self.send(message.to_string().as_bytes());
        loop {
            let message: Value = serde_json::from_slice(&self.receive()).unwrap();
            if message["id"] == self.last_id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// Sends a text frame, masked with zeroes as a client must.
    fn send(&mut self, text: &[u8]) {
        let mut frame = vec![0x81];
        match text.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text);
        self.stream.write_all(&frame).unwrap();
    }

    /// The text of the next message, from all its frames.
    fn receive(&mut self) -> Vec<u8> {
        let mut message = Vec::new();
        loop {
            let [first, second] = self.bytes();
            let length = match second & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.bytes())),
                127 => u64::from_be_bytes(self.bytes()),
                short => u64::from(short),
            };
            let mut part = vec![0; length as usize];
            self.stream.read_exact(&mut part).unwrap();
            message.extend(part);
            if first & 0x80 != 0 {
                return message;
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The pages of the browser, as JSON.
fn pages(address: SocketAddr) -> String {
    let mut line = TcpStream::connect(address).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
    let head = format!("GET /json/list HTTP/1.1\r\nHost: {address}\r\n\r\n");
    line.write_all(head.as_bytes()).unwrap();
    // It keeps the connection open, despite any header.
    let mut lines = BufReader::new(line);
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn upgraded(address: SocketAddr, path: &str) -> TcpStream {
    let mut line = TcpStream::connect(address).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    line.write_all(head.as_bytes()).unwrap();
    // No message follows the response before the first call.
    let mut lines = BufReader::new(line.try_clone().unwrap()).lines().map(Result::unwrap);
    let status = lines.next().unwrap();
    assert!(status.contains(" 101 "), "{status}");
    assert!(lines.any(|line| line.is_empty()));
    drop(lines);
    line
}
