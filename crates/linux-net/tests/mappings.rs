//! A thread that starts where few memory mappings are left (vm.max_map_count). This test has
//! its own process, which it fills.
#![expect(unsafe_code, reason = "the mappings of a process are filled by mmap(2)")]

use std::ptr;

use linux_net::PlainThread;

const PAGE: usize = 4096;

/// Maps a page that cannot be joined with its neighbours; null if the limit is reached.
fn map(number: usize) -> *mut libc::c_void {
    let protection = if number.is_multiple_of(2) { libc::PROT_READ } else { libc::PROT_NONE };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the kernel chooses an address that is not in use.
    let page = unsafe { libc::mmap(ptr::null_mut(), PAGE, protection, flags, -1, 0) };
    if page == libc::MAP_FAILED { ptr::null_mut() } else { page }
}

fn fill(pages: &mut Vec<*mut libc::c_void>) {
    while pages.len() < pages.capacity() {
        match map(pages.len()) {
            page if page.is_null() => return,
            page => pages.push(page),
        }
    }
}

fn free(pages: &mut Vec<*mut libc::c_void>, count: usize) {
    for page in pages.drain(pages.len() - count..) {
        // SAFETY: it was mapped by `map`, and nothing uses it.
        unsafe { libc::munmap(page, PAGE) };
    }
}

#[test]
fn kernel_a_thread_at_the_limit_of_mappings_fails_to_start_or_runs() {
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    // Until they are freed again, nothing else is allocated.
    let mut pages = Vec::with_capacity(limit + 64);
    let mut started = [None; 13];
    for (left, end) in started.iter_mut().enumerate() {
        fill(&mut pages);
        free(&mut pages, left);
        let thread = PlainThread::spawn(65_536, || {});
        *end = Some(thread.as_ref().err().and_then(std::io::Error::raw_os_error));
        if let Ok(thread) = thread {
            thread.join();
        }
    }
    let filled = pages.len();
    let count = pages.len();
    free(&mut pages, count);
    assert!(filled > limit / 2, "{filled} of {limit}");
    assert_eq!(started[0], Some(Some(libc::EAGAIN)), "there was no room");
    assert_eq!(started.last(), Some(&Some(None)), "there was room: {started:?}");
    let others = started.iter().filter(|end| !matches!(end, Some(None | Some(libc::EAGAIN))));
    assert_eq!(others.count(), 0, "{started:?}");
}
