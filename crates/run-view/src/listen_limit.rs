//! The limit that a listen(2) sets, from the settings in force.

use queue_model::accept_queue::listen_limit;

/// The setting that limits the queues of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitingSetting {
    /// The argument of listen(2).
    Backlog,
    /// `net.core.somaxconn`.
    Somaxconn,
}

/// The two settings that limit both queues of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenLimit {
    /// The path of the setting that is the argument of listen(2).
    pub setting: &'static str,
    /// Its value as the kernel compares it, unsigned: a negative one is larger than any
    /// `somaxconn`.
    pub backlog: u32,
    /// `net.core.somaxconn`.
    pub somaxconn: u32,
}

impl ListenLimit {
    pub(crate) fn new(setting: &'static str, backlog: i64, somaxconn: u32) -> Option<Self> {
        let backlog = i32::try_from(backlog).ok()?.cast_unsigned();
        Some(Self { setting, backlog, somaxconn })
    }

    /// The limit: min(backlog, somaxconn).
    pub fn limit(self) -> u32 {
        listen_limit(self.backlog.cast_signed(), self.somaxconn)
    }

    /// Which of the two is the limit; the backlog if they are equal.
    pub fn limiting(self) -> LimitingSetting {
        match self.backlog <= self.somaxconn {
            true => LimitingSetting::Backlog,
            false => LimitingSetting::Somaxconn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_setting_is_the_limit_and_a_negative_backlog_is_large() {
        let limit = |backlog, somaxconn| {
            let limit = ListenLimit::new("server.backlog", backlog, somaxconn)?;
            Some((limit.limit(), limit.limiting()))
        };
        assert_eq!(limit(10, 4096), Some((10, LimitingSetting::Backlog)));
        assert_eq!(limit(5, 5), Some((5, LimitingSetting::Backlog)));
        assert_eq!(limit(100, 5), Some((5, LimitingSetting::Somaxconn)));
        assert_eq!(limit(-1, 4096), Some((4096, LimitingSetting::Somaxconn)));
        assert_eq!(limit(1 << 40, 4096), None, "no argument of listen(2)");
    }
}
