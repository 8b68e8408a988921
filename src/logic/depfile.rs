//! Reads what a command says it has read, in the form of Make's rules: `target: prerequisite …`.
//!
//! Does not know which of the names are files of the project.

use std::collections::HashSet;
use std::fmt;

/// What cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepfileFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: &'static str,
}

impl fmt::Display for DepfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Every prerequisite of every rule, in order, each once. Knows line continuations, `\ ` for a space, `\#` and `$$`.
///
/// # Errors
/// Text that is not UTF-8, or a line without a colon.
pub fn parse(text: &[u8]) -> Result<Vec<String>, DepfileFault> {
    let text = std::str::from_utf8(text).map_err(|error| DepfileFault {
        line: 1 + text[..error.valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count(),
        message: "this is not UTF-8",
    })?;
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut logical = line.trim_end_matches('\r').to_owned();
        while continues(&logical) {
            logical.pop();
            logical.push(' ');
            let Some((_, next)) = lines.next() else { break };
            logical.push_str(next.trim_end_matches('\r'));
        }
        if logical.trim().is_empty() || logical.trim_start().starts_with('#') {
            continue;
        }
        let fault = DepfileFault {
            line: number + 1,
            message: "a rule has a colon behind its target",
        };
        let colon = rule_colon(&logical).ok_or(fault)?;
        for word in words(&logical[colon + 1..]) {
            if seen.insert(word.clone()) {
                found.push(word);
            }
        }
    }
    Ok(found)
}

/// Whether a line ends with a backslash that is not itself escaped.
fn continues(line: &str) -> bool {
    let slashes = line.len() - line.trim_end_matches('\\').len();
    slashes % 2 == 1
}

/// The colon between targets and prerequisites: one that is followed by a space or the end.
fn rule_colon(line: &str) -> Option<usize> {
    let ends = |at: &usize| {
        line[at + 1..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace)
    };
    line.match_indices(':').map(|(at, _)| at).find(ends)
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ (' ' | '#' | '\\' | ':'))) => {
                word.push(next);
                chars.next();
            }
            ('$', Some('$')) => {
                word.push('$');
                chars.next();
            }
            (c, _) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (c, _) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_as_compilers_write_them() {
        let text = b"build/a.o: src/a.c \\\r\n  src/a.h src/with\\ space.h\\\n src/cost$$.h\n\nsrc/a.h:\nb.o : src/a.h x\\#y\n# words\n";
        let want = [
            "src/a.c",
            "src/a.h",
            "src/with space.h",
            "src/cost$.h",
            "x#y",
        ];
        assert_eq!(parse(text).unwrap(), want);
        assert_eq!(parse(b"").unwrap(), Vec::<String>::new());
        assert_eq!(parse(b"a:b\nc: d").unwrap_err().line, 1);
        assert_eq!(parse(b"a: b\n\xff: c").unwrap_err().line, 2);
    }
}
