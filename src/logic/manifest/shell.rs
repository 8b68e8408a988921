//! What quotes a place in a shell script stands inside of, and how a value is written there.
//!
//! Knows POSIX quoting: `'…'`, `"…"`, `\`, `$(…)`, `$((…))`, backticks, comments, here-documents; and bash's `$'…'`.
//! Does not know commands: a `case` pattern with a lone `)` inside `$(…)` is taken for its end. Does not know
//! placeholders; `template` asks it at each one.

use super::template::Quoting;

/// Shells whose quoting this is. Any other gets values only with `:raw`.
pub(super) const POSIX_SHELLS: [&str; 8] =
    ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox"];

/// Where in a script one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShellPlace {
    /// A value can be written here so that it is read back exactly.
    Safe(Quoting),
    /// It can not.
    Unsafe(Trap),
}

/// Why a value cannot be quoted for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trap {
    /// Just behind a backslash.
    Backslash,
    /// Inside backticks, which read their text twice.
    Backticks,
    /// Inside bash's `$'…'`.
    DollarQuotes,
    /// Inside a here-document, where quotes are plain characters.
    HereDocument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Single,
    DollarSingle,
    Double,
    /// `$(…)`, with the number of parentheses open in it.
    Substitution(u32),
    /// `${…}` outside of double quotes or in them; quotes go by what is around.
    Parameter,
    Backticks,
}

/// A script read so far.
#[derive(Debug, Default)]
pub(super) struct ShellText {
    contexts: Vec<Context>,
    /// A backslash was the last character and still waits for what it escapes.
    escaping: bool,
    comment: bool,
    /// The last characters, for `$(`, `${`, `$'`, `<<` and the start of words.
    last: [Option<char>; 2],
    here: HereDocuments,
}

#[derive(Debug, Default)]
struct HereDocuments {
    /// The word after `<<` is being read: what was read, and the quote it is in.
    reading: Option<(String, Option<char>, bool)>,
    /// Delimiters whose bodies start at the next line break; whether leading tabs go.
    waiting: std::collections::VecDeque<(String, bool)>,
    /// Inside the body of the first that waits: the line so far.
    body: Option<String>,
}

impl ShellText {
    /// Reads on.
    pub(super) fn advance(&mut self, text: &str) {
        text.chars().for_each(|next| self.step(next));
    }

    /// Reads over a placeholder: a piece of a word.
    pub(super) fn advance_value(&mut self) {
        self.escaping = false;
        self.last = [self.last[1], Some('x')];
        if let Some(line) = &mut self.here.body {
            line.push('\0');
        }
    }

    /// Where the script stands now.
    pub(super) fn place(&self) -> ShellPlace {
        if self.here.body.is_some() {
            return ShellPlace::Unsafe(Trap::HereDocument);
        }
        if self.escaping {
            return ShellPlace::Unsafe(Trap::Backslash);
        }
        if self.contexts.contains(&Context::Backticks) {
            return ShellPlace::Unsafe(Trap::Backticks);
        }
        match self.quotes() {
            Some(Context::Single) => ShellPlace::Safe(Quoting::Single),
            Some(Context::DollarSingle) => ShellPlace::Unsafe(Trap::DollarQuotes),
            Some(Context::Double) => ShellPlace::Safe(Quoting::Double),
            _ => ShellPlace::Safe(Quoting::Bare),
        }
    }

    /// The innermost context, seen through `${…}`.
    fn quotes(&self) -> Option<Context> {
        self.contexts
            .iter()
            .rev()
            .copied()
            .find(|context| *context != Context::Parameter)
    }

    fn step(&mut self, next: char) {
        if self.here.body.is_some() {
            self.here.step_body(next);
            return;
        }
        if self.comment && next != '\n' {
            return;
        }
        self.comment = false;
        let escaped = std::mem::take(&mut self.escaping);
        self.here.step_word(next, escaped);
        if !escaped {
            self.step_plain(next);
        }
        if next == '\n' && !escaped && !self.in_quotes() {
            self.here.start_body();
        }
        self.last = [self.last[1], Some(if escaped { 'x' } else { next })];
    }

