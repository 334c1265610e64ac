//! What the checked files use of other files and crates, reduced to what they need.

pub(crate) mod capacity {
    pub(crate) const COMMON_QUEUE: u64 = 1 << 20;

    pub(crate) fn leaving(_: u64) -> u64 {
        1
    }
}

pub(crate) mod client_thread {
    use shuttle::sync::Arc;
    use shuttle::sync::atomic::Ordering::SeqCst;

    use super::super::checked::client::{Client, Message};
    use super::super::checked::thread_per_client::Hub;
    use super::super::{FRAME, FRAMES};
    use super::context::Context;

    pub(crate) struct ClientThread {
        pub(crate) context: Arc<Context>,
        pub(crate) hub: Arc<dyn Hub>,
        pub(crate) client: Arc<Client>,
    }

    impl ClientThread {
        /// Sends its frames, or only reads, then leaves.
        pub(crate) fn run(self) {
            let Self { context, hub, client } = self;
            let frames = (context.frames_of)(client.id());
            {
                let mut broadcaster = hub.broadcaster();
                for number in 0..frames {
                    if context.stopping.load(SeqCst) {
                        break;
                    }
                    let name = (client.id() * FRAMES + number + 1) as u8;
                    let frame = [name; FRAME];
                    let counters = &context.counters;
                    let message = Message { sender: client.id(), frame: &frame, counters };
                    broadcaster.broadcast(&message);
                    context.ended.lock().expect("no panic").push(name);
                }
            }
            if frames == 0 {
                // It only reads, until a side ends the connection.
                client.socket().read_to_end();
            }
            hub.remove(client.id());
            client.finish_writing();
        }
    }
}

pub(crate) mod context {
    use shuttle::sync::Mutex;
    use shuttle::sync::atomic::AtomicBool;

    use super::super::checked::counters::Counters;
    use super::super::checked::frame_memory::FrameMemory;
    use super::metrics::ClientLimit;
    use super::settings::ServerSettings;

    #[derive(Debug)]
    pub(crate) struct Context {
        pub(crate) settings: ServerSettings,
        pub(crate) client_limit: ClientLimit,
        pub(crate) frame_memory: FrameMemory,
        pub(crate) counters: Counters,
        pub(crate) stopping: AtomicBool,
        /// How many frames a client sends.
        pub(crate) frames_of: fn(u64) -> u64,
        /// Frames whose broadcast has ended.
        pub(crate) ended: Mutex<Vec<u8>>,
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

        pub(crate) fn add(&mut self, other: &Self) {
            self.0 += other.0;
        }

        pub(crate) fn summary(&self) -> DurationSummary {
            DurationSummary { count: self.0 }
        }
    }
}

pub(crate) mod error {
    /// No design that is checked fails to start.
    #[derive(Debug)]
    pub(crate) struct ServerError;
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
        MaxClients,
        NoThread,
        WriteTimeout,
        NoMemory,
        QueueFull,
    }

    impl ClosedBecause {
        pub(crate) const ALL: [Self; 5] =
            [Self::MaxClients, Self::NoThread, Self::WriteTimeout, Self::NoMemory, Self::QueueFull];
    }

    #[derive(Debug)]
    pub(crate) struct ClientLimit {
        pub(crate) clients: u64,
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

    #[derive(Debug, Default, Clone, Copy)]
    pub(crate) enum WhenFull {
        #[default]
        HoldSender,
        DropMessage,
        CloseClient,
    }

    #[derive(Debug, Default)]
    pub(crate) struct ServerSettings {
        pub(crate) sigpipe: Sigpipe,
        pub(crate) write_timeout: Duration,
        /// Room for one frame.
        pub(crate) client_queue: u64,
        pub(crate) when_full: WhenFull,
        pub(crate) thread_stack: u64,
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
