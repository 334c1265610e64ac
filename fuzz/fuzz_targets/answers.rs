//! The readers of what a server under test answers: HTTP responses, and the answers of an
//! exchange. However a stream is cut, it has the same answers and the same end.
//!
//! The first byte of an input is the length of the pieces, the second one selects the status of
//! the responses, and the rest is the stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use load_generator::fuzzing::answers;
use load_generator::{Dialogue, ExchangeSettings, Expected, HttpSettings};

const STATUSES: [u16; 4] = [200, 204, 304, 503];

fuzz_target!(|input: &[u8]| {
    let Some((&[piece, status], stream)) = input.split_first_chunk() else { return };
    let piece = usize::from(piece).max(1);
    let status = STATUSES[usize::from(status) % STATUSES.len()];
    let whole = stream.len().max(1);
    let http = Dialogue::Http(HttpSettings { status, ..HttpSettings::default() });
    assert_eq!(answers(&http, stream, piece), answers(&http, stream, whole));
    for expect in [
        Expected::Length(3),
        Expected::EndOfFile,
        Expected::Prefix("HTTP/1.1 ".parse().expect("a text")),
        Expected::Pattern("(?-u)^220 ".to_owned()),
    ] {
        let cut_anywhere = matches!(expect, Expected::Length(_) | Expected::EndOfFile);
        let settings = ExchangeSettings {
            send: "PING".parse().expect("a text"),
            expect,
            repeat: 1,
            interval: std::time::Duration::ZERO,
        };
        let exchange = Dialogue::Exchange(settings);
        let (in_pieces, at_once) =
            (answers(&exchange, stream, piece), answers(&exchange, stream, whole));
        // What follows the others in the same piece is ignored.
        assert!(!cut_anywhere || in_pieces == at_once, "{in_pieces:?} {at_once:?}");
    }
});
