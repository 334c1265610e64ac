//! What the fuzz targets call for each protocol.

use std::fmt::Debug;

use crate::message::{MessageOf, Protocol, Request, parse_request};

/// Reads a line as a message and as a request of a protocol.
///
/// # Panics
/// If one that is accepted is not written as an equal line.
pub fn check_line<P: Protocol>(line: &[u8])
where
    P::Command: Debug + PartialEq,
    P::Response: Debug + PartialEq,
    P::Event: Debug + PartialEq,
{
    if let Ok(message) = MessageOf::<P>::parse(line) {
        let written = serde_json::to_vec(&message).expect("a message is plain data");
        let again = MessageOf::<P>::parse(&written).expect("what is written can be read");
        assert_eq!(again, message);
    }
    match parse_request::<P::Command>(line) {
        Some(Ok(request)) => {
            let written = serde_json::to_vec(&request).expect("a command is plain data");
            let again: Option<Result<Request<P::Command>, _>> = parse_request(&written);
            assert_eq!(again, Some(Ok(request)));
        }
        Some(Err(failure)) => assert!(!failure.reason.is_empty()),
        None => {}
    }
}