    fn in_quotes(&self) -> bool {
        matches!(
            self.quotes(),
            Some(Context::Single | Context::DollarSingle | Context::Double)
        )
    }

    fn step_plain(&mut self, next: char) {
        let before = self.last[1];
        match self.quotes() {
            Some(Context::Single) => {
                if next == '\'' {
                    self.contexts.pop();
                }
            }
            Some(Context::DollarSingle) => match next {
                '\'' => drop(self.contexts.pop()),
                '\\' => self.escaping = true,
                _ => {}
            },
            Some(Context::Double) => self.step_double(next, before),
            _ => self.step_bare(next, before),
        }
    }

    fn step_double(&mut self, next: char, before: Option<char>) {
        let in_parameter = self.contexts.last() == Some(&Context::Parameter);
        match next {
            '\\' => self.escaping = true,
            '"' => {
                while let Some(context) = self.contexts.pop() {
                    if context == Context::Double {
                        break;
                    }
                }
            }
            '(' if before == Some('$') => self.contexts.push(Context::Substitution(0)),
            '{' if before == Some('$') => self.contexts.push(Context::Parameter),
            '}' if in_parameter => drop(self.contexts.pop()),
            '`' => self.backtick(),
            _ => {}
        }
    }

    fn step_bare(&mut self, next: char, before: Option<char>) {
        let word_starts = before
            .is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '`'));
        match next {
            '\\' => self.escaping = true,
            '\'' if before == Some('$') => self.contexts.push(Context::DollarSingle),
            '\'' => self.contexts.push(Context::Single),
            '"' => self.contexts.push(Context::Double),
            '`' => self.backtick(),
            '#' if word_starts && self.contexts.last() != Some(&Context::Parameter) => {
                self.comment = true;
            }
            '(' if before == Some('$') => self.contexts.push(Context::Substitution(0)),
            '{' if before == Some('$') => self.contexts.push(Context::Parameter),
            '(' => {
                if let Some(Context::Substitution(open)) = self.contexts.last_mut() {
                    *open += 1;
                }
            }
            ')' => match self.contexts.last_mut() {
                Some(Context::Substitution(0)) => drop(self.contexts.pop()),
                Some(Context::Substitution(open)) => *open -= 1,
                _ => {}
            },
            '}' if self.contexts.last() == Some(&Context::Parameter) => drop(self.contexts.pop()),
            '<' if before == Some('<') && self.last[0] != Some('<') && !self.in_arithmetic() => {
                self.here.announce();
            }
            _ => {}
        }
    }

    /// Inside `$((…))`, where `<<` shifts bits.
    fn in_arithmetic(&self) -> bool {
        matches!(self.contexts.last(), Some(Context::Substitution(open)) if *open > 0)
    }

    fn backtick(&mut self) {
        match self
            .contexts
            .iter()
            .rposition(|context| *context == Context::Backticks)
        {
            Some(at) => self.contexts.truncate(at),
            None => self.contexts.push(Context::Backticks),
        }
    }
}

impl HereDocuments {
    /// `<<` was read.
    fn announce(&mut self) {
        self.reading = Some((String::new(), None, false));
    }

    /// A character of the word after `<<`.
    fn step_word(&mut self, next: char, escaped: bool) {
        let Some((word, quote, strip)) = &mut self.reading else {
            return;
        };
        if escaped {
            word.push(next);
            return;
        }
        match (next, *quote) {
            ('<', None) if word.is_empty() => self.reading = None,
            ('-', None) if word.is_empty() && !*strip => *strip = true,
            (' ' | '\t', None) if word.is_empty() => {}
            (c, None)
                if c.is_whitespace() || matches!(c, ';' | '&' | '|' | '<' | '>' | '(' | ')') =>
            {
                let delimiter = (std::mem::take(word), *strip);
                self.reading = None;
                if !delimiter.0.is_empty() {
                    self.waiting.push_back(delimiter);
                }
            }
            ('\'' | '"', None) => *quote = Some(next),
            (c, Some(open)) if c == open => *quote = None,
            ('\\', None) => {}
            (c, _) => word.push(c),
        }
    }

