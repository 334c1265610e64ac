//! However a stream is split or merged, the decoded bodies are those encoded.

use chat_protocol::{Codec, Decoder, Framing, ProtocolError};
use proptest::collection::vec;
use proptest::prelude::*;

fn any_framing() -> impl Strategy<Value = Framing> {
    prop_oneof![Just(Framing::U32be), Just(Framing::Ascii4)]
}

/// Mostly short bodies, as in a chat, and sometimes a long one.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => vec(any::<u8>(), 1..80), 1 => vec(any::<u8>(), 1..9_999)]
}

/// Splits `stream` at lengths taken from `cuts` in turn.
fn chop<'a>(mut stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for cut in cuts.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, rest) = stream.split_at((*cut).min(stream.len()));
        chunks.push(chunk);
        stream = rest;
    }
    chunks
}

/// Every body, and then the error, if there is one.
fn drain(decoder: &mut Decoder, bodies: &mut Vec<Vec<u8>>) -> Result<(), ProtocolError> {
    while let Some(body) = decoder.next_body()? {
        bodies.push(body.to_vec());
    }
    Ok(())
}

/// How a stream is decoded.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// All bytes are fed.
    Fed,
    /// Where they are.
    InPlace,
    /// Where they are, but only so many bodies of each chunk.
    Partly(usize),
}

fn any_way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Fed), Just(Way::InPlace), (0..4usize).prop_map(Way::Partly)]
}

/// Decodes one chunk.
fn decode(
    decoder: &mut Decoder,
    chunk: &[u8],
    way: Way,
    decoded: &mut Vec<Vec<u8>>,
) -> Result<(), ProtocolError> {
    let most = match way {
        Way::Fed => {
            decoder.feed(chunk);
            return drain(decoder, decoded);
        }
        Way::InPlace => usize::MAX,
        Way::Partly(most) => most,
    };
    let mut bodies = decoder.decode(chunk);
    for _ in 0..most {
        match bodies.next_body()? {
            Some(body) => decoded.push(body.to_vec()),
            None => break,
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_stream_is_decoded_in_place_as_if_it_were_fed(
        framing in any_framing(),
        largest_body in 1..2000u32,
        bodies in vec(any_body(), 0..10),
        // What follows them: mostly an invalid header, or a part of one.
        end in vec(prop_oneof![Just(b'0'), Just(0u8), 0..4u8, b'0'..=b'9', any::<u8>()], 0..20),
        cuts in vec((prop_oneof![1..6usize, 1..3000usize], any_way()), 1..40),
    ) {
        let codec = Codec::new(framing, Some(largest_body))?;
        let mut stream = Vec::new();
        for body in &bodies {
            let _ = codec.encode(body, &mut stream);
        }
        stream.extend(end);
        let (mut fed, mut in_place) = (Decoder::new(codec), Decoder::new(codec));
        let (mut expected, mut decoded) = (Vec::new(), Vec::new());
        let lengths: Vec<usize> = cuts.iter().map(|(length, _)| *length).collect();
        let ways = cuts.iter().map(|(_, way)| *way).cycle();
        for (chunk, way) in chop(&stream, &lengths).into_iter().zip(ways) {
            let expected_end = decode(&mut fed, chunk, Way::Fed, &mut expected);
            let end = decode(&mut in_place, chunk, way, &mut decoded);
            if matches!(way, Way::Partly(_)) {
                prop_assert!(expected.starts_with(&decoded));
                prop_assert!(end.is_ok() || end == expected_end);
                continue;
            }
            prop_assert_eq!(&decoded, &expected);
            prop_assert_eq!(end, expected_end);
            prop_assert_eq!(in_place.unread(), fed.unread());
        }
        let ended = (drain(&mut fed, &mut expected), drain(&mut in_place, &mut decoded));
        prop_assert_eq!(ended.0, ended.1);
        prop_assert_eq!(decoded, expected);
        prop_assert_eq!(in_place.unread(), fed.unread());
        prop_assert_eq!(in_place.is_mid_message(), fed.is_mid_message());
    }

    #[test]
    fn bodies_are_decoded_however_the_stream_is_split(
        framing in any_framing(),
        bodies in vec(any_body(), 0..30),
        cuts in vec(prop_oneof![1..6usize, 1..3000usize], 1..40),
        drain_every in 1..5usize,
    ) {
        let codec = Codec::new(framing, None)?;
        let mut stream = Vec::new();
        for body in &bodies {
            codec.encode(body, &mut stream)?;
        }
        let mut decoder = Decoder::new(codec);
        let mut decoded = Vec::new();
        for (number, chunk) in chop(&stream, &cuts).into_iter().enumerate() {
            decoder.try_feed(chunk)?;
            // A reader may let several reads pile up before it decodes.
            if number % drain_every == 0 {
                drain(&mut decoder, &mut decoded)?;
            }
        }
        drain(&mut decoder, &mut decoded)?;
        prop_assert_eq!(decoded, bodies);
        prop_assert!(!decoder.is_mid_message());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_splitting_changes_nothing(
        framing in any_framing(),
        largest_body in 1..2000u32,
        // Digits and zero bytes often enough for both framings to get far.
        stream in vec(prop_oneof![Just(b'0'), Just(0u8), 0..4u8, b'0'..=b'9', any::<u8>()], 0..600),
        cuts in vec(1..40usize, 1..20),
    ) {
        let codec = Codec::new(framing, Some(largest_body))?;
        let mut unsplit = Decoder::new(codec);
        unsplit.feed(&stream);
        let mut expected = Vec::new();
        let expected_end = drain(&mut unsplit, &mut expected);

        let mut decoder = Decoder::new(codec);
        let mut decoded = Vec::new();
        let mut end = Ok(());
        for chunk in chop(&stream, &cuts) {
            decoder.feed(chunk);
            end = drain(&mut decoder, &mut decoded);
        }
        prop_assert_eq!(decoded, expected);
        prop_assert_eq!(end, expected_end);
    }

    #[test]
    fn decoded_bodies_encode_to_the_same_bytes(
        framing in any_framing(),
        stream in vec(prop_oneof![Just(b'0'), Just(0u8), 0..4u8, b'0'..=b'9'], 0..200),
    ) {
        let codec = Codec::new(framing, None)?;
        let mut decoder = Decoder::new(codec);
        decoder.feed(&stream);
        let mut encoded = Vec::new();
        while let Ok(Some(body)) = decoder.next_body() {
            codec.encode(body, &mut encoded)?;
        }
        prop_assert_eq!(&stream[..encoded.len()], encoded);
    }

    #[test]
    fn a_cut_stream_is_mid_message_unless_cut_between_messages(
        framing in any_framing(),
        bodies in vec(vec(any::<u8>(), 1..50), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let codec = Codec::new(framing, None)?;
        let mut stream = Vec::new();
        let mut ends = vec![0];
        for body in &bodies {
            codec.encode(body, &mut stream)?;
            ends.push(stream.len());
        }
        let cut = cut.index(stream.len() + 1);
        let mut decoder = Decoder::new(codec);
        decoder.feed(&stream[..cut]);
        let mut decoded = Vec::new();
        drain(&mut decoder, &mut decoded)?;
        prop_assert_eq!(decoder.is_mid_message(), !ends.contains(&cut));
    }
}
