//! The owner of a container or network, and whether it is alive.

use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::sys::signal::kill;
use nix::unistd::Pid;

/// A process, identified uniquely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// The boot of a machine.
    boot: String,
    /// The inode of its process namespace.
    namespace: u64,
    pid: u32,
    /// Its start time, clock ticks after the machine's.
    started: u64,
}

/// The state of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It is running.
    Alive,
    /// It has ended.
    Dead,
    /// It is on another machine, or in another container, and not visible here.
    NotVisible,
}

impl Owner {
    /// This process.
    pub(super) fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            boot: boot(),
            namespace: process_namespace(),
            pid,
            started: start_time(pid).unwrap_or(0),
        }
    }

    /// The owner as the value of a label.
    pub(super) fn label(&self) -> String {
        let Self { boot, namespace, pid, started } = self;
        format!("{boot}/{namespace}/{pid}/{started}")
    }

    /// Parses the value of a label.
    pub(super) fn from_label(label: &str) -> Option<Self> {
        let mut fields = label.split('/');
        let owner = Self {
            boot: fields.next()?.to_owned(),
            namespace: fields.next()?.parse().ok()?,
            pid: fields.next()?.parse().ok()?,
            started: fields.next()?.parse().ok()?,
        };
        fields.next().is_none().then_some(owner)
    }

    /// Whether the process is alive.
    pub(super) fn life(&self) -> Life {
        if self.boot != boot() || self.namespace != process_namespace() {
            return Life::NotVisible;
        }
        match start_time(self.pid) {
            Some(started) if started == self.started => Life::Alive,
            Some(_) => Life::Dead,
            // /proc may hide other users' processes (`hidepid`); kill(2) finds them.
            None => match kill(Pid::from_raw(self.pid.cast_signed()), None) {
                Err(nix::Error::ESRCH) => Life::Dead,
                _ => Life::NotVisible,
            },
        }
    }
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn process_namespace() -> u64 {
    fs::metadata("/proc/self/ns/pid").map_or(0, |metadata| metadata.ino())
}

/// Field 22 of /proc/PID/stat, after the second, a name with any characters. `None` if it
/// is not visible; 0 for a zombie.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut after_name = stat.rsplit_once(") ")?.1.split(' ');
    let state = after_name.next()?;
    if matches!(state, "Z" | "X") {
        return Some(0);
    }
    after_name.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_its_label_identifies_it() {
        let own = Owner::this_process();
        assert_eq!(Owner::from_label(&own.label()), Some(own.clone()));
        assert_eq!(own.life(), Life::Alive);
        assert!(own.started > 0);
    }

    #[test]
    fn a_reused_process_id_is_not_alive() {
        let own = Owner::this_process();
        assert_eq!(Owner { started: own.started - 1, ..own.clone() }.life(), Life::Dead);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let started = start_time(child.id());
        child.wait().unwrap();
        let dead = Owner { pid: child.id(), started: started.unwrap_or(1), ..own.clone() };
        assert_eq!(dead.life(), Life::Dead);
        let zombie = std::process::Command::new("true").spawn().unwrap();
        let owner = Owner { pid: zombie.id(), started: own.started, ..own };
        assert_ne!(owner.life(), Life::Alive);
        let _ = { zombie }.wait();
    }

    #[test]
    fn an_owner_elsewhere_is_not_visible() {
        let own = Owner::this_process();
        assert_eq!(Owner { boot: "x".to_owned(), ..own.clone() }.life(), Life::NotVisible);
        assert_eq!(Owner { namespace: 1, ..own }.life(), Life::NotVisible);
        for invalid in ["", "a/b", "a/1/2/x", "a/1/2/3/4"] {
            assert_eq!(Owner::from_label(invalid), None, "{invalid}");
        }
    }
}
