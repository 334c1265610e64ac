//! What a completion belongs to.

/// What a completion belongs to, as 64 bits that the kernel returns with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) kind: Kind,
    /// The client's key; the number of a send.
    pub(super) key: usize,
    /// Of the client's socket, among those that had its key.
    pub(super) generation: Generation,
}

/// What the kernel is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Receive from a client, again and again.
    Receive,
    /// Send to a client, once.
    Send,
    /// Tell when a client's socket takes bytes again, each time.
    Room,
    /// Wait until the thread is woken, again and again.
    Wake,
    /// End another request.
    Cancel,
}

/// Counts the sockets that had one key. It wraps around after 16 million, of which no request
/// is left then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Generation(u32);

impl Generation {
    const BITS: u32 = 24;

    pub(super) fn next(self) -> Self {
        Self(self.0.wrapping_add(1) & ((1 << Self::BITS) - 1))
    }
}

impl Request {
    pub(super) fn of(kind: Kind, key: usize) -> Self {
        Self { kind, key, generation: Generation::default() }
    }

    pub(super) fn encode(self) -> u64 {
        let key = u32::try_from(self.key).expect("fewer clients than descriptors");
        u64::from(self.kind as u8) << 56 | u64::from(self.generation.0) << 32 | u64::from(key)
    }

    pub(super) fn decode(bits: u64) -> Self {
        let kinds = [Kind::Receive, Kind::Send, Kind::Room, Kind::Wake, Kind::Cancel];
        Self {
            kind: kinds[(bits >> 56) as usize],
            key: bits as u32 as usize,
            generation: Generation((bits >> 32) as u32 & ((1 << Generation::BITS) - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_bits() {
        let last = Generation((1 << Generation::BITS) - 1);
        for kind in [Kind::Receive, Kind::Send, Kind::Room, Kind::Wake, Kind::Cancel] {
            for key in [0, 1, u32::MAX as usize] {
                for generation in [Generation(0), Generation(7), last] {
                    let request = Request { kind, key, generation };
                    assert_eq!(Request::decode(request.encode()), request);
                }
            }
        }
        assert_eq!(last.next(), Generation(0));
    }
}
