//! What the kernel takes for a SYN cookie.

/// Of a cookie, the bits that say which MSS the SYN asked for, once its hashes are
/// taken away (`COOKIEMASK`, net/ipv4/syncookies.c).
const MASK: u64 = (1 << 24) - 1;

/// The sizes that these bits can name (`msstab`).
const SIZES: u64 = 4;

/// Whether the last ACK of a connection that a cookie made may be taken for a
/// cookie again, and make a connection that nobody asked for: where it comes twice,
/// the second finds the server's socket gone and the listener there. `sent` and
/// `received` are the client's, bytes.
///
/// `check_tcp_syn_cookie` (net/ipv4/syncookies.c, Linux 6.18) looks at the distance
/// of the ACK's two numbers alone, for two minutes. SYN and FIN move both by one; so
/// the distance is that of the first ACK where about as much was sent as received.
/// Measured: with 0 and 0, 10 and 10, 12 and 10 bytes a replayed last ACK was
/// accepted; with 10 and 12, 10 and 0, 0 and 10 it counted as `SyncookiesFailed`.
/// Which of the sizes it began with is not known here, so this is true of some ACKs
/// that would be refused, and never false of one that would be taken.
pub fn last_ack_passes_as_cookie(sent: u64, received: u64) -> bool {
    let more = received.wrapping_sub(sent) & MASK;
    let less = sent.wrapping_sub(received) & MASK;
    more.min(less) < SIZES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_as_told() {
        for (sent, received) in [(0, 0), (10, 10), (12, 10)] {
            assert!(last_ack_passes_as_cookie(sent, received), "{sent}, {received}");
        }
        for (sent, received) in [(10, 0), (0, 10), (4, 0), (0, 4)] {
            assert!(!last_ack_passes_as_cookie(sent, received), "{sent}, {received}");
        }
    }

    #[test]
    fn the_distance_is_that_of_24_bits() {
        for apart in [0, 3, (1 << 24) - 3, 1 << 24, (1 << 24) + 3, 1 << 32] {
            assert!(last_ack_passes_as_cookie(7, 7 + apart), "{apart}");
            assert!(last_ack_passes_as_cookie(7 + apart, 7), "{apart}");
        }
        for apart in [4, 1 << 23, (1 << 24) - 4, (1 << 24) + 4] {
            assert!(!last_ack_passes_as_cookie(7, 7 + apart), "{apart}");
            assert!(!last_ack_passes_as_cookie(7 + apart, 7), "{apart}");
        }
    }
}
