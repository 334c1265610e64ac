//! The format of the load's messages.

use std::io::Write;

use crate::settings::LoadSettings;

/// The bodies of one load. They are readable, and a receiver can check every byte without
/// the sender: `ql:<run>:<sender>:<number>:`, then letters that follow from sender and
/// number, up to the size of the settings.
#[derive(Debug)]
pub(crate) struct MessageFormat {
    /// `ql:` and four hexadecimal digits that distinguish this load from others on
    /// the same server, then a colon.
    prefix: [u8; 8],
    size: usize,
    clients: u32,
    messages: u32,
    letters: Vec<u8>,
}

const ALPHABET: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

impl MessageFormat {
    pub(crate) fn new(run: u16, settings: &LoadSettings) -> Self {
        let mut prefix = *b"ql:0000:";
        write!(&mut prefix[3..7], "{run:04x}").expect("four digits fit in four bytes");
        let size = settings.size as usize;
        Self {
            prefix,
            size,
            clients: settings.clients,
            messages: settings.messages,
            letters: ALPHABET.iter().copied().cycle().take(size + ALPHABET.len()).collect(),
        }
    }

    /// The smallest size with which every message can be identified, bytes.
    pub(crate) fn smallest_size(clients: u32, messages: u32) -> u32 {
        let digits = |number: u32| number.checked_ilog10().unwrap_or(0) + 1;
        8 + digits(clients.saturating_sub(1)) + 1 + digits(messages.saturating_sub(1)) + 1
    }

    /// Every body's size, bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Replaces `body` with the message `number` of `sender`.
    pub(crate) fn write(&self, sender: u32, number: u32, body: &mut Vec<u8>) {
        body.clear();
        body.extend_from_slice(&self.prefix);
        write!(body, "{sender}:{number}:").expect("writing to memory");
        let letters = self.letters(sender, number, self.size.saturating_sub(body.len()));
        body.extend_from_slice(letters);
    }

    /// The sender and number of a body, if every byte is as a client of this load writes
    /// it.
    #[inline]
    pub(crate) fn read(&self, body: &[u8]) -> Option<(u32, u32)> {
        if body.len() != self.size {
            return None;
        }
        // An array is compared at once.
        let (prefix, rest) = body.split_first_chunk()?;
        if *prefix != self.prefix {
            return None;
        }
        let (sender, rest) = number_before_colon(rest)?;
        let (number, rest) = number_before_colon(rest)?;
        let is_intact = sender < self.clients
            && number < self.messages
            && rest == self.letters(sender, number, rest.len());
        is_intact.then_some((sender, number))
    }

    /// 5 and 7 have no factor in common with 26, and no power of ten times a digit is a
    /// multiple of 13: changing any one digit of sender or number changes the letters.
    #[inline]
    fn letters(&self, sender: u32, number: u32, length: usize) -> &[u8] {
        let start = ((u64::from(sender) * 5 + u64::from(number) * 7) % 26) as usize;
        &self.letters[start..start + length]
    }
}

/// The most digits of a number.
const MAX_DIGITS: usize = 10;

/// A decimal number without leading zeros, and what follows its colon.
#[inline]
fn number_before_colon(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let digit = |byte: u8| Some(u64::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let (first, rest) = bytes.split_first()?;
    // So many digits cannot overflow it.
    let mut number = digit(*first)?;
    for (index, byte) in rest.iter().take(MAX_DIGITS).enumerate() {
        match digit(*byte) {
            Some(digit) if number > 0 => number = number * 10 + digit,
            None if *byte == b':' => {
                return Some((u32::try_from(number).ok()?, &rest[index + 1..]));
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(run: u16, size: u32) -> MessageFormat {
        let settings =
            LoadSettings { clients: 400, messages: 200, size, ..LoadSettings::default() };
        MessageFormat::new(run, &settings)
    }

    fn body(format: &MessageFormat, sender: u32, number: u32) -> Vec<u8> {
        let mut body = Vec::new();
        format.write(sender, number, &mut body);
        body
    }

    #[test]
    fn a_body_is_readable_and_has_the_size_of_the_settings() {
        let body = body(&format(0x3fa, 30), 17, 4);
        assert_eq!(body, b"ql:03fa:17:4:jklmnopqrstuvwxyz");
    }

    #[test]
    fn every_message_is_read_back_at_any_size() {
        let smallest = MessageFormat::smallest_size(400, 200);
        assert_eq!(smallest, 16, "ql:03fa:399:199:");
        for size in [smallest, 17, 30, 500] {
            let format = format(1, size);
            for sender in 0..400 {
                for number in [0, 1, 9, 10, 99, 100, 199] {
                    let body = body(&format, sender, number);
                    assert_eq!(body.len(), size as usize);
                    assert_eq!(format.read(&body), Some((sender, number)));
                }
            }
        }
    }

    #[test]
    fn any_single_altered_byte_is_noticed() {
        let format = format(0xbeef, 30);
        for (sender, number) in [(0, 0), (7, 10), (39, 123), (399, 199)] {
            let body = body(&format, sender, number);
            for place in 0..body.len() {
                for change in 1..=255u8 {
                    let mut altered = body.clone();
                    altered[place] ^= change;
                    assert_eq!(format.read(&altered), None, "{}", altered.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_number_has_no_leading_zeros_and_fits() {
        for (text, number) in [
            ("0:x", Some(0)),
            ("7:x", Some(7)),
            ("4294967295:x", Some(u32::MAX)),
            ("4294967296:x", None),
            ("9999999999:x", None),
            ("42949672950:x", None),
            ("00:x", None),
            ("01:x", None),
            (":x", None),
            ("12", None),
            ("1a:x", None),
            ("/:x", None),
            ("-1:x", None),
            ("", None),
        ] {
            let expected = number.map(|number| (number, &b"x"[..]));
            assert_eq!(number_before_colon(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn bodies_of_other_loads_are_foreign() {
        let ours = format(1, 30);
        assert_eq!(ours.read(&body(&format(2, 30), 3, 4)), None, "another run");
        assert_eq!(ours.read(&body(&format(1, 31), 3, 4)), None, "another size");
        assert_eq!(ours.read(&body(&ours, 400, 4)), None, "no such client");
        assert_eq!(ours.read(&body(&ours, 3, 200)), None, "no such message");
        for foreign in [&b""[..], b"hello", b"ql:0001:03:4:abcdefghijklmnopqr", &[0; 30]] {
            assert_eq!(ours.read(foreign), None);
        }
    }
}
