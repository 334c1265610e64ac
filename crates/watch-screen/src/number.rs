//! Numbers in few characters.

/// A count in at most five characters: exact below 100,000, then with k, M, G or T, rounded
/// down.
pub(crate) fn count(count: u64) -> String {
    match count {
        ..100_000 => count.to_string(),
        100_000..10_000_000 => format!("{}k", count / 1_000),
        10_000_000..10_000_000_000 => format!("{}M", count / 1_000_000),
        10_000_000_000..10_000_000_000_000 => format!("{}G", count / 1_000_000_000),
        _ => format!("{}T", count / 1_000_000_000_000),
    }
}

/// A count with commas.
pub(crate) fn exact(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// An age in at most five characters, rounded down.
pub(crate) fn age(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        ..10 => format!("{:.1}s", (seconds.max(0.0) * 10.0).floor() / 10.0),
        10..120 => format!("{whole}s"),
        120..7_200 => format!("{}m", whole / 60),
        7_200..172_800 => format!("{}h", whole / 3_600),
        _ => format!("{}d", whole / 86_400),
    }
}

/// A short time with its unit.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        _ if seconds < 0.01 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// How long something has lasted: hours, minutes and seconds.
pub(crate) fn elapsed(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3_600, whole / 60 % 60, whole % 60)
}

/// A share of one, in percent.
pub(crate) fn share(share: f64) -> String {
    let percent = share * 100.0;
    match percent < 10.0 {
        true => format!("{percent:.1} %"),
        false => format!("{percent:.0} %"),
    }
}

/// Bytes in at most six characters.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        ..10_000 => bytes.to_string(),
        10_000..10_240_000 => format!("{}Ki", bytes / 1_024),
        _ => format!("{}Mi", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fit_in_five_characters() {
        for (number, text) in [
            (0, "0"),
            (99_999, "99999"),
            (100_000, "100k"),
            (9_999_999, "9999k"),
            (10_000_000, "10M"),
            (u64::from(u32::MAX), "4294M"),
            (10_000_000_000, "10G"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(exact(0), "0");
        assert_eq!(exact(1_234_567), "1,234,567");
    }

    #[test]
    fn ages_are_never_rounded_up() {
        let texts = [0.0, -1.0, 0.99, 9.99, 10.0, 119.9, 120.0, 7_199.0, 7_200.0, 172_800.0];
        assert_eq!(
            texts.map(age),
            ["0.0s", "0.0s", "0.9s", "9.9s", "10s", "119s", "2m", "119m", "2h", "2d"]
        );
    }
}
