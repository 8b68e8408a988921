//! Where KDL's strings end, and what is wrong inside them.
//!
//! Does not resolve escapes or indentation into the string's value; kdl-rs does.

use super::characters::{is_forbidden, is_newline, is_space};
use super::syntax::{Fault, FaultKind};
use std::ops::Range;

/// How a string ended.
pub(super) enum Ended {
    /// Well, just before this offset.
    At(usize),
    /// With something unreadable inside; just before this offset.
    Fault(Fault, usize),
    /// Not where it had to: by this offset.
    Never(usize),
}

/// Reads a string with escapes from just behind its opening quotes.
pub(super) fn scan_quoted(text: &str, mut at: usize, closing: &str, lines: bool) -> Ended {
    let mut fault = None;
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with(closing) {
            let end = at + closing.len();
            return fault.map_or(Ended::At(end), |fault| Ended::Fault(fault, end));
        }
        if next == '\\' {
            let (len, valid) = escape(&text[at..]);
            if !valid {
                let bad = text[at + 1..at + len].chars().next().unwrap_or('\\');
                fault.get_or_insert(Fault::new(FaultKind::BadEscape(bad), at..at + len));
            }
            at += len;
            continue;
        }
        if is_newline(next) && !lines {
            return Ended::Never(at);
        }
        if is_forbidden(next) {
            fault.get_or_insert(Fault::new(
                FaultKind::Forbidden(next),
                at..at + next.len_utf8(),
            ));
        }
        at += next.len_utf8();
    }
    Ended::Never(text.len())
}

/// Length of the escape that `text` starts with, and whether it is one.
fn escape(text: &str) -> (usize, bool) {
    let after = &text[1..];
    match after.chars().next() {
        Some('\\' | '"' | 'b' | 'f' | 'n' | 'r' | 't' | 's') => (2, true),
        Some('u') => {
            let digits = after
                .strip_prefix("u{")
                .and_then(|rest| rest.split_once('}'))
                .map(|(digits, _)| digits);
            let valid = |digits: &&str| {
                (1..=6).contains(&digits.len())
                    && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
                    && u32::from_str_radix(digits, 16)
                        .is_ok_and(|code| char::from_u32(code).is_some())
            };
            digits
                .filter(valid)
                .map_or((2, false), |digits| (digits.len() + 4, true))
        }
        Some(space) if is_space(space) || is_newline(space) => {
            let len = after
                .find(|c| !is_space(c) && !is_newline(c))
                .unwrap_or(after.len());
            (1 + len, true)
        }
        Some(other) => (1 + other.len_utf8(), false),
        None => (1, false),
    }
}

/// Every line of a multi-line string starts with what stands before its closing quotes. Strings with backslashes are
/// left to kdl-rs, since an escaped line break changes what a line is.
pub(super) fn find_bad_indent(text: &str, inside: Range<usize>, raw: bool) -> Option<Fault> {
    let body = &text[inside.clone()];
    let last = body.char_indices().rfind(|(_, c)| is_newline(*c));
    let indent_at = last.map_or(0, |(at, newline)| at + newline.len_utf8());
    let indent = &body[indent_at..];
    // A backslash takes away the spaces behind it.
    let blank = |c: char| is_space(c) || (c == '\\' && !raw);
    if !indent.chars().all(blank) || indent.contains("\\\\") || indent.ends_with('\\') {
        return Some(Fault::new(
            FaultKind::MultiLineClosing,
            inside.end..inside.end + 3,
        ));
    }
    if !raw && body.contains('\\') {
        return None;
    }
    let mut start = inside.start;
    for line in body[..indent_at].split(is_newline) {
        if !line.starts_with(indent) && !line.chars().all(is_space) {
            let len = line.find(|c| !is_space(c)).unwrap_or(0);
            let first = line[len..].chars().next().map_or(0, char::len_utf8);
            return Some(Fault::new(
                FaultKind::MultiLineIndent,
                start..start + len + first,
            ));
        }
        start += line.len()
            + text[start + line.len()..]
                .chars()
                .next()
                .map_or(0, char::len_utf8);
    }
    None
}

/// The first character of `range` that KDL does not allow as itself.
pub(super) fn find_forbidden(text: &str, range: Range<usize>) -> Option<Fault> {
    let (at, bad) = text[range.clone()]
        .char_indices()
        .find(|(_, c)| is_forbidden(*c))?;
    let start = range.start + at;
    Some(Fault::new(
        FaultKind::Forbidden(bad),
        start..start + bad.len_utf8(),
    ))
}
