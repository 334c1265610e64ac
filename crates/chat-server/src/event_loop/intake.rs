//! What a loop reads in one round.

use std::ops::Range;
use std::sync::Arc;

use super::batch::Batch;
use crate::frame_memory::Share;

/// Bytes of messages that a loop reads before it writes them, at least, if there are so many.
const ROUND: usize = 64 * 1024;

/// Frames of one sender, one after the other in a batch.
#[derive(Debug)]
pub(crate) struct Run {
    /// The sender's key in its loop.
    pub(crate) key: usize,
    pub(crate) bytes: Range<usize>,
    pub(crate) frames: Range<usize>,
}

/// A batch, and who sent what of it.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) batch: Arc<Batch>,
    pub(crate) runs: Vec<Run>,
}

/// Collects the frames that a loop reads in one round.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    runs: Vec<Run>,
    complete: Vec<Collected>,
    /// Bytes of the round.
    collected: usize,
}

impl Intake {
    /// Adds a frame of the client with this key.
    pub(crate) fn add(&mut self, key: usize, frame: &[u8]) {
        let (start, number) = (self.bytes.len(), self.ends.len());
        self.bytes.extend_from_slice(frame);
        let end = self.bytes.len();
        self.ends.push(end);
        self.collected += frame.len();
        match self.runs.last_mut() {
            Some(run) if run.key == key => (run.bytes.end, run.frames.end) = (end, number + 1),
            _ => self.runs.push(Run { key, bytes: start..end, frames: number..number + 1 }),
        }
    }

    /// Adds a large frame without a copy, and its share of the memory.
    pub(crate) fn add_large(&mut self, key: usize, frame: Vec<u8>, memory: Share) {
        self.complete_batch();
        let length = frame.len();
        self.collected += length;
        let batch = Batch::new(frame, vec![length], Some(memory));
        let runs = vec![Run { key, bytes: 0..length, frames: 0..1 }];
        self.complete.push(Collected { batch: Arc::new(batch), runs });
    }

    /// Whether it is time to write.
    pub(crate) fn is_full(&self) -> bool {
        self.collected >= ROUND
    }

    /// The batches of the round, which is over.
    pub(crate) fn take(&mut self) -> std::vec::Drain<'_, Collected> {
        self.complete_batch();
        self.collected = 0;
        self.complete.drain(..)
    }

    fn complete_batch(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        // Exactly as much memory as is needed: a slow client may need it for long.
        let batch = Batch::new(self.bytes.clone(), self.ends.clone(), None);
        self.bytes.clear();
        self.ends.clear();
        let runs = std::mem::take(&mut self.runs);
        self.complete.push(Collected { batch: Arc::new(batch), runs });
    }
}
