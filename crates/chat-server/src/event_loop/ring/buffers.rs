//! Buffers of which the kernel takes one for each receive.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// How many there are: a power of two. With [`BYTES`], a few times what a thread reads in a round:
/// so much is read ahead of a thread that reads nothing because a client holds all senders.
const COUNT: u16 = 128;

/// The size of each, bytes.
const BYTES: usize = 2 * 1024;

/// Buffers of which the kernel takes one for each receive, in the order in which they were given
/// back. Their pages are used only as far as bytes came.
pub(super) struct Buffers {
    /// `COUNT` entries, from which the kernel reads, and after them its tail.
    entries: NonNull<BufRingEntry>,
    memory: NonNull<u8>,
    tail: u16,
    /// Those that the kernel may take.
    free: u16,
}

// SAFETY: nothing else has its pointers but the kernel.
unsafe impl Send for Buffers {}

impl Buffers {
    /// The number of the group with which a receive names them.
    pub(super) const GROUP: u16 = 0;

    /// Buffers for the receives of a ring, which is closed before they are dropped.
    ///
    /// # Errors
    /// Those of IORING_REGISTER_PBUF_RING.
    pub(super) fn new(ring: &IoUring) -> io::Result<Self> {
        let entries = allocate(Self::entries_layout()).cast();
        let memory = allocate(Self::memory_layout());
        let mut own = Self { entries, memory, tail: 0, free: 0 };
        (0..COUNT).for_each(|id| own.give_back(id));
        let address = own.entries.as_ptr() as u64;
        // SAFETY: the entries stay where they are until the ring is closed.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(address, COUNT, Self::GROUP, 0)?;
        }
        Ok(own)
    }

    fn entries_layout() -> Layout {
        let size = usize::from(COUNT) * size_of::<BufRingEntry>();
        Layout::from_size_align(size, 4096).expect("a page is a power of two")
    }

    fn memory_layout() -> Layout {
        Layout::array::<u8>(usize::from(COUNT) * BYTES).expect("256 KiB")
    }

    /// Notes that the kernel has taken one.
    pub(super) fn take(&mut self) {
        self.free -= 1;
    }

    /// Lets the kernel take this one again.
    pub(super) fn give_back(&mut self, id: u16) {
        let index = usize::from(self.tail % COUNT);
        self.tail = self.tail.wrapping_add(1);
        self.free += 1;
        // SAFETY: inside of the allocations; the kernel does not look at the entry before the
        // tail is after it (`io_ring_head_to_buf`), and of the entries only the first holds the
        // tail, in bytes that no entry uses.
        unsafe {
            let entry = self.entries.add(index).as_mut();
            entry.set_addr(self.start(id).as_ptr() as u64);
            entry.set_len(BYTES as u32);
            entry.set_bid(id);
            let tail = BufRingEntry::tail(self.entries.as_ptr()).cast::<AtomicU16>();
            (*tail).store(self.tail, Ordering::Release);
        }
    }

    /// The bytes that were received into a buffer that has not been given back.
    pub(super) fn bytes(&self, id: u16, count: usize) -> &[u8] {
        // SAFETY: the memory is initialized, and the kernel writes to it no more.
        unsafe { std::slice::from_raw_parts(self.start(id).as_ptr(), count.min(BYTES)) }
    }

    fn start(&self, id: u16) -> NonNull<u8> {
        assert!(id < COUNT, "the kernel returns the numbers of buffers that it was given");
        // SAFETY: inside of the allocation.
        unsafe { self.memory.add(usize::from(id) * BYTES) }
    }

    /// There are enough of them to begin further receives.
    pub(super) fn are_plenty(&self) -> bool {
        self.free >= COUNT / 4
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated with the same layouts.
        unsafe {
            dealloc(self.entries.as_ptr().cast(), Self::entries_layout());
            dealloc(self.memory.as_ptr(), Self::memory_layout());
        }
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").field("free", &self.free).finish_non_exhaustive()
    }
}

fn allocate(layout: Layout) -> NonNull<u8> {
    // SAFETY: the size is not 0.
    let memory = unsafe { alloc_zeroed(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}
