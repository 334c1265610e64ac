//! What a client has sent.

use chat_protocol::Codec;
use worker::metrics::ClosedBecause;

use super::intake::Intake;
use crate::capacity::{COMMON_BODY, buffers, common_memory};
use crate::client_thread::READ_BYTES;
use crate::frame_memory::Share;

/// Why a client may send no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has sent as many messages as the settings let it.
    Finished,
    /// A malformed header.
    Malformed,
    /// No memory.
    Closed(ClosedBecause),
}

/// The beginning of a message that a client has not completed.
#[derive(Debug)]
pub(crate) struct Incoming {
    partial: Vec<u8>,
    memory: Share,
    /// Messages that it may still send, if they are counted.
    remaining: Option<u32>,
    /// When the message began that is not complete, nanoseconds of the clock of the loop's
    /// reading.
    since_ns: Option<u64>,
}

impl Incoming {
    pub(crate) fn new(memory: Share, remaining: Option<u32>) -> Self {
        Self { partial: Vec::new(), memory, remaining, since_ns: None }
    }

    pub(crate) fn since_ns(&self) -> Option<u64> {
        self.since_ns
    }

    /// Adds what was just read to `intake` as far as it completes messages, and keeps the rest.
    /// How many messages, and why the client may send no more.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        key: usize,
        codec: &Codec,
        intake: &mut Intake,
        now_ns: u64,
    ) -> (u64, Option<Refusal>) {
        let started = !self.partial.is_empty();
        if started && let Err(refusal) = self.keep(bytes, codec) {
            return (0, Some(refusal));
        }
        let unread = if started { std::mem::take(&mut self.partial) } else { Vec::new() };
        let all = if started { &unread[..] } else { bytes };
        let mut messages = 0;
        let mut used = 0;
        let mut refusal = None;
        loop {
            if self.remaining == Some(0) {
                refusal = Some(Refusal::Finished);
                break;
            }
            let length = match codec.frame_length(&all[used..]) {
                Ok(Some(length)) if length <= all.len() - used => length,
                Ok(_) => break,
                Err(_) => {
                    refusal = Some(Refusal::Malformed);
                    break;
                }
            };
            messages += 1;
            self.remaining = self.remaining.map(|remaining| remaining - 1);
            if used == 0 && length > COMMON_BODY as usize {
                let mut frame = unread;
                // Within what one read(2) returns.
                let rest = frame.split_off(length);
                let memory = self.memory.take();
                self.since_ns = None;
                intake.add_large(key, frame, memory);
                let (more, refusal) = self.take(&rest, key, codec, intake, now_ns);
                return (messages + more, refusal);
            }
            intake.add(key, &all[used..used + length]);
            used += length;
        }
        if refusal.is_none() {
            refusal = self.keep_rest(unread, bytes, used, codec).err();
        }
        let is_mid_message = !self.partial.is_empty();
        let since_ns = self.since_ns.filter(|_| messages == 0);
        self.since_ns = is_mid_message.then(|| since_ns.unwrap_or(now_ns));
        (messages, refusal)
    }

    /// Keeps what is left after the first `used` bytes: of `unread`, or of `bytes` if there was
    /// nothing before them.
    fn keep_rest(
        &mut self,
        mut unread: Vec<u8>,
        bytes: &[u8],
        used: usize,
        codec: &Codec,
    ) -> Result<(), Refusal> {
        if unread.is_empty() {
            return match &bytes[used..] {
                [] => Ok(()),
                rest => self.keep(rest, codec),
            };
        }
        // What a large message needed is not kept for the next one.
        if used < unread.len() || unread.capacity() <= READ_BYTES {
            unread.drain(..used);
            self.partial = unread;
        }
        Ok(())
    }

    /// Appends to the message that is not complete. The buffer is at most twice as large as
    /// what it has, and ends with the message that a header announces if that is less.
    fn keep(&mut self, bytes: &[u8], codec: &Codec) -> Result<(), Refusal> {
        let no_memory = Refusal::Closed(ClosedBecause::NoMemory);
        let (filled, capacity) = (self.partial.len(), self.partial.capacity());
        let needed = filled + bytes.len();
        let more = buffers(needed as u64).saturating_sub(common_memory(codec));
        if !self.memory.grow_to(more) {
            return Err(no_memory);
        }
        if needed > capacity {
            let announced = codec.frame_length(&self.partial).ok().flatten().unwrap_or(needed);
            let target = needed.max(announced.min(2 * capacity));
            self.partial.try_reserve_exact(target - filled).map_err(|_| no_memory)?;
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::Framing;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::frame_memory::FrameMemory;

    const KEY: usize = 7;

    fn codec(largest_body: u32) -> Codec {
        Codec::new(Framing::U32be, Some(largest_body)).expect("it fits")
    }

    fn incoming(memory: u64, remaining: Option<u32>) -> Incoming {
        Incoming::new(FrameMemory::new(memory).share(), remaining)
    }

    /// What `intake` has of one client, and how many messages that is.
    fn collected(intake: &mut Intake) -> (Vec<u8>, usize) {
        let mut all = Vec::new();
        let mut messages = 0;
        for collected in intake.take() {
            let runs: Vec<_> = collected.runs.iter().map(|run| (run.key, &run.frames)).collect();
            assert_eq!(runs, [(KEY, &(0..collected.batch.frames()))]);
            all.extend_from_slice(collected.batch.bytes());
            messages += collected.batch.frames();
        }
        (all, messages)
    }

    proptest! {
        #[test]
        fn messages_are_complete_wherever_the_stream_is_cut(
            bodies in vec(prop_oneof![1..40usize, 60_000..70_000usize, 100_000..200_000usize], 1..8),
            pieces in vec(1..=READ_BYTES, 1..200),
        ) {
            let codec = codec(200_000);
            let mut stream = Vec::new();
            for (number, &size) in bodies.iter().enumerate() {
                codec.encode(&vec![number as u8; size], &mut stream).expect("it fits");
            }
            let mut incoming = incoming(u64::MAX, None);
            let mut intake = Intake::default();
            let mut rest = &stream[..];
            let mut messages = 0;
            for size in pieces.into_iter().chain(std::iter::repeat(READ_BYTES)) {
                if rest.is_empty() {
                    break;
                }
                let piece;
                (piece, rest) = rest.split_at(rest.len().min(size));
                let (more, refusal) = incoming.take(piece, KEY, &codec, &mut intake, 5);
                prop_assert_eq!(refusal, None);
                messages += more as usize;
            }
            prop_assert_eq!(messages, bodies.len());
            prop_assert_eq!(incoming.since_ns(), None);
            let (all, frames) = collected(&mut intake);
            prop_assert!(all == stream, "the stream has changed");
            prop_assert_eq!(frames, bodies.len());
        }
    }

    #[test]
    fn the_time_of_a_message_begins_with_its_first_byte() {
        let (codec, mut intake) = (codec(10), Intake::default());
        let mut incoming = incoming(0, None);
        let mut take = |bytes: &[u8], now_ns| {
            let taken = incoming.take(bytes, KEY, &codec, &mut intake, now_ns);
            (taken, incoming.since_ns())
        };
        assert_eq!(take(b"\0\0", 1), ((0, None), Some(1)));
        assert_eq!(take(b"\0\x02h", 2), ((0, None), Some(1)), "it goes on");
        assert_eq!(take(b"i\0", 3), ((1, None), Some(3)), "the next one");
        assert_eq!(take(b"\0\0\x01!", 4), ((1, None), None));
    }

    #[test]
    fn what_comes_after_the_last_message_is_no_message() {
        let stream = b"\0\0\0\x02hi\0\0\0\x01!\0\0\0\x0b";
        for (remaining, messages, refusal) in [
            (None, 2, Refusal::Malformed),
            (Some(3), 2, Refusal::Malformed),
            (Some(2), 2, Refusal::Finished),
            (Some(1), 1, Refusal::Finished),
        ] {
            let mut intake = Intake::default();
            let taken = incoming(0, remaining).take(stream, KEY, &codec(10), &mut intake, 0);
            assert_eq!(taken, (messages, Some(refusal)));
            assert_eq!(collected(&mut intake).1, messages as usize);
        }
    }

    #[test]
    fn a_message_without_memory_for_it_is_refused_and_one_that_waits_keeps_its_memory() {
        let codec = codec(1 << 20);
        let needed = buffers(4 + (1 << 20)) - common_memory(&codec);
        let mut frame = Vec::new();
        codec.encode(&vec![1; 1 << 20], &mut frame).expect("it fits");
        for (memory, is_refused) in [(needed - 1, true), (needed, false)] {
            let mut intake = Intake::default();
            let memory = FrameMemory::new(memory);
            let mut incoming = Incoming::new(memory.share(), None);
            let mut chunks = frame.chunks(READ_BYTES);
            let refusal =
                chunks.find_map(|chunk| incoming.take(chunk, KEY, &codec, &mut intake, 0).1);
            let no_memory = Refusal::Closed(ClosedBecause::NoMemory);
            assert_eq!(refusal, is_refused.then_some(no_memory));
            drop(incoming);
            assert_eq!(memory.share().grow_to(needed - 1), is_refused, "it is in a batch");
            drop(intake);
            assert!(memory.share().grow_to(needed - 1));
        }
    }
}
