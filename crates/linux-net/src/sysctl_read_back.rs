//! Compares the value of a sysctl with the requested one.

use crate::sysctl_error::SysctlError;
use crate::sysctl_name::SysctlName;

/// Checks that the value that was read back is the requested one, field by field, and
/// numbers as numbers.
///
/// # Errors
/// [`SysctlError::Changed`].
pub fn check_read_back(
    name: &SysctlName,
    requested: &str,
    effective: &str,
) -> Result<(), SysctlError> {
    match is_same_value(requested, effective) {
        true => Ok(()),
        false => Err(SysctlError::Changed {
            name: name.clone(),
            requested: requested.to_owned(),
            effective: effective.to_owned(),
        }),
    }
}

/// Compares field by field, and numbers as numbers. (The kernel reads a leading 0 as
/// octal and prints decimals, so `010` and `8` differ here.)
fn is_same_value(requested: &str, effective: &str) -> bool {
    let number = |field: &str| field.parse::<i128>().ok();
    let (mut requested, mut effective) =
        (requested.split_whitespace(), effective.split_whitespace());
    loop {
        match (requested.next(), effective.next()) {
            (None, None) => return true,
            (Some(requested), Some(effective)) => {
                let same = match (number(requested), number(effective)) {
                    (Some(requested), Some(effective)) => requested == effective,
                    _ => requested == effective,
                };
                if !same {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_values_by_fields_and_numbers() {
        for (requested, effective) in [
            ("128", "128"),
            (" 128\n", "128"),
            ("+1", "1"),
            ("1024\t2048", "1024 2048"),
            ("", ""),
            ("8080,9000-9002", "8080,9000-9002"),
        ] {
            assert!(is_same_value(requested, effective), "{requested:?} {effective:?}");
        }
        for (requested, effective) in
            [("128", "127"), ("1 2", "1 2 3"), ("1 2 3", "1 2"), ("1", ""), ("a", "b"), ("", "0")]
        {
            assert!(!is_same_value(requested, effective), "{requested:?} {effective:?}");
        }
    }
}
