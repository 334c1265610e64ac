//! A number as a person types it.

/// The largest number that is an answer.
const MAX: f64 = 1e15;

/// Parses a number in a unit: `128`, `1 000`, `1,000`, `0.5`, `-3`; with the unit behind it, if
/// it is that of the question: `50 %`, `3s`.
///
/// # Errors
/// In words, what is expected.
pub fn parse_number(text: &str, unit: &str) -> Result<f64, String> {
    let expected = || match unit {
        "" => "a number, such as 42 or 0.5".to_owned(),
        unit => format!("a number of {unit}, such as 42 or 0.5"),
    };
    let number = without_unit(text.trim(), unit);
    if number.is_empty() {
        return Err(format!("type {}", expected()));
    }
    let is_space = |c: char| c.is_whitespace() || c == '_' || c == '\'';
    let number: String = number.chars().filter(|c| !is_space(*c)).collect();
    let number = without_commas(&number)
        .ok_or_else(|| format!("`{}`: write a decimal point, not a comma", shown(text)))?;
    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
    let digits = number.strip_prefix(['-', '+']).unwrap_or(&number);
    match number.parse::<f64>() {
        Ok(_) if !digits.chars().all(is_digit) => {
            Err(format!("`{}`: type {}", shown(text), expected()))
        }
        Ok(number) if number.abs() <= MAX => Ok(number),
        Ok(_) => Err(format!("`{}` is too large", shown(text))),
        Err(_) => Err(format!("`{}`: type {}", shown(text), expected())),
    }
}

/// The start of what was typed, for a message.
fn shown(text: &str) -> String {
    visible::line(text.trim()).chars().take(40).collect()
}

/// A unit such as `connections` may be typed as `connection`, and `% of the clients` as `%`.
fn without_unit<'a>(text: &'a str, unit: &str) -> &'a str {
    let first = unit.split_whitespace().next().unwrap_or_default();
    let singular = first.strip_suffix('s').unwrap_or_default();
    for ending in [unit, first, singular] {
        let start = text.len().checked_sub(ending.len()).filter(|_| !ending.is_empty());
        let found = start.and_then(|at| Some((text.get(..at)?, text.get(at..)?)));
        if let Some((number, _)) = found.filter(|(_, end)| end.eq_ignore_ascii_case(ending)) {
            return number.trim_end();
        }
    }
    text
}

/// Removes commas between groups of three digits; `None` if a comma stands elsewhere.
fn without_commas(number: &str) -> Option<String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let has_commas = whole.contains(',');
    let is_first = (1..=3).contains(&first.trim_start_matches(['-', '+']).len());
    let are_groups = groups.all(|group| group.len() == 3);
    let fits = !has_commas || (is_first && are_groups);
    (fits && !fraction.contains(',')).then(|| number.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_can_have_groups_and_its_unit() {
        for (text, unit, number) in [
            ("128", "connections", 128.0),
            (" 1 000 ", "connections", 1000.0),
            ("1,000", "", 1000.0),
            ("1\u{a0}000", "", 1000.0),
            ("12,345.5", "", 12_345.5),
            ("50 %", "%", 50.0),
            ("50%", "% of the clients", 50.0),
            ("3s", "s", 3.0),
            ("1 connection", "connections", 1.0),
            ("129 Connections", "connections", 129.0),
            ("-2", "", -2.0),
            ("0.5", "s", 0.5),
            (".5", "s", 0.5),
        ] {
            assert_eq!(parse_number(text, unit), Ok(number), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_explained() {
        for (text, unit) in [
            ("", "s"),
            ("many", "connections"),
            ("1,5", "s"),
            ("3 ms", "s"),
            ("inf", ""),
            ("nan", ""),
            ("1e3", ""),
            ("9999999999999999", ""),
            ("--1", ""),
            ("s", "s"),
            ("١٢", ""),
        ] {
            assert!(parse_number(text, unit).is_err(), "{text:?}");
        }
        assert!(parse_number("3 ms", "s").unwrap_err().contains("a number of s"));
        assert!(parse_number("1,5", "s").unwrap_err().contains("decimal point"));
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic_or_an_infinite_number(text in ".*", unit in "[a-z% ü]{0,12}") {
            if let Ok(number) = parse_number(&text, &unit) {
                prop_assert!(number.is_finite());
            }
        }
    }
}
