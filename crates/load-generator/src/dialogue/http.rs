//! Reads the responses of an HTTP/1 server.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};

use super::cause::Cause;
use super::read::Read;
use super::settings::HttpSettings;

/// The longest status line with headers, line of a chunk or trailers that is read, bytes.
const MAX_HEAD: usize = 64 * 1024;

/// The most headers of a response.
const MAX_HEADERS: usize = 100;

/// The bytes of a request.
pub(super) fn request(http: &HttpSettings, address: &str) -> Vec<u8> {
    let HttpSettings { path, host, keep_alive, .. } = http;
    let host = host.as_deref().unwrap_or(address);
    let version = env!("CARGO_PKG_VERSION");
    let connection = if *keep_alive { "" } else { "Connection: close\r\n" };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: queuelab/{version}\r\n{connection}\r\n"
    )
    .into_bytes()
}

/// Where a response is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// The status line and the headers.
    #[default]
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// The line before a chunk.
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The line end after a chunk; true after its first byte.
    ChunkEnd(bool),
    /// The trailers after the last chunk.
    Trailers,
    /// A body until the server closes.
    UntilClose,
}

/// Reads one response after the other, as they arrive. Bodies are counted, not stored.
#[derive(Debug, Default)]
pub(super) struct ResponseReader {
    state: State,
    /// The beginning of a head, of a chunk's line or of trailers, whose end has not arrived.
    partial: Vec<u8>,
}

/// How a response goes on after its headers.
enum Head {
    /// It is informational, and another one follows.
    Interim,
    /// It is complete.
    NoBody,
    Body(State),
}

impl ResponseReader {
    /// Reads what has arrived of a response with this status.
    pub(super) fn read(&mut self, status: u16, mut bytes: &[u8]) -> Result<Read, Cause> {
        loop {
            let consumed = match self.state {
                State::Head => {
                    let parse = |bytes: &[u8]| parse_head(bytes, status);
                    match self.parse_whole(bytes, parse)? {
                        None => return Ok(Read::More),
                        Some((consumed, Head::Interim)) => consumed,
                        Some((consumed, Head::NoBody | Head::Body(State::Body(0)))) => {
                            return Ok(self.complete(&bytes[consumed..]));
                        }
                        Some((consumed, Head::Body(state))) => {
                            self.state = state;
                            consumed
                        }
                    }
                }
                State::Body(left) => {
                    let consumed = at_most(left, bytes);
                    self.state = State::Body(left - consumed as u64);
                    if self.state == State::Body(0) {
                        return Ok(self.complete(&bytes[consumed..]));
                    }
                    consumed
                }
                State::ChunkSize => match self.parse_whole(bytes, parse_chunk_size)? {
                    None => return Ok(Read::More),
                    Some((consumed, size)) => {
                        self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
                        consumed
                    }
                },
                State::Chunk(left) => {
                    let consumed = at_most(left, bytes);
                    self.state = match left - consumed as u64 {
                        0 => State::ChunkEnd(false),
                        left => State::Chunk(left),
                    };
                    consumed
                }
                State::ChunkEnd(has_return) => match (bytes.first(), has_return) {
                    (None, _) => 0,
                    (Some(b'\r'), false) => {
                        self.state = State::ChunkEnd(true);
                        1
                    }
                    (Some(b'\n'), true) => {
                        self.state = State::ChunkSize;
                        1
                    }
                    _ => return Err(Cause::NotHttp),
                },
                State::Trailers => match self.parse_whole(bytes, parse_trailers)? {
                    None => return Ok(Read::More),
                    Some((consumed, ())) => return Ok(self.complete(&bytes[consumed..])),
                },
                State::UntilClose => bytes.len(),
            };
            bytes = &bytes[consumed..];
            if bytes.is_empty() {
                return Ok(Read::More);
            }
        }
    }

    /// Handles the server's end of file within a response.
    pub(super) fn end_of_file(&mut self) -> Result<(), Cause> {
        match self.state {
            State::UntilClose => {
                self.state = State::Head;
                Ok(())
            }
            State::Head if self.partial.is_empty() => Err(Cause::ClosedBefore),
            _ => Err(Cause::ClosedWithin),
        }
    }

    fn complete(&mut self, rest: &[u8]) -> Read {
        self.state = State::Head;
        Read::Complete { rest: rest.len() }
    }

    /// Parses something of which only the beginning may have arrived, in earlier reads or in
    /// `bytes`; returns how many of `bytes` belong to it.
    fn parse_whole<T>(
        &mut self,
        bytes: &[u8],
        parse: impl FnOnce(&[u8]) -> Result<Option<(usize, T)>, Cause>,
    ) -> Result<Option<(usize, T)>, Cause> {
        let before = self.partial.len();
        if before == 0 {
            let parsed = parse(bytes)?;
            if parsed.is_none() {
                self.partial.extend_from_slice(bytes);
            }
            return Ok(parsed);
        }
        self.partial.extend_from_slice(bytes);
        // All of them end with a line: no need to parse the beginning again before. A few
        // bytes are enough to see that they are not HTTP.
        if before > 16 && !bytes.contains(&b'\n') {
            let is_too_long = self.partial.len() > MAX_HEAD;
            return if is_too_long { Err(Cause::LongHead) } else { Ok(None) };
        }
        match parse(&self.partial)? {
            Some((length, parsed)) => {
                self.partial.clear();
                Ok(Some((length - before, parsed)))
            }
            None if self.partial.len() > MAX_HEAD => Err(Cause::LongHead),
            None => Ok(None),
        }
    }
}

fn at_most(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()))
}

fn cause(error: httparse::Error) -> Cause {
    match error {
        httparse::Error::TooManyHeaders => Cause::LongHead,
        _ => Cause::NotHttp,
    }
}

