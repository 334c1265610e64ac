//! Resolves the link addresses of a host's neighbours.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// The `discard` port, on which nothing listens.
const DISCARD_PORT: u16 = 9;
/// Time for a host to reach the other one.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);
/// Time to wait for the response to one datagram.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(100);

/// Sends a datagram to a port on which nothing listens, from each source to each target,
/// until the target's kernel refuses it (ECONNREFUSED): then both have each other's link
/// address. A burst of SYNs to an unresolved neighbour would overflow the queue of
/// packets that wait for its address (`unres_qlen_bytes`).
///
/// # Errors
/// A fragment that fits after "failed to".
pub(super) fn reach(sources: &[IpAddr], targets: &[IpAddr]) -> Result<(), String> {
    let deadline = Instant::now() + REACH_TIMEOUT;
    for &source in sources {
        for &target in targets {
            let from_to = |error: io::Error| format!("reach {target} from {source}: {error}");
            let socket = UdpSocket::bind(SocketAddr::new(source, 0)).map_err(from_to)?;
            socket.connect(SocketAddr::new(target, DISCARD_PORT)).map_err(from_to)?;
            socket.set_read_timeout(Some(RESPONSE_TIMEOUT)).map_err(from_to)?;
            loop {
                let response = socket.send(&[]).and_then(|_| socket.recv(&mut [0; 1]));
                match response.map_err(|error| error.kind()) {
                    Err(ErrorKind::ConnectionRefused) => break,
                    _ if Instant::now() < deadline => {}
                    _ => {
                        return Err(format!(
                            "reach {target} from {source} within {REACH_TIMEOUT:?}"
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_loopback_is_reached_and_an_unassigned_source_is_an_error() {
        let here: IpAddr = [127, 0, 0, 1].into();
        assert_eq!(reach(&[here], &[here, [127, 0, 0, 2].into()]), Ok(()));
        let error = reach(&[[198, 18, 255, 1].into()], &[here]).unwrap_err();
        assert!(error.starts_with("reach 127.0.0.1 from 198.18.255.1: "), "{error}");
    }
}
