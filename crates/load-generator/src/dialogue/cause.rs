//! Why an answer is not the expected one.

use std::fmt;

/// Why an attempt did not get the answers that its dialogue expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// An HTTP response with another status.
    Status(u16),
    /// Data that is no HTTP response.
    NotHttp,
    /// More headers, or longer ones, than any that the load reads.
    LongHead,
    /// Bytes that are not the expected ones.
    OtherBytes,
    /// The pattern matched nothing in the first bytes.
    NoMatch,
    /// Data after a complete answer, before the next request.
    Unrequested,
    /// The server closed without a byte of an answer.
    ClosedBefore,
    /// The server closed within an answer.
    ClosedWithin,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status(status) => return write!(f, "HTTP {status}"),
            Self::NotHttp => "no HTTP response",
            Self::LongHead => "HTTP headers too long",
            Self::OtherBytes => "another answer",
            Self::NoMatch => "no match in 64 KiB",
            Self::Unrequested => "data after the answer",
            Self::ClosedBefore => "closed before the answer",
            Self::ClosedWithin => "closed within the answer",
        })
    }
}
