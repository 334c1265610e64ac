//! The SYN queue of kernel 6.18 without cookies.

/// Limit, `tcp_max_syn_backlog`, connects of half-open clients, SYN_RECV, ListenDrops,
/// TCPReqQFullDrop.
pub(crate) const WITHOUT_COOKIES: [[u32; 6]; 16] = [
    [0, 128, 21, 1, 20, 20],
    [10, 128, 31, 11, 20, 20],
    [128, 1024, 149, 129, 20, 20],
    [95, 128, 116, 96, 20, 20],
    // Both limits are 97: the SYN queue is tested first, as with 12 and 16.
    [96, 128, 117, 97, 20, 20],
    [97, 128, 117, 97, 20, 0],
    [12, 16, 33, 13, 20, 20],
    [13, 16, 33, 13, 20, 0],
    [16, 16, 33, 13, 20, 0],
    [128, 16, 33, 13, 20, 0],
    [128, 64, 69, 49, 20, 0],
    [64, 64, 69, 49, 20, 0],
    [128, 10, 29, 9, 20, 0],
    [128, 7, 27, 7, 20, 0],
    [128, 1, 22, 2, 20, 0],
    [128, 0, 21, 1, 20, 0],
];
