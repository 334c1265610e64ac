//! Which ACKs the kernel accepts as SYN cookies.

/// The bits of a cookie that contain the MSS of the SYN, without its hashes
/// (`COOKIEMASK`, net/ipv4/syncookies.c).
const MASK: u64 = (1 << 24) - 1;

/// The number of MSS values that these bits can encode (`msstab`).
const SIZES: u64 = 4;

/// Whether the last ACK of a connection that a cookie created may pass as a cookie again
/// and create a connection that no client requested. This happens if the ACK arrives
/// twice: the second one finds the server's socket closed and the listener open. `sent`
/// and `received` are bytes at the client.
///
/// `check_tcp_syn_cookie` (net/ipv4/syncookies.c) checks only the difference of the ACK's
/// two sequence numbers, until the end of the minute after the cookie's own. SYN and FIN
/// advance both by one, so the difference equals that of the first ACK if about as much was
/// sent as received. Measured: with 0 and 0, 10 and 10, 12 and 10 bytes a replayed last ACK was accepted;
/// with 10 and 12, 10 and 0, 0 and 10 it counted as `SyncookiesFailed`. The MSS of the
/// connection is not known here, so the result is true for some ACKs that the kernel
/// would refuse, and never false for one that it would accept.
pub fn last_ack_passes_as_cookie(sent: u64, received: u64) -> bool {
    let more = received.wrapping_sub(sent) & MASK;
    let less = sent.wrapping_sub(received) & MASK;
    more.min(less) < SIZES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measured_acks_are_predicted() {
        for (sent, received) in [(0, 0), (10, 10), (12, 10)] {
            assert!(last_ack_passes_as_cookie(sent, received), "{sent}, {received}");
        }
        for (sent, received) in [(10, 0), (0, 10), (4, 0), (0, 4)] {
            assert!(!last_ack_passes_as_cookie(sent, received), "{sent}, {received}");
        }
    }

    #[test]
    fn the_difference_is_compared_modulo_24_bits() {
        for difference in [0, 3, (1 << 24) - 3, 1 << 24, (1 << 24) + 3, 1 << 32] {
            assert!(last_ack_passes_as_cookie(7, 7 + difference), "{difference}");
            assert!(last_ack_passes_as_cookie(7 + difference, 7), "{difference}");
        }
        for difference in [4, 1 << 23, (1 << 24) - 4, (1 << 24) + 4] {
            assert!(!last_ack_passes_as_cookie(7, 7 + difference), "{difference}");
            assert!(!last_ack_passes_as_cookie(7 + difference, 7), "{difference}");
        }
    }
}
