//! Files of /proc that show a namespace.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use crate::counters::{Counters, CountersError};
use crate::sysctl_name::SysctlName;

/// The counters and some sysctls of a namespace as open files: what was opened in the namespace
/// shows it to any thread, and still after rights were dropped.
#[derive(Debug)]
pub struct NamespaceFiles {
    netstat: File,
    snmp: File,
    sockstat: File,
    sysctls: BTreeMap<SysctlName, File>,
}

impl NamespaceFiles {
    /// Opens those of the calling thread's namespace. Sysctls that it does not have, or does not
    /// show to this process, are left out.
    ///
    /// # Errors
    /// If the counters cannot be opened.
    pub fn open(sysctls: &[SysctlName]) -> io::Result<Self> {
        // Not /proc/net: that is the namespace of the first thread.
        let open = |name| File::open(format!("/proc/thread-self/net/{name}"));
        let sysctl = |name: &SysctlName| Some((name.clone(), File::open(name.path()).ok()?));
        Ok(Self {
            netstat: open("netstat")?,
            snmp: open("snmp")?,
            sockstat: open("sockstat")?,
            sysctls: sysctls.iter().filter_map(sysctl).collect(),
        })
    }

    /// The counters now.
    ///
    /// # Errors
    /// If they cannot be read, or have an unknown format.
    pub fn counters(&self) -> Result<Counters, CountersError> {
        Counters::parse(
            &counters_text(&self.netstat, "net/netstat")?,
            &counters_text(&self.snmp, "net/snmp")?,
            &counters_text(&self.sockstat, "net/sockstat")?,
        )
    }

    /// Those of netstat, which are the drops of listeners among others; the other files are not read.
    ///
    /// # Errors
    /// As [`NamespaceFiles::counters`].
    pub fn netstat(&self) -> Result<Counters, CountersError> {
        Counters::parse(&counters_text(&self.netstat, "net/netstat")?, "", "")
    }

    /// A sysctl now; `None` if it was not opened or cannot be read.
    pub fn sysctl(&self, name: &SysctlName) -> Option<String> {
        text(self.sysctls.get(name)?).ok().map(|value| value.trim().to_owned())
    }
}

fn counters_text(file: &File, name: &str) -> Result<String, CountersError> {
    text(file).map_err(|source| CountersError::Read { path: name.to_owned(), source })
}

/// The text of a file of /proc, which is made when it is read from its beginning.
fn text(file: &File) -> io::Result<String> {
    let mut text = String::with_capacity(4096);
    ReadFrom { file, offset: 0 }.read_to_string(&mut text)?;
    Ok(text)
}

/// Reads a file from an offset, whatever its position is: threads may share it.
struct ReadFrom<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for ReadFrom<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.offset)?;
        self.offset += length as u64;
        Ok(length)
    }
}
