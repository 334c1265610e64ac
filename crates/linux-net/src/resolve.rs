//! The addresses of a host's name, in a statically linked program.
#![expect(unsafe_code, reason = "no crate wraps __nss_configure_lookup(3)")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Once;

/// A name has no address.
#[derive(Debug, thiserror::Error)]
#[error("find the address of `{name}`: {reason}")]
pub struct ResolveError {
    /// The name.
    pub name: String,
    /// The error of getaddrinfo(3).
    pub reason: String,
}

/// The socket addresses of a host, which is a name or an address, with this port, in the
/// order of getaddrinfo(3). Looks in /etc/hosts and then asks the DNS servers of
/// /etc/resolv.conf, whatever /etc/nsswitch.conf names: its other services are shared
/// libraries, which a static program cannot load. `localhost` needs neither file.
///
/// # Errors
/// If neither has the name, or the DNS servers do not answer.
pub fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    use_built_in_services();
    match (host, port).to_socket_addrs() {
        // getaddrinfo may list an address once for each line of /etc/hosts.
        Ok(found) => Ok(found.fold(Vec::new(), |mut unique, address| {
            if !unique.contains(&address) {
                unique.push(address);
            }
            unique
        })),
        // RFC 6761, section 6.3.
        Err(_) if host.eq_ignore_ascii_case("localhost") => {
            let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            Ok(addresses.map(|ip| SocketAddr::new(ip, port)).to_vec())
        }
        Err(error) => {
            let text = error.to_string();
            let reason = text.strip_prefix("failed to lookup address information: ");
            Err(ResolveError {
                name: host.to_owned(),
                reason: reason.map_or_else(|| text.clone(), str::to_owned),
            })
        }
    }
}

/// Restricts getaddrinfo(3) of this process to the services that glibc contains.
fn use_built_in_services() {
    static CONFIGURED: Once = Once::new();
    CONFIGURED.call_once(|| {
        #[cfg(target_env = "gnu")]
        {
            // SAFETY: this is the declaration of glibc's <nss.h>.
            unsafe extern "C" {
                fn __nss_configure_lookup(
                    database: *const libc::c_char,
                    services: *const libc::c_char,
                ) -> libc::c_int;
            }
            // SAFETY: both strings are static, end with NUL, and are only read. If it fails,
            // the services of /etc/nsswitch.conf stay in force.
            let _ = unsafe { __nss_configure_lookup(c"hosts".as_ptr(), c"files dns".as_ptr()) };
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_their_own_and_localhost_is_always_known() {
        let found = |host: &str| resolve(host, 80).unwrap();
        assert_eq!(found("192.0.2.7"), ["192.0.2.7:80".parse().unwrap()]);
        assert_eq!(found("::1"), ["[::1]:80".parse().unwrap()]);
        assert!(found("localhost").iter().all(|address| address.ip().is_loopback()));
    }

    #[test]
    fn a_name_without_an_address_is_in_the_error() {
        // RFC 6761: no DNS has names below `invalid`.
        let error = resolve("name.invalid", 80).unwrap_err();
        assert!(error.to_string().starts_with("find the address of `name.invalid`: "), "{error}");
    }
}
