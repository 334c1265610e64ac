//! Numbers as text, in the same form in every table.

/// The median, the minimum and the maximum of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The minimum.
    pub min: f64,
    /// The median.
    pub median: f64,
    /// The maximum.
    pub max: f64,
}

impl Spread {
    /// The spread of some values; `None` if there are none.
    pub fn from_values(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Self { min, median, max })
    }

    /// The median, with the range if the ends differ as text.
    pub fn describe(&self, format: impl Fn(f64) -> String) -> String {
        let (min, median, max) = (format(self.min), format(self.median), format(self.max));
        if min == max { median } else { format!("{median} ({min}–{max})") }
    }
}

/// A fraction from 0 to 1 as a percentage. Only 1 is 100 and only 0 is 0: values close to
/// them have a decimal.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let nearly_none_or_all = share > 0.0 && share < 1.0 && !(0.95..99.5).contains(&percent);
    match nearly_none_or_all {
        true => format!("{:.1}", percent.clamp(0.1, 99.9)),
        false => format!("{percent:.0}"),
    }
}

/// A rate with three significant digits: `950`, `36.3k`, `1.25M`.
pub fn rate(per_second: f64) -> String {
    let (scaled, unit) = match per_second {
        r if r >= 999_500.0 => (r / 1e6, "M"),
        r if r >= 999.5 => (r / 1e3, "k"),
        r => (r, ""),
    };
    match scaled {
        s if unit.is_empty() || s >= 99.95 => format!("{s:.0}{unit}"),
        s if s >= 9.995 => format!("{s:.1}{unit}"),
        s => format!("{s:.2}{unit}"),
    }
}

/// A duration given in nanoseconds: `840 ns`, `1.2 ms`, `1.024 s`.
pub fn nanoseconds(ns: f64) -> String {
    match ns {
        n if n >= 1e9 => format!("{:.3} s", n / 1e9),
        n if n >= 1e6 => format!("{:.1} ms", n / 1e6),
        n if n >= 1e3 => format!("{:.1} µs", n / 1e3),
        n => format!("{n:.0} ns"),
    }
}

/// A count with groups of three digits: `1 596 000`.
pub fn count(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// A size in bytes: `7.8 GiB`.
pub fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// Bytes in MiB.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The saturating sum of counts: the numbers in a record can have any size.
pub fn total(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// A number with at most three decimals.
pub fn decimal(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_a_hundred_percent_and_only_nothing_is_zero() {
        assert_eq!(percent(1.0), "100");
        assert_eq!(percent(0.9999), "99.9");
        assert_eq!(percent(0.996), "99.6");
        assert_eq!(percent(0.875), "88");
        assert_eq!(percent(0.0001), "0.1");
        assert_eq!(percent(0.0), "0");
    }

    #[test]
    fn rates_keep_three_digits_across_the_units() {
        for (per_second, text) in [
            (0.0, "0"),
            (950.0, "950"),
            (999.9, "1.00k"),
            (36_321.0, "36.3k"),
            (999_900.0, "1.00M"),
        ] {
            assert_eq!(rate(per_second), text);
        }
    }

    #[test]
    fn memory_has_one_decimal() {
        assert_eq!(gibibytes(8_375_186_227), "7.8 GiB");
        assert_eq!(gibibytes(0), "0.0 GiB");
    }

    #[test]
    fn counts_have_groups_of_three_digits() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_596_000), "1 596 000");
        assert_eq!(count(-12_345), "-12 345");
    }

    #[test]
    fn a_spread_is_the_median_with_its_range() {
        let spread = Spread::from_values([3.0, 1.0, 2.0, 10.0].into_iter()).unwrap();
        assert_eq!(spread, Spread { min: 1.0, median: 2.5, max: 10.0 });
        assert_eq!(spread.describe(|n| n.to_string()), "2.5 (1–10)");
        assert_eq!(
            Spread::from_values(std::iter::once(4.0)).unwrap().describe(|n| n.to_string()),
            "4"
        );
        assert_eq!(Spread::from_values(std::iter::empty()), None);
    }
}
