//! How many connections have been established at the servers of a namespace.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// `Tcp.PassiveOpens` of a namespace, cheap to read repeatedly.
#[derive(Debug)]
pub struct PassiveOpens {
    file: File,
}

impl PassiveOpens {
    /// Opens the counter of the calling thread's namespace.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn open() -> io::Result<Self> {
        Ok(Self { file: File::open("/proc/thread-self/net/snmp")? })
    }

    /// The connections whose handshake a listener of the namespace has completed: the
    /// kernel counts one just before it enters the accept queue (`tcp_create_openreq_child`
    /// in net/ipv4/tcp_minisocks.c).
    ///
    /// # Errors
    /// If it cannot be read, or has an unknown format.
    pub fn count(&self) -> io::Result<u64> {
        // A read from 0 regenerates the text, which has a few short lines.
        let mut text = [0; 4096];
        let length = self.file.read_at(&mut text, 0)?;
        opens(&text[..length])
            .ok_or_else(|| io::Error::other("/proc/net/snmp has no `Tcp: … PassiveOpens …`"))
    }
}

fn opens(snmp: &[u8]) -> Option<u64> {
    let mut lines = std::str::from_utf8(snmp).ok()?.lines();
    let names = lines.find(|line| line.starts_with("Tcp:"))?;
    let place = names.split_ascii_whitespace().position(|name| name == "PassiveOpens")?;
    let values = lines.next().filter(|line| line.starts_with("Tcp:"))?;
    values.split_ascii_whitespace().nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_below_its_name_is_found() {
        let text = "Ip: Forwarding\nIp: 1\nTcp: MaxConn ActiveOpens PassiveOpens X\n\
                    Tcp: -1 5 47 9\n";
        assert_eq!(opens(text.as_bytes()), Some(47));
        assert_eq!(opens(b"Tcp: MaxConn ActiveOpens\nTcp: -1 5\n"), None);
        assert_eq!(opens(b"Tcp: PassiveOpens\nUdp: 5\n"), None);
        PassiveOpens::open().unwrap().count().unwrap();
    }
}
