//! What arrives at some of the clients of a chat: reading it, and checking it.

use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex};

use chat_protocol::{Codec, Decoder};
use linux_net::monotonic_ns;
use socket2::Socket;

use crate::activity::Activity;
use crate::delivery_rows::{Arrival, DeliveryRows};
use crate::latency::Latencies;
use crate::message::MessageFormat;
use crate::schedule::Schedule;

/// First bytes that are kept to show what is not in the framing, or not the expected answer.
pub(crate) const SAMPLE_BYTES: usize = 64;

/// Bytes that one read(2) may return.
pub(crate) const READ_AT_ONCE: usize = 64 * 1024;

/// What one client has received.
#[derive(Debug)]
pub(crate) struct Receiver {
    /// The socket, while a thread that only reads has it.
    pub(crate) socket: Option<Arc<Socket>>,
    decoder: Decoder,
    /// Messages of other clients that arrived, doubled ones included.
    pub(crate) deliveries: u64,
    /// Data or an end of file arrived.
    pub(crate) answered: bool,
    /// The first bytes read, until they are known to be a message.
    unframed: Vec<u8>,
    /// A message in the framing has been read.
    is_framed: bool,
}

/// Why nothing more can be read from a client's stream. The first bytes of one without any
/// message are `unframed`.
#[derive(Debug)]
pub(crate) enum StreamEnd {
    /// The server's end of file.
    EndOfFile { unframed: Vec<u8> },
    /// A header that is invalid.
    Broken { unframed: Option<Vec<u8>> },
    /// An error of read(2).
    Failed(io::Error),
}

/// Counts and latencies of what some clients received.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) bytes_in: u64,
    pub(crate) echoed: u64,
    pub(crate) foreign: u64,
    /// Reads, of the one thread that reads for these clients.
    pub(crate) activity: Activity,
    pub(crate) delivery_latency: Latencies,
}

/// Some of the clients of a chat, as receivers, with everything that is needed to check what
/// arrives at them: one thread reads it.
#[derive(Debug)]
pub(crate) struct ReceiverPart {
    /// The number of parts: a client is at the quotient of its index.
    parts: usize,
    receivers: Vec<Receiver>,
    rows: Arc<Mutex<DeliveryRows>>,
    format: Arc<MessageFormat>,
    /// Of all clients.
    schedules: Arc<[Schedule]>,
    pub(crate) tally: Tally,
}

impl Receiver {
    fn new(codec: Codec) -> Self {
        Self {
            socket: None,
            decoder: Decoder::new(codec),
            deliveries: 0,
            answered: false,
            unframed: Vec::new(),
            is_framed: false,
        }
    }
}

impl ReceiverPart {
    /// The clients of one of so many parts: those whose index leaves this remainder.
    pub(crate) fn new(
        (part, parts): (usize, usize),
        codec: Codec,
        rows: Arc<Mutex<DeliveryRows>>,
        format: Arc<MessageFormat>,
        schedules: Arc<[Schedule]>,
    ) -> Self {
        let clients = schedules.len().saturating_sub(part).div_ceil(parts);
        Self {
            parts,
            receivers: (0..clients).map(|_| Receiver::new(codec)).collect(),
            rows,
            format,
            schedules,
            tally: Tally::new(),
        }
    }

    /// A client of this part.
    pub(crate) fn receiver(&mut self, client: usize) -> &mut Receiver {
        &mut self.receivers[client / self.parts]
    }

    /// Reads one buffer of what has arrived at a client, if anything has. Epoll reports it
    /// again if there is more, so no client has to wait for a flood of another. Whether all
    /// clients have now received everything.
    pub(crate) fn read(
        &mut self,
        client: usize,
        mut socket: &Socket,
        buffer: &mut [u8],
    ) -> Result<bool, StreamEnd> {
        let Self { parts, receivers, rows, format, schedules, tally } = self;
        let receiver = &mut receivers[client / *parts];
        let bytes = match socket.read(buffer) {
            Ok(0) => {
                receiver.answered = true;
                return Err(StreamEnd::EndOfFile {
                    unframed: std::mem::take(&mut receiver.unframed),
                });
            }
            Ok(bytes) => &buffer[..bytes],
            Err(error) if is_temporary(&error) => return Ok(false),
            Err(error) => return Err(StreamEnd::Failed(error)),
        };
        // Everything in the buffer had arrived by now.
        let now_ns = monotonic_ns();
        receiver.answered = true;
        if !receiver.is_framed {
            let room = SAMPLE_BYTES.saturating_sub(receiver.unframed.len());
            receiver.unframed.extend(&bytes[..bytes.len().min(room)]);
        }
        tally.bytes_in += bytes.len() as u64;
        tally.activity.record(now_ns);
        let mut rows = rows.lock().expect("no thread that locks it has panicked");
        let mut bodies = receiver.decoder.decode(bytes);
        let mut latencies = tally.delivery_latency.batch();
        let is_broken = loop {
            let body = match bodies.next_body() {
                Ok(Some(body)) => body,
                Ok(None) => break false,
                Err(_) => break true,
            };
            if !receiver.is_framed {
                receiver.is_framed = true;
                receiver.unframed = Vec::new();
            }
            let Some((sender, number)) = format.read(body) else {
                tally.foreign += 1;
                continue;
            };
            let sender = sender as usize;
            let schedule = &schedules[sender];
            if number >= schedule.started() {
                // Not written yet, so its sender did not send it.
                tally.foreign += 1;
            } else if sender == client {
                tally.echoed += 1;
            } else {
                receiver.deliveries += 1;
                if rows.arrived(client, sender, number, now_ns) != Arrival::Again {
                    latencies.record(now_ns.saturating_sub(schedule.intended_ns(number)));
                }
            }
        };
        let is_complete = rows.count_complete_pairs();
        if !is_broken {
            return Ok(is_complete);
        }
        let unframed = std::mem::take(&mut receiver.unframed);
        Err(StreamEnd::Broken { unframed: (!receiver.is_framed).then_some(unframed) })
    }
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            bytes_in: 0,
            echoed: 0,
            foreign: 0,
            activity: Activity::default(),
            delivery_latency: Latencies::new(),
        }
    }

    /// Adds what another part received. The activity of another thread is not added.
    pub(crate) fn add(&mut self, other: &Self) {
        self.bytes_in += other.bytes_in;
        self.echoed += other.echoed;
        self.foreign += other.foreign;
        self.delivery_latency.add(&other.delivery_latency);
    }
}

/// Whether epoll will report when to try again.
pub(crate) fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
