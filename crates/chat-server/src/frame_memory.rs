//! Memory for messages above the usual size, which all clients share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is left of the memory, bytes.
#[derive(Debug)]
pub(crate) struct FrameMemory {
    left: Arc<AtomicU64>,
}

impl FrameMemory {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { left: Arc::new(AtomicU64::new(bytes)) }
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share { left: Arc::clone(&self.left), bytes: 0 }
    }
}

/// A share, of a client or of a message; it is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    left: Arc<AtomicU64>,
    bytes: u64,
}

impl Share {
    /// Makes it at least this large; false if too little is left. It never shrinks, as the
    /// buffers do not.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return true;
        }
        let take = |left: u64| left.checked_sub(more);
        let taken = self.left.fetch_update(Relaxed, Relaxed, take).is_ok();
        if taken {
            self.bytes = bytes;
        }
        taken
    }

    /// All of it; what is left is a share of nothing.
    pub(crate) fn take(&mut self) -> Share {
        Share { left: Arc::clone(&self.left), bytes: std::mem::take(&mut self.bytes) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.left.fetch_add(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_exceed_the_memory_and_are_given_back() {
        let memory = FrameMemory::new(100);
        let (mut first, mut second) = (memory.share(), memory.share());
        assert!(first.grow_to(60) && first.grow_to(10) && second.grow_to(40));
        assert!(!second.grow_to(41), "nothing is left");
        assert!(second.grow_to(40), "what it has stays");
        drop(first);
        let mut third = second.take();
        assert!(third.grow_to(100) && !second.grow_to(1), "it has the share of the second");
        drop(third);
        assert!(memory.share().grow_to(100));
    }
}
