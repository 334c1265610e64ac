//! The memory that TCP has for its sockets.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use nix::unistd::{SysconfVar, sysconf};

/// The memory of all TCP sockets of the machine, cheap to read repeatedly.
#[derive(Debug)]
pub struct SocketMemory {
    file: File,
    page: u64,
}

impl SocketMemory {
    /// Opens the calling thread's view of it.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn open() -> io::Result<Self> {
        let page = sysconf(SysconfVar::PAGE_SIZE)?.unwrap_or(4096).unsigned_abs();
        Ok(Self { file: File::open("/proc/thread-self/net/sockstat")?, page })
    }

    /// What TCP has reserved for buffers, bytes: `tcp_memory_allocated`, of the whole
    /// machine in any namespace. Each CPU reserves and releases it in steps of up to 1
    /// MiB (`net.core.mem_pcpu_rsv`).
    ///
    /// # Errors
    /// If it cannot be read, or has an unknown format.
    pub fn bytes(&self) -> io::Result<u64> {
        // It is in the second short line; a read from 0 regenerates the text.
        let mut text = [0; 512];
        let length = self.file.read_at(&mut text, 0)?;
        pages(&text[..length])
            .and_then(|pages| pages.checked_mul(self.page))
            .ok_or_else(|| io::Error::other("/proc/net/sockstat has no `TCP: … mem N`"))
    }
}

pub(crate) fn pages(sockstat: &[u8]) -> Option<u64> {
    let tcp = std::str::from_utf8(sockstat).ok()?.lines().find(|line| line.starts_with("TCP:"))?;
    let mut words = tcp.split_ascii_whitespace().skip_while(|word| *word != "mem");
    words.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_tcp_are_found() {
        let text =
            "sockets: used 5\nTCP: inuse 1 orphan 0 tw 2 alloc 3 mem 47\nUDP: inuse 0 mem 9\n";
        assert_eq!(pages(text.as_bytes()), Some(47));
        assert_eq!(pages(b"sockets: used 5\nUDP: inuse 0 mem 9\n"), None);
        SocketMemory::open().unwrap().bytes().unwrap();
    }
}
