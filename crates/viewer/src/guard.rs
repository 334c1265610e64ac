//! Which requests are answered: those that only read, and whose host is a name or address of
//! this server.
//!
//! A page of another site can resolve its own name to 127.0.0.1 (DNS rebinding), and its
//! scripts could then read the runs as if they were its own. Its requests have that name in
//! their Host header and are refused.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::page::with_headers;

/// The names of this server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    address: SocketAddr,
}

impl Guard {
    /// For a server that listens on this address.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Whether a Host header, or the authority of a URL, is of this server: a loopback name or
    /// address, or the address that it listens on. If it listens on every address, any address
    /// is accepted: a name can be made to resolve to another server, an address cannot. The
    /// port is not compared, since it may be published under another one.
    fn accepts(&self, authority: &str) -> bool {
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => authority,
        };
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
}

/// Passes on requests that only read and are for this server.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = "Runs can only be read here: use GET or HEAD.\n";
        let refused = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], text);
        return with_headers(refused.into_response());
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // The authority of the request line takes precedence over the header; check both.
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let accepts = |name: &str| guard.accepts(name);
    if !host.is_some_and(accepts) || !authority.is_none_or(accepts) {
        let port = guard.address.port();
        let alternative = match guard.address.ip() {
            address if address.is_unspecified() => String::new(),
            _ => format!(" or http://{}/", guard.address),
        };
        let text = format!(
            "This server only answers requests for addresses of its machine, so that pages of \
             other sites cannot read the runs. Open http://localhost:{port}/{alternative}.\n"
        );
        return with_headers((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    }
    with_headers(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::Guard;

    fn accepts(listening: &str, authority: &str) -> bool {
        Guard::new(listening.parse().unwrap()).accepts(authority)
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
            "0x7f.1",
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
}
