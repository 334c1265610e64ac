//! What the checked files use of other files and crates, reduced to what they need.

pub(crate) mod capacity {
    pub(crate) fn leaving(_: u64) -> u64 {
        1
    }
}

pub(crate) mod durations {
    use super::metrics::DurationSummary;

    #[derive(Debug, Default)]
    pub(crate) struct Durations(u64);

    impl Durations {
        pub(crate) fn record(&mut self, _: u64) {
            self.0 += 1;
        }

        pub(crate) fn summary(&self) -> DurationSummary {
            DurationSummary { count: self.0 }
        }
    }
}

pub(crate) mod linux_net {
    use std::io;

    /// Time stands still: no timeout ends.
    pub(crate) fn monotonic_ns() -> u64 {
        0
    }

    pub(crate) fn coarse_monotonic_ns() -> u64 {
        0
    }

    #[derive(Debug)]
    pub(crate) struct PlainThread(shuttle::thread::JoinHandle<()>);

    impl PlainThread {
        pub(crate) fn spawn(
            _: usize,
            body: impl FnOnce() + Send + 'static,
        ) -> io::Result<PlainThread> {
            Ok(Self(shuttle::thread::spawn(body)))
        }

        pub(crate) fn join(self) {
            self.0.join().expect("no panic");
        }
    }
}

pub(crate) mod metrics {
    #[derive(Debug)]
    #[expect(dead_code, reason = "the models read no summary")]
    pub(crate) struct DurationSummary {
        pub(crate) count: u64,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub(crate) enum ClosedBecause {
        WriteTimeout,
    }

    impl ClosedBecause {
        pub(crate) const ALL: [Self; 1] = [Self::WriteTimeout];
    }
}

pub(crate) mod nix {
    pub(crate) mod sys {
        pub(crate) mod socket {
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct MsgFlags(i32);

            impl MsgFlags {
                pub(crate) const MSG_DONTWAIT: Self = Self(1);
                pub(crate) const MSG_NOSIGNAL: Self = Self(2);

                pub(crate) fn bits(self) -> i32 {
                    self.0
                }
            }
        }

        pub(crate) mod prctl {
            pub(crate) fn set_name(_: &std::ffi::CStr) -> Result<(), ()> {
                Ok(())
            }
        }
    }
}

pub(crate) mod settings {
    use std::time::Duration;

    use super::sigpipe::Sigpipe;

    #[derive(Debug, Default)]
    pub(crate) struct ServerSettings {
        pub(crate) sigpipe: Sigpipe,
        pub(crate) write_timeout: Duration,
    }
}

pub(crate) mod sigpipe {
    #[derive(Debug, Default, Clone, Copy)]
    pub(crate) enum Sigpipe {
        #[default]
        Ignore,
        #[expect(dead_code, reason = "the models never choose it")]
        Default,
    }
}
