//! The lines between the lab and its workers: what is accepted is written as an equal line,
//! in both directions.

#![no_main]

use std::fmt::Debug;

use chat_server::ServerProtocol;
use libfuzzer_sys::fuzz_target;
use load_generator::LoadProtocol;
use probe::ProbeProtocol;
use worker::{MessageOf, Protocol, Request, parse_request};

fuzz_target!(|line: &[u8]| {
    check::<ServerProtocol>(line);
    check::<LoadProtocol>(line);
    check::<ProbeProtocol>(line);
});

fn check<P: Protocol>(line: &[u8])
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
