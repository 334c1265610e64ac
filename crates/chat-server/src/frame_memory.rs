//! Memory for messages above the usual size, which all clients share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is left of the memory, bytes.
#[derive(Debug)]
pub(crate) struct FrameMemory {
    left: AtomicU64,
}

impl FrameMemory {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { left: AtomicU64::new(bytes) }
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self) -> Share<'_> {
        Share { memory: self, bytes: 0 }
    }
}

/// A client's share; it is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    memory: &'a FrameMemory,
    bytes: u64,
}

impl Share<'_> {
    /// Makes it at least this large; false if too little is left. It never shrinks, as the
    /// buffers do not.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return true;
        }
        let take = |left: u64| left.checked_sub(more);
        let taken = self.memory.left.fetch_update(Relaxed, Relaxed, take).is_ok();
        if taken {
            self.bytes = bytes;
        }
        taken
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.memory.left.fetch_add(self.bytes, Relaxed);
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
        assert!(second.grow_to(100));
        drop(second);
        assert!(memory.share().grow_to(100));
    }
}
