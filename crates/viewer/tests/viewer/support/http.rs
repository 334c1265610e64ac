//! Requests as raw text: targets and headers are sent unchanged.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The whole response to a request, headers included.
pub(crate) fn request(address: SocketAddr, method: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
    let head =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

/// The response to a request line and headers; `None` if the server closed the connection
/// before it had read all of them.
pub(crate) fn request_with_head(address: SocketAddr, head: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
    let sent = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
    let mut response = Vec::new();
    let received = stream.read_to_end(&mut response);
    let is_whole =
        !response.is_empty() && (sent.is_ok() || received.is_ok() || response.starts_with(b"HTTP"));
    is_whole.then(|| String::from_utf8_lossy(&response).into_owned())
}

/// A response's status.
pub(crate) fn status(response: &str) -> u16 {
    let code = response.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.unwrap_or_else(|| panic!("no status in {response}"))
}
