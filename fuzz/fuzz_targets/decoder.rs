//! The decoder of both framings: however a stream is chopped, it returns the bodies that a
//! reading of the whole stream finds, and ends where that ends.
//!
//! The first byte of an input decides where the stream is chopped, the next two are the
//! largest body, and the rest is the stream.

#![no_main]

use chat_protocol::{Codec, Decoder, Framing};
use libfuzzer_sys::fuzz_target;

/// How a stream ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    AfterAMessage,
    MidMessage,
    AtAnInvalidHeader,
}

fuzz_target!(|input: &[u8]| {
    let Some((&[cuts, high, low], stream)) = input.split_first_chunk() else { return };
    for framing in [Framing::U32be, Framing::Ascii4] {
        let largest = u32::from(u16::from_be_bytes([high, low]));
        let Ok(codec) = Codec::new(framing, Some(largest)) else { return };
        let (bodies, end) = expected(framing, largest as usize, stream);
        assert_eq!(decoded(codec, stream, 0), (bodies.clone(), end));
        assert_eq!(decoded(codec, stream, cuts), decoded(codec, stream, 0));
        assert_eq!(decoded_in_place(codec, stream, cuts), decoded(codec, stream, 0));
        let mut encoded = Vec::new();
        for body in &bodies {
            codec.encode(body, &mut encoded).expect("a body that was received can be sent");
        }
        assert!(stream.starts_with(&encoded), "each body has one encoding");
    }
});

/// Reads the whole stream by the definition of the framing.
fn expected(framing: Framing, largest: usize, mut stream: &[u8]) -> (Vec<Vec<u8>>, End) {
    let mut bodies = Vec::new();
    while !stream.is_empty() {
        let Some((header, rest)) = stream.split_at_checked(4) else {
            return (bodies, End::MidMessage);
        };
        let length = match framing {
            Framing::U32be => u32::from_be_bytes(header.try_into().expect("four bytes")) as usize,
            // A sign, which the number's parser accepts, is no digit.
            Framing::Ascii4 => match std::str::from_utf8(header) {
                Ok(digits) if !digits.contains('+') => digits.parse().unwrap_or(0),
                _ => 0,
            },
        };
        if length == 0 || length > largest {
            return (bodies, End::AtAnInvalidHeader);
        }
        let Some((body, rest)) = rest.split_at_checked(length) else {
            return (bodies, End::MidMessage);
        };
        bodies.push(body.to_vec());
        stream = rest;
    }
    (bodies, End::AfterAMessage)
}

/// The stream in chunks of lengths that `cuts` determines; 0 is one chunk.
fn chunks(mut stream: &[u8], cuts: u8) -> impl Iterator<Item = &[u8]> {
    let mut random = cuts;
    std::iter::from_fn(move || {
        let length = match cuts {
            0 => stream.len(),
            _ => usize::from(random % 7 + 1).min(stream.len()),
        };
        random = random.wrapping_mul(5).wrapping_add(1);
        let (chunk, rest) = stream.split_at(length);
        stream = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Decodes the stream in these chunks, where they are.
fn decoded_in_place(codec: Codec, stream: &[u8], cuts: u8) -> (Vec<Vec<u8>>, End) {
    let mut decoder = Decoder::new(codec);
    let mut bodies = Vec::new();
    for chunk in chunks(stream, cuts) {
        let mut of_chunk = decoder.decode(chunk);
        loop {
            match of_chunk.next_body() {
                Ok(Some(body)) => bodies.push(body.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(of_chunk.next_body(), Err(error), "the stream ends here");
                    return (bodies, End::AtAnInvalidHeader);
                }
            }
        }
    }
    let end = if decoder.is_mid_message() { End::MidMessage } else { End::AfterAMessage };
    (bodies, end)
}

/// Decodes the stream in these chunks.
fn decoded(codec: Codec, stream: &[u8], cuts: u8) -> (Vec<Vec<u8>>, End) {
    let mut decoder = Decoder::new(codec);
    let mut bodies = Vec::new();
    for chunk in chunks(stream, cuts) {
        decoder.feed(chunk);
        loop {
            match decoder.next_body() {
                Ok(Some(body)) => bodies.push(body.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    assert_eq!(decoder.next_body(), Err(error), "the stream ends here");
                    return (bodies, End::AtAnInvalidHeader);
                }
            }
        }
    }
    let end = if decoder.is_mid_message() { End::MidMessage } else { End::AfterAMessage };
    (bodies, end)
}
