//! Times, sizes and counts as people write them.
//!
//! Does not know what is measured.

use std::time::Duration;

/// `12 ms`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`, `1 d 03 h`: never more than two units.
pub fn duration(time: Duration) -> String {
    let ms = rounded(time.as_micros(), 1000);
    let tenths = rounded(time.as_millis(), 100);
    let seconds = rounded(time.as_millis(), 1000);
    let minutes = seconds / 60;
    let hours = minutes / 60;
    if ms < 100 {
        format!("{ms} ms")
    } else if tenths < 100 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 60 {
        format!("{seconds} s")
    } else if minutes < 60 {
        format!("{minutes} min {:02} s", seconds % 60)
    } else if hours < 24 {
        format!("{hours} h {:02} min", minutes % 60)
    } else {
        format!("{} d {:02} h", hours / 24, hours % 24)
    }
}

/// The same of a number of milliseconds.
pub fn duration_ms(ms: u64) -> String {
    duration(Duration::from_millis(ms))
}

/// `just now`, `5 min ago`, `3 days ago`: how long ago something was, in milliseconds.
pub fn ago(ms: u64) -> String {
    let (minutes, hours) = (ms / 60_000, ms / 3_600_000);
    match (ms / 1000, minutes, hours) {
        (..10, ..) => "just now".to_owned(),
        (seconds @ ..60, ..) => format!("{seconds} s ago"),
        (_, ..60, _) => format!("{minutes} min ago"),
        (.., ..48) => format!("{hours} h ago"),
        _ => format!("{} days ago", hours / 24),
    }
}

/// `17 B`, `1.2 KiB`, `340 MiB`: bytes in powers of 1024, three digits where that is possible.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut unit, mut name) = (1024, "KiB");
    for larger in ["MiB", "GiB", "TiB", "PiB"] {
        // What would be written as 1024 of a unit is written as 1.0 of the next.
        if rounded(bytes.into(), unit) < 1024 {
            break;
        }
        (unit, name) = (unit * 1024, larger);
    }
    let tenths = rounded(u128::from(bytes) * 10, unit);
    if tenths < 1000 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", rounded(bytes.into(), unit))
    }
}

/// An amount for the manifest that holds `bytes`: `256MiB`, `12GiB`, in steps that a person would choose.
pub fn size_to_ask_for(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    let mib = bytes.div_ceil(MIB).max(1);
    if mib > 512 {
        format!("{}GiB", mib.div_ceil(1024))
    } else {
        format!("{}MiB", mib.next_power_of_two())
    }
}

/// `1 node`, `2 nodes`: the number and the noun in the form that goes with it.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    let stem = noun
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match stem {
        Some(stem) => format!("{number} {stem}ies"),
        None if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{number} {noun}es"),
        None => format!("{number} {noun}s"),
    }
}

fn rounded(value: u128, unit: u128) -> u128 {
    (value + unit / 2) / unit
}

/// Behind a number of fresh nodes: how many of them have outputs that do not stand.
pub(super) fn away(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" ({count} not on the disk)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_at_most_two_units() {
        for (ms, want) in [
            (0, "0 ms"),
            (12, "12 ms"),
            (99, "99 ms"),
            (100, "0.1 s"),
            (449, "0.4 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (12_400, "12 s"),
            (59_499, "59 s"),
            (59_500, "1 min 00 s"),
            (200_000, "3 min 20 s"),
            (3_599_600, "1 h 00 min"),
            (7_500_000, "2 h 05 min"),
            (97_200_000, "1 d 03 h"),
        ] {
            assert_eq!(duration_ms(ms), want, "{ms} ms");
        }
        assert_eq!(duration(Duration::from_micros(1_600)), "2 ms");
        assert_eq!(duration(Duration::from_micros(99_700)), "0.1 s");
    }

    #[test]
    fn what_is_past_is_told_in_one_unit() {
        for (seconds, want) in [
            (9, "just now"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (3600, "1 h ago"),
            (47 * 3600 + 3599, "47 h ago"),
            (48 * 3600, "2 days ago"),
        ] {
            assert_eq!(ago(seconds * 1000), want, "{seconds} s");
        }
    }

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, want) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1229, "1.2 KiB"),
            (102_297, "99.9 KiB"),
            (102_400, "100 KiB"),
            (1_048_000, "1023 KiB"),
            (1_048_575, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(size(bytes), want, "{bytes} bytes");
        }
    }

    #[test]
    fn amounts_to_ask_for_are_round_and_never_too_small() {
        for (bytes, want) in [
            (0, "1MiB"),
            (200 << 20, "256MiB"),
            (512 << 20, "512MiB"),
            ((512 << 20) + 1, "1GiB"),
            (12 << 30, "12GiB"),
            ((12 << 30) + 1, "13GiB"),
        ] {
            assert_eq!(size_to_ask_for(bytes), want, "{bytes}");
        }
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(0, "node"), "0 nodes");
        assert_eq!(count(1, "node"), "1 node");
        assert_eq!(count(2, "node"), "2 nodes");
        assert_eq!(count(2, "directory"), "2 directories");
        assert_eq!(count(2, "day"), "2 days");
        assert_eq!(count(2, "process"), "2 processes");
        assert_eq!(count(2, "match"), "2 matches");
    }
}
