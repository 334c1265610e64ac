//! What the fuzz targets call: the readers of what a server answers.

use std::net::{Ipv4Addr, SocketAddr};

use crate::dialogue::{Dialogue, Read, Requests};

/// Reads a stream as the answers to requests of a dialogue, in pieces of so many bytes, with the
/// end of file after it: how many answers are complete, and whether the stream ends as it should.
///
/// # Panics
/// If the dialogue has no requests, or if an answer has more bytes than have arrived.
pub fn answers(dialogue: &Dialogue, stream: &[u8], piece: usize) -> (u32, bool) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let requests = Requests::new(dialogue, &[address]).expect("the dialogue has requests");
    let mut progress = requests.progress();
    progress.is_waiting = true;
    let mut complete = 0;
    for mut bytes in stream.chunks(piece) {
        while !bytes.is_empty() {
            match requests.read(&mut progress, bytes) {
                Ok(Read::More) => break,
                Ok(Read::Complete { .. }) if requests.ignores_rest() => {
                    complete += 1;
                    break;
                }
                Ok(Read::Complete { rest }) => {
                    complete += 1;
                    bytes = &bytes[bytes.len() - rest..];
                }
                Err(_) => return (complete, false),
            }
        }
    }
    (complete, requests.end_of_file(&mut progress).is_ok())
}
