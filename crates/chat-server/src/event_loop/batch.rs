//! Frames on their way to the clients of every loop.

use crate::frame_memory::Share;

/// A batch with fewer bytes than this is small.
const SMALL: usize = if cfg!(test) { 16 } else { 4096 };

/// Whole frames, one after the other, in the order in which a loop has read them. They are
/// encoded as they were read, and copied once for all loops and clients.
#[derive(Debug)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where each frame ends in `bytes`.
    ends: Vec<usize>,
    /// Held until the last client has it.
    _memory: Option<Share>,
}

impl Batch {
    pub(crate) fn new(bytes: Vec<u8>, ends: Vec<usize>, memory: Option<Share>) -> Self {
        debug_assert_eq!(ends.last().copied().unwrap_or(0), bytes.len(), "whole frames");
        Self { bytes, ends, _memory: memory }
    }

    /// Whether it needs about as much memory for itself as for its bytes.
    pub(crate) fn is_small(&self) -> bool {
        self.bytes.len() < SMALL
    }

    /// The frames of this and then of another.
    pub(crate) fn joined(&self, next: &Self) -> Self {
        let mut both = Self { bytes: self.bytes.clone(), ends: self.ends.clone(), _memory: None };
        both.append(next);
        both
    }

    pub(crate) fn append(&mut self, next: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&next.bytes);
        self.ends.extend(next.ends.iter().map(|end| start + end));
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn frames(&self) -> usize {
        self.ends.len()
    }

    /// Frames that end in the first `bytes`.
    pub(crate) fn frames_in(&self, bytes: usize) -> usize {
        self.ends.partition_point(|&end| end <= bytes)
    }

    /// The end of the frame that the byte at `at` is in.
    pub(crate) fn end_of_frame(&self, at: usize) -> usize {
        self.ends[self.frames_in(at)]
    }

    /// Whether a frame begins at `at`.
    pub(crate) fn is_start_of_frame(&self, at: usize) -> bool {
        at == 0 || self.ends.binary_search(&at).is_ok()
    }
}
