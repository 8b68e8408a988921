//! Finds the parts of a simple node in its text.
//!
//! Does not keep them; declines whatever is not sure to be right.

use super::bytes::{BARE, NAME, PATH, TEXT, WORD, is};
use super::{SimpleNode, SimpleValue, Values};
use crate::logic::manifest::decode::MAX_NAME;
use crate::logic::manifest::source::Span;
use crate::logic::manifest::template::{
    Placeholder, Quoting, Style, Template, Written, find_placeholders, inner,
};
use std::ops::Range;

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    /// Up to the end of the node.
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    pub(super) node: SimpleNode,
    pub(super) inputs: &'t mut Values,
    pub(super) outputs: &'t mut Values,
    pub(super) arguments: &'t mut Values,
    pub(super) sound: &'t mut Vec<u8>,
    pub(super) next: &'t mut Vec<u8>,
}

impl Reader<'_> {
    /// Reads the whole of it; `None` where it is no simple one.
    pub(super) fn node(&mut self) -> Option<()> {
        self.expect(b"node ")?;
        self.spaces();
        self.node.name = self.quoted()?;
        let name = self.node.name.of(self.text).as_bytes();
        let starts_well = is(*name.first()?, WORD) && name[0] != b'-';
        if !starts_well || name.len() > MAX_NAME || !name.iter().all(|&byte| is(byte, NAME)) {
            return None;
        }
        if !self.spaces() {
            return None;
        }
        self.expect(b"{")?;
        loop {
            self.blank()?;
            if self.peek()? == b'}' {
                break;
            }
            self.statement()?;
            self.spaces();
            if !matches!(self.peek()?, b'\n' | b'\r' | b';' | b'}' | b'/') {
                return None;
            }
        }
        self.at += 1;
        self.spaces();
        if self.at < self.bytes.len() {
            self.comment()?;
        }
        (self.at == self.bytes.len()).then_some(())?;
        self.command_is_known()
    }

    fn statement(&mut self) -> Option<()> {
        let word = self.word();
        match &self.bytes[word.start as usize..self.at] {
            b"in" => self.paths(true),
            b"out" => self.paths(false),
            b"run" if self.has_no_command() => {
                self.one_space()?;
                self.node.script = match self.peek()? {
                    b'#' => self.raw()?,
                    _ => self.quoted()?,
                };
                let blank = self.node.script.of(self.text).trim().is_empty();
                (!blank).then_some(())
            }
            b"exec" if self.has_no_command() => {
                while self.spaces() && self.peek()? == b'"' {
                    let text = self.quoted()?;
                    let name = Span::default();
                    self.arguments.push(SimpleValue { name, text })?;
                }
                let program = self.arguments.0.first()?;
                (!program.text.of(self.text).trim().is_empty()).then_some(())
            }
            b"about" if self.node.about.len == 0 => {
                self.one_space()?;
                self.node.about = self.quoted()?;
                (self.node.about.len > 0).then_some(())
            }
            b"exclusive" if !self.node.alone => {
                self.node.alone = true;
                Some(())
            }
            b"always" if !self.node.always => {
                self.node.always = true;
                Some(())
            }
            _ => None,
        }
    }

    fn has_no_command(&self) -> bool {
        self.node.script.len == 0 && self.arguments.0.is_empty()
    }

    /// The values of an `in` or an `out`.
    fn paths(&mut self, input: bool) -> Option<()> {
        let mut count = 0;
        while self.spaces() {
            let byte = self.peek()?;
            let name = match byte {
                b'"' => Span::default(),
                _ if byte.is_ascii_alphabetic() => {
                    let name = self.word();
                    self.expect(b"=")?;
                    name
                }
                _ => break,
            };
            let text = self.path()?;
            let values = if input {
                &mut *self.inputs
            } else {
                &mut *self.outputs
            };
            let (name_text, path) = (name.of(self.text), text.of(self.text));
            let keyword = matches!(name_text, "true" | "false" | "null" | "inf" | "nan");
            let plain = path.strip_suffix('/').unwrap_or(path);
            let repeated = |other: &SimpleValue| {
                let other_path = other.text.of(self.text);
                let same_name = name.len > 0 && other.name.of(self.text) == name_text;
                same_name || other_path.strip_suffix('/').unwrap_or(other_path) == plain
            };
            if keyword || values.0.iter().any(repeated) {
                return None;
            }
            values.push(SimpleValue { name, text })?;
            count += 1;
        }
        (count > 0).then_some(())
    }

    /// A path in quotes that needs no normalising but for a `/` at its end.
    fn path(&mut self) -> Option<Span> {
        self.expect(b"\"")?;
        let start = self.at;
        let mut before = b'/';
        while let Some(&byte) = self.bytes.get(self.at) {
            if !is(byte, PATH) || (before == b'/' && matches!(byte, b'/' | b'.')) {
                break;
            }
            before = byte;
            self.at += 1;
        }
        let span = self.since(start);
        self.expect(b"\"")?;
        (span.len > 0).then_some(span)
    }

    /// A text in quotes, of one line and without escapes.
    fn quoted(&mut self) -> Option<Span> {
        self.expect(b"\"")?;
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'"' || byte == b'\\' || !is(byte, TEXT) {
                break;
            }
            self.at += 1;
        }
        let span = self.since(start);
        self.expect(b"\"")?;
        // Three quotes start a text of several lines.
        (span.len > 0 || self.bytes.get(self.at) != Some(&b'"')).then_some(span)
    }

    /// A raw text of one line, as in `#"…"#`.
    fn raw(&mut self) -> Option<Span> {
        self.expect(b"#\"")?;
        if self.bytes[self.at..].starts_with(b"\"\"") {
            return None;
        }
        let start = self.at;
        while !self.bytes[self.at..].starts_with(b"\"#") {
            if !is(self.peek()?, TEXT) {
                return None;
            }
            self.at += 1;
        }
        let span = self.since(start);
        self.at += 2;
        Some(span)
    }

    /// Whether every placeholder of the command names something that the node has, and can be filled in where it stands.
    fn command_is_known(&mut self) -> Option<()> {
        if self.node.script.len == 0 {
            let arguments = self.arguments.0.iter();
            let mut texts = arguments.map(|argument| argument.text.of(self.text));
            let program = texts.clone().next().is_some();
            return (program && texts.all(|text| self.argument_is_known(text))).then_some(());
        }
        let text = self.node.script.of(self.text);
        self.describe(text);
        if self.next == self.sound {
            return Some(());
        }
        self.script_is_known(text)?;
        std::mem::swap(self.next, self.sound);
        Some(())
    }

    /// All that decides whether a script's placeholders are right; nodes that a program wrote are often alike in it.
    fn describe(&mut self, script: &str) {
        self.next.clear();
        self.next.extend_from_slice(script.as_bytes());
        for values in [&*self.inputs, &*self.outputs] {
            self.next.push(b'\n');
            for value in &values.0 {
                self.next.push(0);
                self.next
                    .extend_from_slice(value.name.of(self.text).as_bytes());
            }
        }
    }

    fn script_is_known(&self, text: &str) -> Option<()> {
        let found = self.placeholders(text)?;
        if found.is_empty() || text.bytes().all(|byte| is(byte, BARE)) {
            return Some(());
        }
        let written = Written {
            text,
            span: self.node.script,
        };
        let (template, faults) = Template::parse(text, written, Style::Shell);
        // A list of several cannot stand inside quotes.
        let fits = |placeholder: &Placeholder| {
            let whole = placeholder.member.is_none();
            placeholder.quoting == Quoting::Bare
                || !whole
                || self.is_single(placeholder.namespace.as_str())
        };
        (faults.is_empty() && template.placeholders().all(fits)).then_some(())
    }

    /// The same for an argument of an `exec`: a list of several values is an argument of its own.
    fn argument_is_known(&self, text: &str) -> bool {
        let single = |place: &Range<usize>| {
            place.len() == text.len() || self.is_single(inner(&text[place.clone()]).0)
        };
        self.placeholders(text)
            .is_some_and(|found| found.iter().all(single))
    }

    /// Whether `{in}` or `{out}`, where it is one of them, stands for one value.
    fn is_single(&self, name: &str) -> bool {
        let values = match name {
            "in" => &self.inputs.0,
            "out" => &self.outputs.0,
            _ => return true,
        };
        values.iter().filter(|value| value.name.len == 0).count() == 1
    }

    /// The placeholders of a text; `None` when one of them is unknown.
    fn placeholders(&self, text: &str) -> Option<Vec<Range<usize>>> {
        if memchr::memchr(b'{', text.as_bytes()).is_none() {
            return Some(Vec::new());
        }
        let found = find_placeholders(text);
        let known = |place: &Range<usize>| match inner(&text[place.clone()]).0.split_once('.') {
            None => match &text[place.clone()] {
                "{node}" | "{node:raw}" => true,
                "{in}" | "{in:raw}" => self.inputs.has(self.text, None),
                "{out}" | "{out:raw}" => self.outputs.has(self.text, None),
                _ => false,
            },
            Some(("in", member)) => self.inputs.has(self.text, Some(member)),
            Some(("out", member)) => self.outputs.has(self.text, Some(member)),
            Some(_) => false,
        };
        found.iter().all(known).then_some(found)
    }

    /// Space, line breaks, semicolons and comments.
    fn blank(&mut self) -> Option<()> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b';' => self.at += 1,
                b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => self.at += 2,
                b'/' => self.comment()?,
                _ => return Some(()),
            }
        }
    }

    /// A `//` comment to the end of its line.
    fn comment(&mut self) -> Option<()> {
        self.expect(b"//")?;
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'\n' || self.bytes[self.at..].starts_with(b"\r\n") {
                break;
            }
            if !is(byte, TEXT) {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }

    fn word(&mut self) -> Span {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|&byte| is(byte, WORD)) {
            self.at += 1;
        }
        self.since(start)
    }

    fn one_space(&mut self) -> Option<()> {
        self.spaces().then_some(())
    }

    /// Whether there were any.
    fn spaces(&mut self) -> bool {
        let start = self.at;
        while let Some(b' ' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.at > start
    }

    fn expect(&mut self, bytes: &[u8]) -> Option<()> {
        let there = self.bytes[self.at..].starts_with(bytes);
        self.at += bytes.len();
        there.then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn since(&self, start: usize) -> Span {
        Span {
            start: start as u32,
            len: (self.at - start) as u32,
        }
    }
}
