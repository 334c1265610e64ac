//! Which requests are answered: those that only read, whose host is a name or address of this
//! server, and that can be understood in one way only.
//!
//! A page of another site can resolve its own name to 127.0.0.1 (DNS rebinding), and its
//! scripts could then read what is served as if it were its own. Its requests have that name in
//! their Host header and are refused.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::headers::with_headers;

/// The names of this server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    address: SocketAddr,
    /// Every name is one of this server's.
    any_host: bool,
}

impl Guard {
    /// For a server that listens on this address.
    pub(crate) fn new(address: SocketAddr, any_host: bool) -> Self {
        Self { address, any_host }
    }

    /// Whether a Host header, or the authority of a URL, is of this server: a loopback name or
    /// address, or the address that it listens on. If it listens on every address, any address
    /// is accepted: a name can be made to resolve to another server, an address cannot. The
    /// port is not compared, since it may be published under another one.
    fn accepts(&self, authority: &Authority) -> bool {
        if self.any_host {
            return true;
        }
        let name = authority.host();
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return true;
        }
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let own = self.address.ip();
        bare.unwrap_or(&name).parse::<IpAddr>().is_ok_and(|address| {
            let address = address.to_canonical();
            address.is_loopback() || address == own.to_canonical() || own.is_unspecified()
        })
    }

    /// Why a request is refused; `None` if it is answered.
    fn refusal(&self, request: &Request) -> Option<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let text = "This server only answers GET and HEAD.\n";
            let refused = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], text);
            return Some(refused.into_response());
        }
        let ambiguous = |why: &str| (StatusCode::BAD_REQUEST, format!("{why}.\n")).into_response();
        let hosts = match Hosts::of(request) {
            Ok(hosts) => hosts,
            Err(why) => return Some(ambiguous(why)),
        };
        // The target takes precedence over the header: both must be of this server.
        let mut named = hosts.header.iter().chain(&hosts.target).peekable();
        if named.peek().is_none() || !named.all(|host| self.accepts(host)) {
            return Some(self.misdirected());
        }
        let agree =
            hosts.header.is_none() || hosts.target.is_none() || hosts.header == hosts.target;
        (!agree).then(|| ambiguous("The request's target and its Host header differ"))
    }

    /// The answer to a request for another host, or for none.
    fn misdirected(&self) -> Response {
        let port = self.address.port();
        let alternative = match self.address.ip() {
            address if address.is_unspecified() => String::new(),
            _ => format!(" or http://{}/", self.address),
        };
        let text = format!(
            "This server only answers requests for addresses of its machine, so that pages of \
             other sites cannot read what it shows. Open http://localhost:{port}/{alternative}.\n"
        );
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    }
}

/// The hosts that a request names.
struct Hosts {
    header: Option<Authority>,
    target: Option<Authority>,
}

impl Hosts {
    /// Fails if a program between a browser and this server could understand the request in
    /// another way than this server does.
    fn of(request: &Request) -> Result<Self, &'static str> {
        let headers = request.headers();
        let has_body = headers.get_all(header::CONTENT_LENGTH).iter().any(|length| length != "0");
        if has_body || headers.contains_key(header::TRANSFER_ENCODING) {
            return Err("A request must not have a body");
        }
        let mut hosts = headers.get_all(header::HOST).iter();
        let header = match (hosts.next(), hosts.next()) {
            (Some(_), Some(_)) => return Err("A request must not have several Host headers"),
            (None, _) if request.version() >= Version::HTTP_11 => {
                return Err("A request must have a Host header");
            }
            (None, _) => None,
            (Some(host), None) => {
                Some(authority(host.as_bytes()).ok_or("The Host header is not a host")?)
            }
        };
        if request.uri().scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) {
            return Err("The scheme of a request's target must be http");
        }
        let target = match request.uri().authority() {
            Some(target) => Some(
                authority(target.as_str().as_bytes()).ok_or("The request's target has no host")?,
            ),
            None => None,
        };
        Ok(Self { header, target })
    }
}

/// A host with or without a port, and nothing else.
fn authority(text: &[u8]) -> Option<Authority> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    let authority = Authority::try_from(text).ok().filter(|_| text.iter().all(is_plain))?;
    // What follows the host is nothing, or a port that is a number.
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = port.is_empty() || port == ":" || authority.port_u16().is_some();
    let is_host = authority.host().split('.').rev().skip(1).all(|label| !label.is_empty());
    (is_port && is_host).then_some(authority)
}

/// Passes on requests that only read and are for this server.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.refusal(&request) {
        None => with_headers(next.run(request).await),
        Some(mut refused) => {
            // What follows, such as the body, is not read as a further request.
            let close = HeaderValue::from_static("close");
            refused.headers_mut().insert(header::CONNECTION, close);
            with_headers(refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Guard;

    fn accepts(listening: &str, authority: &str) -> bool {
        let guard = Guard::new(listening.parse().unwrap(), false);
        super::authority(authority.as_bytes()).is_some_and(|authority| guard.accepts(&authority))
    }

    #[test]
    fn loopback_names_are_accepted_and_other_names_are_not() {
        for name in [
            "localhost",
            "LocalHost:8088",
            "localhost.:8088",
            "runs.localhost",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.1.2.3:8088",
            "[::1]:8088",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(accepts("127.0.0.1:8088", name), "{name}");
            assert!(accepts("0.0.0.0:8088", name), "{name}");
        }
        for name in [
            "",
            "lab",
            "evil.test:8088",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "evillocalhost",
            "127.0.0.1@evil.test",
            "evil.test@localhost",
            "evil.test:80@localhost:80",
            "evil.test/.localhost",
            "evil.test?.localhost",
            "evil.test,localhost",
            "evil.test .localhost",
            "evil.test%00.localhost",
            "evil.test_.localhost\u{e9}",
            "localhost:port",
            "localhost:99999",
            "localhost:80:80",
            "localhost..",
            ".localhost",
            "a..localhost",
            "[::1",
            "::1",
            "[::1]evil.test",
            "[127.0.0.1]x",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
        ] {
            assert!(!accepts("127.0.0.1:8088", name), "{name}");
            assert!(!accepts("0.0.0.0:8088", name), "{name}");
        }
        assert!(!accepts("127.0.0.1:8088", "192.168.1.5:8088"));
    }

    #[test]
    fn the_own_address_is_accepted_and_any_address_if_it_is_unspecified() {
        assert!(accepts("192.168.1.5:80", "192.168.1.5"));
        assert!(!accepts("192.168.1.5:80", "192.168.1.6"));
        assert!(accepts("0.0.0.0:8088", "192.168.1.5:9999"));
        assert!(accepts("[::]:8088", "[fe80::1]:8088"));
    }

    #[test]
    fn every_host_is_accepted_if_that_is_wanted() {
        let guard = Guard::new("0.0.0.0:80".parse().unwrap(), true);
        assert!(guard.accepts(&super::authority(b"web1.example:80").unwrap()));
        assert!(super::authority(b"web1.example, other").is_none());
    }
}
