//! Who is answered: whoever reads, and asks for this server by a name that only
//! this machine gives it.
//!
//! A page from elsewhere can have its own name lead to 127.0.0.1 (DNS rebinding),
//! and its scripts could read the runs then as if they were its own. Its requests
//! say that name in their Host header. No such name is answered.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::page::with_headers;

/// Which names are this server's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    address: SocketAddr,
}

impl Guard {
    /// Of a server that listens there.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Whether a Host header, or a URL's authority, is this server's: a loopback
    /// name or address, or the address that was asked for. Where that was every
    /// address of the host, any address will do: a name is what can be made to
    /// lead elsewhere, an address is not. The port is not looked at, as it may be
    /// published under another.
    fn knows(&self, authority: &str) -> bool {
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => authority,
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return true;
        }
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let asked = self.address.ip();
        bare.unwrap_or(&name).parse::<IpAddr>().is_ok_and(|address| {
            let address = address.to_canonical();
            address.is_loopback() || address == asked.to_canonical() || asked.is_unspecified()
        })
    }
}

/// Answers what is only to be read, and asked of this server.
pub(crate) async fn answered(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = "The runs are only read here: GET and HEAD are all that is answered.\n";
        let refused = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], text);
        return with_headers(refused.into_response());
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // What a request's first line says goes before its header, and both must do.
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let known = |name: &str| guard.knows(name);
    if !host.is_some_and(known) || !authority.is_none_or(known) {
        let port = guard.address.port();
        let asked = match guard.address.ip() {
            address if address.is_unspecified() => String::new(),
            _ => format!(" or http://{}/", guard.address),
        };
        let text = format!(
            "This server answers to addresses of its machine alone, so that no page from \
             elsewhere can read the runs. Open http://localhost:{port}/{asked}.\n"
        );
        return with_headers((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    }
    with_headers(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::Guard;

    fn knows(listening: &str, authority: &str) -> bool {
        Guard::at(listening.parse().unwrap()).knows(authority)
    }

    #[test]
    fn loopback_is_known_by_every_name_and_nothing_else_by_any() {
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
            assert!(knows("127.0.0.1:8088", name), "{name}");
            assert!(knows("0.0.0.0:8088", name), "{name}");
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
            assert!(!knows("127.0.0.1:8088", name), "{name}");
            assert!(!knows("0.0.0.0:8088", name), "{name}");
        }
        assert!(!knows("127.0.0.1:8088", "192.168.1.5:8088"));
    }

    #[test]
    fn the_address_that_was_asked_for_is_known_and_of_every_address_each_is() {
        assert!(knows("192.168.1.5:80", "192.168.1.5"));
        assert!(!knows("192.168.1.5:80", "192.168.1.6"));
        assert!(knows("0.0.0.0:8088", "192.168.1.5:9999"));
        assert!(knows("[::]:8088", "[fe80::1]:8088"));
    }
}
