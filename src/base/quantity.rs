//! Sizes, counts and durations as people write them.
//!
//! Does not know what they measure, nor how they are printed.

use std::fmt;

/// How much of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A plain number.
    Count(u64),
    /// Bytes.
    Bytes(u64),
    /// A part of a whole, in hundredths.
    Percent(u32),
}

/// Why a text is no amount or no duration; its words are for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityFault(String);

impl fmt::Display for QuantityFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// Units of time in milliseconds.
const TIMES: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

impl Amount {
    /// Reads `4`, `"16GiB"`, `"1.5 GB"` or `"80%"`.
    ///
    /// # Errors
    /// What is wrong, in the user's words.
    pub fn parse(text: &str) -> Result<Amount, QuantityFault> {
        let text = text.trim();
        let (number, unit) = cut(text);
        let fault = |said: String| Err(QuantityFault(said));
        if number.is_empty() {
            return fault(format!("`{text}` does not start with a number"));
        }
        let unit = unit.trim();
        if unit.is_empty() {
            let count = number.parse::<u64>();
            return count
                .map(Amount::Count)
                .or_else(|_| fault(format!("`{text}` is no whole number")));
        }
        if unit == "%" {
            return match number.parse::<u32>() {
                Ok(percent @ 1..=100) => Ok(Amount::Percent(percent)),
                _ => fault(format!("`{text}` is not from 1% to 100%")),
            };
        }
        if let Some((_, size)) = SIZES.iter().find(|(name, _)| *name == unit) {
            return scaled(number, *size)
                .map(Amount::Bytes)
                .ok_or_else(|| QuantityFault(format!("`{text}` is too large, or not a number")));
        }
        let letter = unit.chars().next().map(|c| c.to_ascii_uppercase());
        let same = |(name, _): &&(&str, u64)| name.eq_ignore_ascii_case(unit);
        let first = |(name, _): &&(&str, u64)| name.len() == 3 && name.chars().next() == letter;
        let meant = SIZES.iter().find(same).or_else(|| SIZES.iter().find(first));
        match meant {
            Some((name, _)) => fault(format!("`{unit}` is no unit; is `{number}{name}` meant?")),
            None => fault(format!(
                "`{unit}` is no unit; there are B, KiB, MiB, GiB, TiB, KB, MB, GB, TB and %"
            )),
        }
    }
}

/// Reads `90` (seconds), `"90s"`, `"1.5h"`, `"1h30m"`, `"500ms"` or `"2d"` as milliseconds.
///
/// # Errors
/// What is wrong, in the user's words.
pub fn parse_duration(text: &str) -> Result<u64, QuantityFault> {
    let whole = text.trim();
    let fault = |said: String| Err(QuantityFault(said));
    let mut rest = whole;
    let mut total: u64 = 0;
    let mut last = u64::MAX;
    while !rest.is_empty() {
        let (number, after) = cut(rest);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == ' ')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        if number.is_empty() {
            return fault(format!("`{whole}` is no time, as in `90s`, `12h` or `7d`"));
        }
        let unit = if unit.is_empty() && rest.len() == whole.len() && after.is_empty() {
            "s"
        } else {
            unit
        };
        let Some((_, millis)) = TIMES.iter().find(|(name, _)| *name == unit) else {
            return fault(format!(
                "`{unit}` is no unit of time; there are ms, s, m, h and d"
            ));
        };
        if *millis >= last {
            return fault(format!(
                "`{whole}` does not go from large to small units, as in \"1h30m\""
            ));
        }
        last = *millis;
        let part = scaled(number, *millis);
        let Some(sum) = part.and_then(|part| total.checked_add(part)) else {
            return fault(format!("`{whole}` is too long"));
        };
        total = sum;
        rest = after.trim_start();
    }
    if last == u64::MAX {
        return fault("an empty duration".to_owned());
    }
    Ok(total)
}

/// The number that a text starts with, and what follows.
fn cut(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A decimal number times `unit`, rounded down; `None` when it does not fit or is none.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty()
        || fraction.len() > 18
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit)
        / 10u128.pow(fraction.len() as u32);
    whole.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, want) in [
            ("4", Amount::Count(4)),
            ("16GiB", Amount::Bytes(16 << 30)),
            ("1.5 KB", Amount::Bytes(1500)),
            ("0.5MiB", Amount::Bytes(512 << 10)),
            ("80%", Amount::Percent(80)),
        ] {
            assert_eq!(Amount::parse(text), Ok(want), "{text}");
        }
        for (text, hint) in [
            ("4G", "4GiB"),
            ("4gb", "4GB"),
            ("lots", "number"),
            ("0%", "from 1%"),
            ("101%", "from 1%"),
            ("99999999999TiB", "too large"),
            ("1.5", "whole"),
            ("1..5GB", "not a number"),
        ] {
            let said = Amount::parse(text).unwrap_err().to_string();
            assert!(said.contains(hint), "{text}: {said}");
        }
    }

    #[test]
    fn durations() {
        for (text, want) in [
            ("90", 90_000),
            ("0.5", 500),
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("500ms", 500),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse_duration(text), Ok(want), "{text}");
        }
        for text in [
            "",
            "h",
            "30m1h",
            "1x",
            "1h30",
            "999999999999d",
            "-5s",
            "5 5",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
