//! One client's life, in its own thread.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Instant;

use chat_protocol::Decoder;
use linux_net::monotonic_ns;

use crate::client::{Client, Message};
use crate::counters::Counters;
use crate::settings::ClosesFirst;
use crate::shared::Shared;

/// Buffer size of one read(2). On the heap: a thread's stack may be 16 KiB.
const READ_BYTES: usize = 16 * 1024;

pub(crate) struct ClientThread {
    pub(crate) shared: Arc<Shared>,
    pub(crate) client: Arc<Client>,
}

/// Which side ended a client's chat.
enum End {
    /// The client has closed or reset the connection, or the server stops.
    ByClient,
    /// The server closes it: because the settings say so, or because of a malformed
    /// header.
    ByServer,
}

impl ClientThread {
    /// Chats, then leaves the registry, then closes.
    pub(crate) fn run(self) {
        let mut buffer = vec![0; READ_BYTES];
        let end = self.chat(&mut buffer);
        self.shared.registry.remove(self.client.id());
        self.client.finish_writing();
        if let End::ByServer = end {
            self.drain(&mut buffer);
        }
    }

    /// Broadcasts what the client sends, until one side ends it.
    fn chat(&self, buffer: &mut [u8]) -> End {
        let Shared { settings, codec, counters, registry, .. } = &*self.shared;
        let mut remaining_messages = match settings.closes_first {
            ClosesFirst::Server if settings.close_after == 0 => return End::ByServer,
            ClosesFirst::Server => Some(settings.close_after),
            ClosesFirst::Client => None,
        };
        let mut broadcaster = (settings.design.design().broadcaster)();
        let mut decoder = Decoder::new(*codec);
        let mut frame = Vec::new();
        loop {
            let count = match self.client.socket().read(buffer) {
                Ok(0) => return End::ByClient,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return End::ByClient,
            };
            let read_ns = monotonic_ns();
            Counters::add(&counters.bytes_in, count as u64);
            decoder.feed(&buffer[..count]);
            loop {
                if self.shared.is_stopping() {
                    return End::ByClient;
                }
                frame.clear();
                match decoder
                    .next_body()
                    .and_then(|body| body.map(|body| codec.encode(body, &mut frame)).transpose())
                {
                    Ok(None) => break,
                    Ok(Some(())) => {}
                    Err(_) => {
                        Counters::add(&counters.protocol_errors, 1);
                        return End::ByServer;
                    }
                }
                counters.ingest(read_ns);
                let message = Message { sender: self.client.id(), frame: &frame, counters };
                broadcaster.broadcast(&message, registry);
                if let Some(remaining) = &mut remaining_messages {
                    *remaining -= 1;
                    if *remaining == 0 {
                        return End::ByServer;
                    }
                }
            }
        }
    }

    /// Reads up to the client's end of file, for a bounded time: a close(2) with unread
    /// data sends a RST (tcp_close), and then neither side has a TIME_WAIT.
    fn drain(&self, buffer: &mut [u8]) {
        let end = Instant::now() + self.shared.settings.drain;
        let mut socket = self.client.socket();
        loop {
            let remaining = end.saturating_duration_since(Instant::now());
            if remaining.is_zero() || self.shared.is_stopping() {
                return;
            }
            if socket.set_read_timeout(Some(remaining)).is_err() {
                return;
            }
            match socket.read(buffer) {
                Ok(0) => return,
                Ok(count) => Counters::add(&self.shared.counters.bytes_in, count as u64),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}
