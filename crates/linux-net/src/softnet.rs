//! Packets that the whole machine dropped before they reached a socket.

use std::fs;
use std::io;

/// Packets that were dropped because a CPU's input queue was full
/// (`net.core.netdev_max_backlog`; `enqueue_to_backlog` in net/core/dev.c), since the
/// machine started: of all CPUs and all network namespaces, loopback and veth included.
///
/// # Errors
/// If /proc/net/softnet_stat cannot be read, or has an unknown format.
pub fn softnet_drops() -> io::Result<u64> {
    dropped(&fs::read_to_string("/proc/thread-self/net/softnet_stat")?)
        .ok_or_else(|| io::Error::other("/proc/net/softnet_stat has an unknown format"))
}

/// Sums the second column, 32 bits in hexadecimal, over the CPUs (`softnet_seq_show`).
pub(crate) fn dropped(text: &str) -> Option<u64> {
    let of_cpu = |line: &str| {
        let column = line.split_ascii_whitespace().nth(1)?;
        u32::from_str_radix(column, 16).ok().map(u64::from)
    };
    text.lines().map(of_cpu).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drops_of_all_cpus_are_added() {
        let text = "0001ab00 00000010 00000000\n00000007 0000000a 00000001\n";
        assert_eq!(dropped(text), Some(26));
        assert_eq!(dropped("x\n"), None);
        // A column that the kernel cannot write: two of them would not fit into the sum.
        assert_eq!(dropped("0 ffffffffffffffff\n0 ffffffffffffffff\n"), None);
        assert_eq!(dropped("0 ffffffff\n0 ffffffff\n"), Some(2 * u64::from(u32::MAX)));
        softnet_drops().unwrap();
    }
}
