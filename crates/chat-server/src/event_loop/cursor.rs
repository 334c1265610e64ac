//! How much of a log one client has got.

use std::collections::VecDeque;
use std::io::IoSlice;

use super::batch::Batch;
use super::log::{Log, Place, Span};

/// How much of a log one client has got, in bytes: the last frame may not be complete.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// What is left of a frame that the log may forget: it comes before `at`.
    rest: Vec<u8>,
    at: Place,
    /// What it does not get, from `at` on and in order: its own messages.
    skips: VecDeque<Span>,
    /// Bytes of all skips.
    skipped: u64,
}

impl Cursor {
    /// The cursor of a client that gets what comes after `at`.
    pub(crate) fn new(at: Place) -> Self {
        Self { rest: Vec::new(), at, skips: VecDeque::new(), skipped: 0 }
    }

    /// The first byte of the log that it may still need.
    pub(crate) fn at(&self) -> u64 {
        self.at.bytes
    }

    /// Leaves out a part that is behind all that was left out before.
    pub(crate) fn skip(&mut self, span: Span) {
        self.skipped += span.end.bytes - span.start.bytes;
        match self.skips.back_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => self.skips.push_back(span),
        }
    }

    /// Bytes that wait for it up to `until`.
    pub(crate) fn waiting(&self, until: Place) -> u64 {
        self.rest.len() as u64 + until.bytes - self.at.bytes - self.skipped
    }

    /// The next bytes for it up to `until`, in as many pieces as there is room for; how many
    /// pieces.
    pub(crate) fn pieces<'a>(
        &'a self,
        log: &'a Log,
        until: Place,
        pieces: &mut [IoSlice<'a>],
    ) -> usize {
        let mut count = 0;
        if !self.rest.is_empty() {
            pieces[0] = IoSlice::new(&self.rest);
            count = 1;
        }
        let mut from = self.at.bytes;
        let mut skips = self.skips.iter().peekable();
        while count < pieces.len() {
            if let Some(skip) = skips.next_if(|skip| skip.start.bytes == from) {
                from = skip.end.bytes;
                continue;
            }
            if from >= until.bytes {
                break;
            }
            let end = skips.peek().map_or(until.bytes, |skip| skip.start.bytes.min(until.bytes));
            let piece = log.piece(from);
            let piece = &piece[..piece.len().min((end - from) as usize)];
            from += piece.len() as u64;
            pieces[count] = IoSlice::new(piece);
            count += 1;
        }
        count
    }

    /// Moves on by so many of the bytes that [`Self::pieces`] returned; how many frames are
    /// complete with them.
    pub(crate) fn advance(&mut self, log: &Log, bytes: u64) -> u64 {
        let of_rest = self.rest.len().min(bytes as usize);
        self.rest.drain(..of_rest);
        let has_ended = of_rest > 0 && self.rest.is_empty();
        u64::from(has_ended) + self.advance_in(log, bytes - of_rest as u64)
    }

    fn advance_in(&mut self, log: &Log, mut bytes: u64) -> u64 {
        let mut completed = 0;
        while let Some(skip) = self.skips.front()
            && self.at.bytes + bytes >= skip.start.bytes
        {
            bytes -= skip.start.bytes - self.at.bytes;
            completed += skip.start.frames - self.at.frames;
            self.at = skip.end;
            self.skipped -= skip.end.bytes - skip.start.bytes;
            self.skips.pop_front();
        }
        let at = log.place(self.at.bytes + bytes);
        completed += at.frames - self.at.frames;
        self.at = at;
        completed
    }

    /// Drops the oldest frames, so that at most `most` bytes wait up to `until`; how many. A
    /// frame that has begun is not dropped, and needs no more of the log.
    pub(crate) fn drop_oldest(&mut self, log: &Log, until: Place, most: u64) -> u64 {
        let waiting = self.waiting(until);
        if waiting <= most {
            return 0;
        }
        let begun = log.rest_of_frame(self.at.bytes);
        self.rest.extend_from_slice(begun);
        self.at = self.at.after(begun.len(), usize::from(!begun.is_empty()));
        let in_log = waiting - self.rest.len() as u64;
        let mut dropped = self.advance_in(log, in_log.min(waiting - most));
        let cut = log.rest_of_frame(self.at.bytes).len() as u64;
        dropped += self.advance_in(log, cut);
        dropped
    }

    /// Takes out what waits up to `until`: the cursor needs no more of the log. What is left of a
    /// frame that has begun is a frame of the batch.
    pub(crate) fn take_out(&mut self, log: &Log, until: Place) -> Batch {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut ends = Vec::from_iter((!bytes.is_empty()).then_some(bytes.len()));
        self.advance_in(log, 0);
        while self.at.bytes < until.bytes {
            let frame = log.frame_from(self.at.bytes);
            bytes.extend_from_slice(frame);
            ends.push(bytes.len());
            self.advance_in(log, frame.len() as u64);
        }
        Batch::new(bytes, ends, None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Clients of the loop. Another sender is one of another loop.
    const CLIENTS: usize = 3;

    #[derive(Debug, Clone)]
    enum Step {
        /// Frames of senders, with their lengths.
        Append(Vec<(usize, usize)>),
        /// A client's socket takes so many bytes.
        Take(usize, u64),
        /// At most so many may wait for a client.
        Drop(usize, u64),
        /// A client leaves, and gets what waits.
        Leave(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            vec((0..=CLIENTS, 2..9usize), 1..6).prop_map(Step::Append),
            (0..CLIENTS, 0..30u64).prop_map(|(client, bytes)| Step::Take(client, bytes)),
            (0..CLIENTS, 0..40u64).prop_map(|(client, most)| Step::Drop(client, most)),
            (0..CLIENTS).prop_map(Step::Leave),
        ]
    }

    struct Client {
        cursor: Cursor,
        /// The frames that it is to get.
        expected: Vec<Vec<u8>>,
        received: Vec<u8>,
        completed: u64,
        dropped: u64,
        /// What waited for it when it left.
        own: Option<Log>,
    }

    impl Client {
        fn leave(&mut self, log: &Log) {
            if self.own.is_none() {
                let mut own = Log::default();
                own.push(Arc::new(self.cursor.take_out(log, log.end())));
                self.cursor = Cursor::new(Place::default());
                self.own = Some(own);
            }
        }

        fn take(&mut self, log: &Log, bytes: u64) {
            let log = self.own.as_ref().unwrap_or(log);
            let mut pieces = [IoSlice::new(&[]); 4];
            let count = self.cursor.pieces(log, log.end(), &mut pieces);
            let offered = pieces[..count].iter().flat_map(|piece| piece.iter().copied());
            let before = self.received.len();
            self.received.extend(offered.take(bytes as usize));
            let taken = (self.received.len() - before) as u64;
            self.completed += self.cursor.advance(log, taken);
        }

        /// The frames of what it has received, which ends with one.
        fn frames(&self) -> Vec<&[u8]> {
            let mut rest = &self.received[..];
            let mut frames = Vec::new();
            while let Some(&length) = rest.first() {
                let frame;
                (frame, rest) = rest.split_at(length.into());
                frames.push(frame);
            }
            frames
        }
    }

    /// Appends the frames, and notes who is to get them.
    fn append(log: &mut Log, clients: &mut [Client], number: &mut u8, frames: &[(usize, usize)]) {
        let (mut bytes, mut ends, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for &(sender, length) in frames {
            *number = number.wrapping_add(1);
            let mut frame = vec![*number; length];
            frame[0] = length as u8;
            let others = clients.iter_mut().enumerate().filter(|(index, _)| *index != sender);
            let others = others.filter(|(_, client)| client.own.is_none());
            others.for_each(|(_, client)| client.expected.push(frame.clone()));
            own.push((sender, bytes.len(), ends.len()));
            bytes.extend(frame);
            ends.push(bytes.len());
        }
        let batch = Batch::new(bytes, ends.clone(), None);
        let start = log.push(Arc::new(batch));
        for (sender, at, index) in own {
            if let Some(client) = clients.get_mut(sender).filter(|client| client.own.is_none()) {
                let (start, end) = (start.after(at, index), start.after(ends[index], index + 1));
                client.cursor.skip(Span { start, end });
            }
        }
    }

    proptest! {
        #[test]
        fn a_client_gets_the_frames_of_the_others_whole_and_in_order(steps in vec(step(), 1..80)) {
            let mut log = Log::default();
            let new = || Client {
                cursor: Cursor::new(Place::default()),
                expected: Vec::new(),
                received: Vec::new(),
                completed: 0,
                dropped: 0,
                own: None,
            };
            let mut clients: Vec<_> = std::iter::repeat_with(new).take(CLIENTS).collect();
            let mut number = 0;
            for step in steps {
                match step {
                    Step::Append(frames) => append(&mut log, &mut clients, &mut number, &frames),
                    Step::Take(client, bytes) => clients[client].take(&log, bytes),
                    Step::Leave(client) => clients[client].leave(&log),
                    Step::Drop(client, _) if clients[client].own.is_some() => {}
                    Step::Drop(client, most) => {
                        let Client { cursor, dropped, .. } = &mut clients[client];
                        *dropped += cursor.drop_oldest(&log, log.end(), most);
                        // Of a frame that has begun everything is kept.
                        prop_assert!(cursor.waiting(log.end()) <= most.max(7));
                    }
                }
                let stay = clients.iter().filter(|client| client.own.is_none());
                let needed = stay.map(|client| client.cursor.at()).min();
                log.forget_before(needed.unwrap_or(log.end().bytes));
            }
            for client in &mut clients {
                client.leave(&log);
                let end = client.own.as_ref().expect("it has left").end();
                while client.cursor.waiting(end) > 0 {
                    client.take(&log, 5);
                }
                prop_assert_eq!(client.cursor.at(), end.bytes);
                let frames = client.frames();
                let (received, expected) = (frames.len() as u64, client.expected.len() as u64);
                prop_assert_eq!(received, client.completed);
                prop_assert_eq!(received + client.dropped, expected);
                let mut expected = client.expected.iter();
                let in_order = frames.iter().all(|frame| expected.any(|next| next == frame));
                prop_assert!(in_order, "{:?} of {:?}", frames, client.expected);
            }
            log.forget_before(log.end().bytes);
            prop_assert_eq!(log.place(log.end().bytes), log.end());
        }
    }
}
