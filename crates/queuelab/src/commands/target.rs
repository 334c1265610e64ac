//! The address of a server, as a user writes it.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use linux_net::SocketDiag;

use crate::error::Result;

/// `HOST:PORT`, where the host is a name, an IPv4 address, or an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// Its address. If the host has several: on loopback one on which something listens
    /// in this network namespace, otherwise the first in the order of getaddrinfo(3).
    ///
    /// # Errors
    /// If the name has no address.
    pub(crate) fn resolve(&self) -> Result<SocketAddr> {
        let addresses = linux_net::resolve(&self.host, self.port)?;
        let listening = match &addresses[..] {
            [_, _, ..] if addresses.iter().all(|address| address.ip().is_loopback()) => {
                // Without inet_diag, the first is tried.
                let listeners = SocketDiag::open().and_then(|mut diag| diag.listeners());
                let listeners = listeners.unwrap_or_default();
                let is_listening = |address: &&SocketAddr| {
                    listeners.iter().any(|listener| {
                        let ip = listener.local.ip().to_canonical();
                        listener.local.port() == self.port
                            && (ip == address.ip()
                                || ip.is_unspecified() && (ip.is_ipv6() || address.is_ipv4()))
                    })
                };
                addresses.iter().find(is_listening)
            }
            _ => None,
        };
        let first = listening.or(addresses.first()).copied();
        Ok(first.expect("getaddrinfo returns an address or an error"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(format!("write HOST:PORT, without `{scheme}://`"));
        }
        let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(None) => return Err("`[` has no `]`".to_owned()),
            Some(Some((host, after))) => (host, after.strip_prefix(':')),
            None if text.matches(':').count() > 1 => {
                return Err("write an IPv6 address in brackets, such as [::1]:8080".to_owned());
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let Some(port) = port.filter(|port| !port.is_empty()) else {
            return Err("the port is missing: write HOST:PORT, such as localhost:8080".to_owned());
        };
        if host.is_empty() {
            return Err("the host is missing: write HOST:PORT, such as localhost:8080".to_owned());
        }
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("the port `{port}` is not a number"));
        }
        match port.parse() {
            Ok(0) | Err(_) => Err(format!("the port {port} is out of range: use 1 to 65535")),
            Ok(port) => Ok(Self { host: host.to_owned(), port }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_both_families_are_read_and_written() {
        for text in ["localhost:8080", "127.0.0.1:80", "[::1]:8080", "[fe80::1%eth0]:9"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        let resolved = |text: &str| text.parse::<Target>().unwrap().resolve().unwrap();
        assert_eq!(resolved("[::1]:8080"), "[::1]:8080".parse().unwrap());
        assert_eq!(resolved("127.0.0.1:80"), "127.0.0.1:80".parse().unwrap());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, error) in [
            ("localhost", "the port is missing: write HOST:PORT, such as localhost:8080"),
            ("localhost:", "the port is missing: write HOST:PORT, such as localhost:8080"),
            (":8080", "the host is missing: write HOST:PORT, such as localhost:8080"),
            ("localhost:99999", "the port 99999 is out of range: use 1 to 65535"),
            ("localhost:0", "the port 0 is out of range: use 1 to 65535"),
            ("localhost:http", "the port `http` is not a number"),
            ("localhost:-1", "the port `-1` is not a number"),
            ("::1:8080", "write an IPv6 address in brackets, such as [::1]:8080"),
            ("[::1", "`[` has no `]`"),
            ("[::1]", "the port is missing: write HOST:PORT, such as localhost:8080"),
            ("http://localhost:80/", "write HOST:PORT, without `http://`"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap_err(), error, "{text}");
        }
    }
}
