//! What serving a client needs of its server, in every design.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use chat_protocol::Codec;
use worker::metrics::ClientLimit;

use crate::chat_cpu::ChatCpu;
use crate::counters::Counters;
use crate::frame_memory::FrameMemory;
use crate::settings::ServerSettings;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: ServerSettings,
    pub(crate) codec: Codec,
    /// The clients that it serves at once, at most.
    pub(crate) client_limit: ClientLimit,
    pub(crate) frame_memory: FrameMemory,
    pub(crate) counters: Counters,
    pub(crate) chat_cpu: ChatCpu,
    pub(crate) stopping: AtomicBool,
}

impl Context {
    /// Clients have sent this many messages, whose last bytes were read at `read_ns`.
    pub(crate) fn ingest(&self, messages: u64, read_ns: u64) {
        self.chat_cpu.begin();
        self.counters.ingest(messages, read_ns);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }
}