    /// At a line break: a body starts if one was announced.
    fn start_body(&mut self) {
        if !self.waiting.is_empty() {
            self.body = Some(String::new());
        }
    }

    fn step_body(&mut self, next: char) {
        let Some(line) = &mut self.body else { return };
        if next != '\n' {
            line.push(next);
            return;
        }
        let line = std::mem::take(line);
        let ended = self.waiting.front().is_some_and(|(delimiter, strip)| {
            delimiter
                == if *strip {
                    line.trim_start_matches('\t')
                } else {
                    &line
                }
        });
        if ended {
            self.waiting.pop_front();
            self.body = (!self.waiting.is_empty()).then(String::new);
        }
    }
}

/// Writes `value` so that a POSIX shell reads it back exactly at a place with this quoting.
pub(super) fn quote(value: &str, quoting: Quoting) -> String {
    match quoting {
        Quoting::Bare if !value.is_empty() && value.chars().all(is_plain) => value.to_owned(),
        Quoting::Bare => format!("'{}'", value.replace('\'', "'\\''")),
        Quoting::Single => value.replace('\'', "'\\''"),
        Quoting::Double => value.chars().fold(String::new(), |mut text, c| {
            if matches!(c, '$' | '`' | '"' | '\\') {
                text.push('\\');
            }
            text.push(c);
            text
        }),
    }
}

/// A character that no shell treats in a special way, anywhere in a word.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | ',' | '@' | '%' | '+' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(script: &str) -> ShellPlace {
        let mut shell = ShellText::default();
        shell.advance(script);
        shell.place()
    }

    #[test]
    fn quotes_are_followed() {
        for (script, quoting) in [
            ("cat ", Quoting::Bare),
            ("echo '", Quoting::Single),
            ("echo 'a' ", Quoting::Bare),
            ("echo \"a 'b", Quoting::Double),
            ("echo \"a\\\" ", Quoting::Double),
            ("echo 'a\\' ", Quoting::Bare),
            ("echo \\' ", Quoting::Bare),
            ("x=\"$(cat ", Quoting::Bare),
            ("x=\"$(cat 'a' \"", Quoting::Double),
            ("x=\"$(cat a) ", Quoting::Double),
            ("x=\"$( (a; b) c", Quoting::Bare),
            ("x=$((1 << 2)) ", Quoting::Bare),
            ("x=\"$((2 * (3 + 1))) ", Quoting::Double),
            ("x=\"${y:-", Quoting::Double),
            ("x=\"${y:-z} ", Quoting::Double),
            ("x=${#y} 'a' ", Quoting::Bare),
            ("a # it's\n b ", Quoting::Bare),
            ("a#it's ", Quoting::Single),
            ("echo $# ' ", Quoting::Single),
            ("(# it's\n b", Quoting::Bare),
            ("cat <<< 'x' ", Quoting::Bare),
            ("cat <<E\nit's\nE\n b ", Quoting::Bare),
            ("cat <<-'A B' <<C\nit's\n\tA B\n\"\nC\n b ", Quoting::Bare),
            ("echo `it` ", Quoting::Bare),
        ] {
            assert_eq!(place(script), ShellPlace::Safe(quoting), "{script:?}");
        }
    }

    #[test]
    fn places_where_nothing_can_be_quoted_are_known() {
        for (script, trap) in [
            ("a \\", Trap::Backslash),
            ("a \"\\", Trap::Backslash),
            ("a `b ", Trap::Backticks),
            ("a \"`b ", Trap::Backticks),
            ("a `b \"$(c ", Trap::Backticks),
            ("a $'b", Trap::DollarQuotes),
            ("a $'b\\' ", Trap::DollarQuotes),
            ("cat <<E\n ", Trap::HereDocument),
            ("cat <<\\E | sort > x\nE \n", Trap::HereDocument),
            ("cat <<E; cat <<F\nx\nE\n", Trap::HereDocument),
            ("x=\"$(cat <<E\n", Trap::HereDocument),
        ] {
            assert_eq!(place(script), ShellPlace::Unsafe(trap), "{script:?}");
        }
    }
}