fn parse_head(bytes: &[u8], expected: u16) -> Result<Option<(usize, Head)>, Cause> {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut headers,
    );
    let Status::Complete(length) = parsed.map_err(cause)? else { return Ok(None) };
    let status = response.code.ok_or(Cause::NotHttp)?;
    let head = match status {
        100 | 102..=199 => Head::Interim,
        _ if status != expected => return Err(Cause::Status(status)),
        204 | 304 => Head::NoBody,
        _ => Head::Body(body(response.headers)?),
    };
    Ok(Some((length, head)))
}

/// How the body ends (RFC 9112, section 6.3).
fn body(headers: &[Header<'_>]) -> Result<State, Cause> {
    let mut length = None;
    let mut is_chunked = None;
    for header in headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            let last = header.value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            is_chunked = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        } else if header.name.eq_ignore_ascii_case("content-length") {
            let text = header.value.trim_ascii();
            let digits = text.iter().all(u8::is_ascii_digit);
            let number = str::from_utf8(text).ok().filter(|_| digits);
            let number: u64 = number.and_then(|text| text.parse().ok()).ok_or(Cause::NotHttp)?;
            if length.replace(number).is_some_and(|other| other != number) {
                return Err(Cause::NotHttp);
            }
        }
    }
    Ok(match (is_chunked, length) {
        (Some(true), _) => State::ChunkSize,
        (Some(false), _) | (None, None) => State::UntilClose,
        (None, Some(length)) => State::Body(length),
    })
}

fn parse_chunk_size(bytes: &[u8]) -> Result<Option<(usize, u64)>, Cause> {
    // httparse takes a line without a number as the size 0.
    if bytes.first().is_some_and(|digit| !digit.is_ascii_hexdigit()) {
        return Err(Cause::NotHttp);
    }
    match httparse::parse_chunk_size(bytes).map_err(|_| Cause::NotHttp)? {
        Status::Complete(found) => Ok(Some(found)),
        Status::Partial => Ok(None),
    }
}

fn parse_trailers(bytes: &[u8]) -> Result<Option<(usize, ())>, Cause> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match httparse::parse_headers(bytes, &mut headers).map_err(cause)? {
        Status::Complete((length, _)) => Ok(Some((length, ()))),
        Status::Partial => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a stream in pieces of so many bytes; returns the number of complete responses,
    /// and how it ended.
    fn read(stream: &[u8], piece: usize) -> (u32, Result<(), Cause>) {
        let mut reader = ResponseReader::default();
        let mut complete = 0;
        for mut bytes in stream.chunks(piece) {
            while !bytes.is_empty() {
                match reader.read(200, bytes) {
                    Ok(Read::More) => break,
                    Ok(Read::Complete { rest }) => {
                        complete += 1;
                        bytes = &bytes[bytes.len() - rest..];
                    }
                    Err(cause) => return (complete, Err(cause)),
                }
            }
        }
        (complete, reader.end_of_file())
    }

    fn in_all_pieces(stream: &[u8], expected: (u32, Result<(), Cause>)) {
        for piece in [1, 2, 3, 7, 64, 100_000] {
            let found = read(stream, piece);
            assert_eq!(found, expected, "{} in pieces of {piece}", stream.escape_ascii());
        }
    }

    #[test]
    fn the_end_of_a_response_is_found_in_any_pieces() {
        let closed = Err(Cause::ClosedBefore);
        for (stream, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", (1, closed)),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", (1, closed)),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200\r\nContent-Length: \
                 2\r\n\r\nab",
                (2, closed),
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
                (1, closed),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n5;a=b\r\nhello\r\n10\r\n\
                 0123456789abcdef\r\n0\r\n\r\n",
                (1, closed),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\
                 Sum: 1\r\n\r\n",
                (1, closed),
            ),
            ("HTTP/1.0 200 OK\r\nServer: x\r\n\r\nuntil the end", (0, Ok(()))),
            ("HTTP/1.0 200 OK\r\n\r\n", (0, Ok(()))),
        ] {
            in_all_pieces(stream.as_bytes(), expected);
        }
    }

    #[test]
    fn what_is_not_the_expected_response_has_its_cause() {
        let long = format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(2 * MAX_HEAD));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADERS + 1));
        for (stream, cause) in [
            ("", Cause::ClosedBefore),
            ("HTTP/1.1 200 OK\r\nContent-", Cause::ClosedWithin),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", Cause::ClosedWithin),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", {
                Cause::ClosedWithin
            }),
            ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", Cause::Status(503)),
            ("HTTP/1.1 101 Switching\r\n\r\n", Cause::Status(101)),
            ("+PONG\r\n", Cause::NotHttp),
            ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", Cause::NotHttp),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                Cause::NotHttp,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", Cause::NotHttp),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n", Cause::NotHttp),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n\r\n", Cause::NotHttp),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXY", Cause::NotHttp),
            (&long, Cause::LongHead),
            (&many, Cause::LongHead),
        ] {
            in_all_pieces(stream.as_bytes(), (0, Err(cause)));
        }
    }

    #[test]
    fn a_request_names_its_host_and_whether_the_server_closes() {
        let http = HttpSettings { path: "/a?b".to_owned(), ..HttpSettings::default() };
        let text = String::from_utf8(request(&http, "127.0.0.1:80")).unwrap();
        assert!(text.starts_with("GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n") && !text.contains("Connection"), "{text}");
        let http = HttpSettings { keep_alive: false, host: Some("a.example".to_owned()), ..http };
        let text = String::from_utf8(request(&http, "127.0.0.1:80")).unwrap();
        assert!(text.contains("\r\nHost: a.example\r\n"), "{text}");
        assert!(text.ends_with("\r\nConnection: close\r\n\r\n"), "{text}");
    }
}
