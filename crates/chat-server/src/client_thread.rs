//! One client's life, in its own thread.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Instant;

use chat_protocol::{Decoder, Framing};
use linux_net::monotonic_ns;
use worker::metrics::ClosedBecause;

use crate::capacity::{buffers, common_memory};
use crate::client::{Client, Message, SHORTEST_WAIT};
use crate::context::Context;
use crate::counters::Counters;
use crate::reader::{ReadEnd, Reader};
use crate::settings::ClosesFirst;
use crate::thread_per_client::Hub;

/// Buffer size of one read(2). On the heap: a thread's stack may be 16 KiB.
pub(crate) const READ_BYTES: usize = 16 * 1024;

pub(crate) struct ClientThread {
    pub(crate) context: Arc<Context>,
    pub(crate) hub: Arc<dyn Hub>,
    pub(crate) client: Arc<Client>,
}

/// Which side ended a client's chat.
enum End {
    /// The client has closed or reset the connection, or the server stops.
    ByClient,
    /// The server closes it: because the settings say so, or because of a malformed
    /// header.
    ByServer,
    /// The server gives it up.
    Closed(ClosedBecause),
}

impl From<ReadEnd> for End {
    fn from(end: ReadEnd) -> Self {
        match end {
            ReadEnd::ByClient => Self::ByClient,
            ReadEnd::TimedOut(cause) => Self::Closed(cause),
        }
    }
}

impl ClientThread {
    /// Chats, then leaves the registry, then closes.
    pub(crate) fn run(self) {
        let mut buffer = Vec::new();
        let end = match buffer.try_reserve_exact(READ_BYTES) {
            Ok(()) => {
                buffer.resize(READ_BYTES, 0);
                self.chat(&mut buffer)
            }
            Err(_) => End::Closed(ClosedBecause::NoMemory),
        };
        if let End::Closed(cause) = end {
            // Before it leaves the registry, whose lock a thread that writes to it may hold.
            self.client.close(cause, &self.context.counters);
        }
        self.context.chat_cpu.end(&self.context.counters.deliveries);
        self.hub.remove(self.client.id());
        self.client.finish_writing();
        if let End::ByServer = end {
            self.drain(&mut buffer);
        }
    }

    /// Broadcasts what the client sends, until one side ends it.
    fn chat(&self, buffer: &mut [u8]) -> End {
        let Context { settings, codec, counters, .. } = &*self.context;
        let mut remaining_messages = match settings.closes_first {
            ClosesFirst::Server if settings.close_after == 0 => return End::ByServer,
            ClosesFirst::Server => Some(settings.close_after),
            ClosesFirst::Client => None,
        };
        let mut broadcaster = self.hub.broadcaster();
        let mut reader = Reader::new(&self.client, settings);
        let mut memory = self.context.frame_memory.share();
        let mut decoder = Decoder::new(*codec);
        let mut frame = Vec::new();
        loop {
            let count = match reader.read(buffer) {
                Ok(count) => count,
                Err(end) => return end.into(),
            };
            let read_ns = monotonic_ns();
            Counters::add(&counters.bytes_in, count as u64);
            let needed = buffers((decoder.unread() + count) as u64);
            if !memory.grow_to(needed.saturating_sub(common_memory(codec)))
                || decoder.try_feed(&buffer[..count]).is_err()
            {
                return End::Closed(ClosedBecause::NoMemory);
            }
            let mut has_completed = false;
            loop {
                if self.context.is_stopping() {
                    return End::ByClient;
                }
                let body = match decoder.next_body() {
                    Ok(None) => break,
                    Ok(Some(body)) => body,
                    Err(_) => {
                        Counters::add(&counters.protocol_errors, 1);
                        return End::ByServer;
                    }
                };
                frame.clear();
                if frame.try_reserve_exact(Framing::HEADER_BYTES + body.len()).is_err() {
                    return End::Closed(ClosedBecause::NoMemory);
                }
                codec.encode(body, &mut frame).expect("the codec has decoded it");
                self.context.ingest(1, read_ns);
                let message = Message { sender: self.client.id(), frame: &frame, counters };
                broadcaster.broadcast(&message);
                has_completed = true;
                if let Some(remaining) = &mut remaining_messages {
                    *remaining -= 1;
                    if *remaining == 0 {
                        return End::ByServer;
                    }
                }
            }
            reader.note(decoder.is_mid_message(), has_completed);
        }
    }

    /// Reads up to the client's end of file, for a bounded time: a close(2) with unread
    /// data sends a RST (tcp_close), and then neither side has a TIME_WAIT.
    fn drain(&self, buffer: &mut [u8]) {
        let end = Instant::now() + self.context.settings.drain;
        let mut socket = self.client.socket();
        loop {
            let remaining = end.saturating_duration_since(Instant::now());
            if remaining.is_zero() || self.context.is_stopping() {
                return;
            }
            if socket.set_read_timeout(Some(remaining.max(SHORTEST_WAIT))).is_err() {
                return;
            }
            match socket.read(buffer) {
                Ok(0) => return,
                Ok(count) => Counters::add(&self.context.counters.bytes_in, count as u64),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}
