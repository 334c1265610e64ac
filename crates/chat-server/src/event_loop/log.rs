//! What a loop has to write to its clients.

use std::collections::VecDeque;
use std::sync::Arc;

use super::batch::Batch;

/// A place between two bytes of a log, counted from its beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bytes: u64,
    /// Frames that end before it.
    pub(crate) frames: u64,
}

impl Place {
    /// The place after so many more bytes, in which as many frames end.
    pub(crate) fn after(self, bytes: usize, frames: usize) -> Self {
        Self { bytes: self.bytes + bytes as u64, frames: self.frames + frames as u64 }
    }
}

/// A part of a log: whole frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

/// The frames of all senders in the order in which a loop got them, from the first that a
/// client still waits for. Each client has a [`Cursor`](super::cursor::Cursor) in it, so that a frame is there once
/// for all of them, and all frames that came meanwhile are written to a client at once.
#[derive(Debug, Default)]
pub(crate) struct Log {
    batches: VecDeque<(Place, Arc<Batch>)>,
    end: Place,
}

impl Log {
    pub(crate) fn end(&self) -> Place {
        self.end
    }

    /// Appends frames, and returns where they start.
    pub(crate) fn push(&mut self, batch: Arc<Batch>) -> Place {
        let start = self.end;
        self.end = start.after(batch.bytes().len(), batch.frames());
        match self.batches.back_mut().filter(|(_, last)| last.is_small() && batch.is_small()) {
            // A client is behind: what waits for it does not need much more memory than its
            // bytes, even if each message came in a round of its own.
            Some((_, last)) => match Arc::get_mut(last) {
                Some(last) => last.append(&batch),
                None => *last = Arc::new(last.joined(&batch)),
            },
            None => self.batches.push_back((start, batch)),
        }
        start
    }

    /// Forgets what is before `bytes`: no cursor is there.
    pub(crate) fn forget_before(&mut self, bytes: u64) {
        while let Some((start, batch)) = self.batches.front()
            && start.bytes + batch.bytes().len() as u64 <= bytes
        {
            self.batches.pop_front();
        }
    }

    /// The place before the byte at `bytes`, which is not forgotten.
    pub(crate) fn place(&self, bytes: u64) -> Place {
        if bytes == self.end.bytes {
            return self.end;
        }
        let (start, batch) = &self.batches[self.index(bytes)];
        let inside = (bytes - start.bytes) as usize;
        start.after(inside, batch.frames_in(inside))
    }

    /// The bytes of a frame from `at` on, to its end.
    pub(crate) fn frame_from(&self, at: u64) -> &[u8] {
        let (start, batch) = &self.batches[self.index(at)];
        let inside = (at - start.bytes) as usize;
        &batch.bytes()[inside..batch.end_of_frame(inside)]
    }

    /// What is left of the frame that the byte at `at` is in; nothing if that is its first one.
    pub(crate) fn rest_of_frame(&self, at: u64) -> &[u8] {
        if at == self.end.bytes {
            return &[];
        }
        let (start, batch) = &self.batches[self.index(at)];
        match batch.is_start_of_frame((at - start.bytes) as usize) {
            true => &[],
            false => self.frame_from(at),
        }
    }

    /// The bytes from `from` on that are in one piece: of the batch that has the first of them.
    pub(crate) fn piece(&self, from: u64) -> &[u8] {
        let (start, batch) = &self.batches[self.index(from)];
        &batch.bytes()[(from - start.bytes) as usize..]
    }

    /// The batch of the byte at `bytes`.
    fn index(&self, bytes: u64) -> usize {
        self.batches.partition_point(|(start, _)| start.bytes <= bytes) - 1
    }
}
