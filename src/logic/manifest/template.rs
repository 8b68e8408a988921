//! Text with `{placeholders}`: finding them, and where in a script they stand.
//!
//! A placeholder is a brace, a lower-case dotted name, optionally `:raw`, and a brace, with no `$`, `{` or `}` touching
//! it from outside, except another placeholder. Everything else stays as written. Does not know which names there are
//! (`placeholders` checks them), nor how values are filled in (`render`).

use super::shell::{ShellPlace, ShellText, Trap};
use super::source::Span;
use std::fmt;
use std::ops::Range;

/// A text with placeholders, read once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// As written, KDL's escapes resolved. This is what enters a key.
    pub text: String,
    /// Literal text and placeholders in turn.
    pub pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Stays as it is.
    Text(String),
    /// `{name.sub}` or `{name.sub:raw}`.
    Placeholder(Placeholder),
}

/// `{in.script:raw}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// `in`, `out`, `node` …: what stands before the first dot.
    pub namespace: String,
    /// What stands after it: `script`, `0`.
    pub member: Option<String>,
    /// Whether `:raw` asks for the value unquoted.
    pub raw: bool,
    /// In a shell script: what the placeholder stands inside of.
    pub quoting: Quoting,
    /// Of the placeholder with its braces in the manifest's text; the whole string's where that cannot be told.
    pub span: Span,
}

/// What a placeholder in a shell script stands inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quoting {
    /// Outside quotes: each value is quoted, a list is joined by spaces.
    #[default]
    Bare,
    /// Inside `'…'`.
    Single,
    /// Inside `"…"`.
    Double,
}

/// A string as it stands in the manifest, with its quotes, so that places inside it can be pointed at.
#[derive(Debug, Clone, Copy)]
pub struct Written<'t> {
    /// The string's text in the file.
    pub text: &'t str,
    /// Where that is.
    pub span: Span,
}

/// Why a template cannot be filled in as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// Of the placeholder.
    pub span: Span,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// How values are written into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For a POSIX shell: quoted for the place where they stand.
    Shell,
    /// As they are, a list joined by spaces: paths, folders, environment values.
    Plain,
}

impl Template {
    /// Finds the placeholders of `text`. With [`Style::Shell`] it also follows the script's quoting and says where a value
    /// cannot be quoted. Whether the names are known is not looked at.
    pub fn parse(text: &str, written: Written<'_>, style: Style) -> (Template, Vec<TemplateFault>) {
        let mut template = Template {
            text: text.to_owned(),
            pieces: Vec::new(),
        };
        let mut faults = Vec::new();
        let (mut shell, mut done) = (ShellText::default(), 0);
        for found in find_placeholders(text) {
            let literal = &text[done..found.start];
            if !literal.is_empty() {
                template.pieces.push(Piece::Text(literal.to_owned()));
            }
            let span = place_in(written, text, &found);
            let mut quoting = Quoting::Bare;
            let (name, raw) = inner(&text[found.clone()]);
            if style == Style::Shell {
                shell.advance(literal);
                match shell.place() {
                    ShellPlace::Safe(place) => quoting = place,
                    ShellPlace::Unsafe(trap) if !raw => {
                        faults.push(trap_fault(trap, &text[found.clone()], span));
                    }
                    ShellPlace::Unsafe(_) => {}
                }
                shell.advance_value();
            }
            let (namespace, member) = match name.split_once('.') {
                Some((namespace, member)) => (namespace, Some(member.to_owned())),
                None => (name, None),
            };
            let namespace = namespace.to_owned();
            template.pieces.push(Piece::Placeholder(Placeholder {
                namespace,
                member,
                raw,
                quoting,
                span,
            }));
            done = found.end;
        }
        if done < text.len() {
            template.pieces.push(Piece::Text(text[done..].to_owned()));
        }
        (template, faults)
    }

    /// [`Template::parse`] of a text that is known to be sound.
    pub fn read(text: &str, span: Span, style: Style) -> Template {
        Template::parse(text, Written { text, span }, style).0
    }

    /// A text in which nothing is special.
    pub fn literal(text: &str) -> Template {
        let pieces = if text.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Text(text.to_owned())]
        };
        Template {
            text: text.to_owned(),
            pieces,
        }
    }

    /// The placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(placeholder),
            Piece::Text(_) => None,
        })
    }

    /// The text, if it holds no placeholder.
    pub fn as_literal(&self) -> Option<&str> {
        self.placeholders()
            .next()
            .is_none()
            .then_some(self.text.as_str())
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{{{}", self.namespace)?;
        if let Some(member) = &self.member {
            write!(f, ".{member}")?;
        }
        f.write_str(if self.raw { ":raw}`" } else { "}`" })
    }
}

/// The byte ranges of all placeholders.
pub(super) fn find_placeholders(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|len| at + len) {
        let mut chain = Vec::new();
        let mut end = open;
        while let Some(len) = shape_len(&text[end..]) {
            chain.push(end..end + len);
            end += len;
        }
        let before = text[..open].ends_with(['$', '{', '}']);
        let after = text[end..].starts_with(['$', '{', '}']);
        if !before && !after {
            found.append(&mut chain);
        }
        at = end.max(open + 1);
    }
    found
}

/// Length of the placeholder-shaped text that `text` starts with.
fn shape_len(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('{')?;
    let end =
        rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.' | ':'))? + 1;
    if !text[end..].starts_with('}') {
        return None;
    }
    let (name, _) = inner(&text[..=end]);
    let mut parts = name.split('.');
    let first = parts.next()?;
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let any = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let proper = first.starts_with(|c: char| c.is_ascii_lowercase())
        && first.chars().all(lower)
        && parts.all(|part| !part.is_empty() && part.chars().all(any));
    proper.then_some(end + 1)
}

/// What stands between the braces, and whether `:raw` followed.
pub(super) fn inner(placeholder: &str) -> (&str, bool) {
    let name = &placeholder[1..placeholder.len() - 1];
    name.strip_suffix(":raw")
        .map_or((name, false), |name| (name, true))
}

/// Where the placeholder at `found` of the string's value stands in the file. An escape may have shifted it, so it is
/// looked for by its text; if its number of occurrences differs, the whole string is what can be pointed at.
fn place_in(written: Written<'_>, text: &str, found: &Range<usize>) -> Span {
    let needle = &text[found.clone()];
    let before = text[..found.start].matches(needle).count();
    let mut places = written.text.match_indices(needle);
    match places.nth(before) {
        Some((at, _)) if before + 1 + places.count() == text.matches(needle).count() => Span {
            start: written.span.start + at as u32,
            len: needle.len() as u32,
        },
        _ => written.span,
    }
}

fn trap_fault(trap: Trap, placeholder: &str, span: Span) -> TemplateFault {
    let raw = placeholder.replace('}', ":raw}");
    let (place, help) = match trap {
        Trap::Backslash => (
            "just behind a backslash",
            "remove the backslash: values are quoted by themselves".to_owned(),
        ),
        Trap::Backticks => (
            "inside backticks",
            format!("write $(…) in place of `…`, or {raw} for the value as it is"),
        ),
        Trap::DollarQuotes => (
            "inside $'…'",
            format!("use '…' or \"…\", or {raw} for the value as it is"),
        ),
        Trap::HereDocument => (
            "inside a here-document",
            format!("write {raw} for the value as it is, without quotes"),
        ),
    };
    TemplateFault {
        span,
        message: format!("`{placeholder}` cannot be quoted {place}"),
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, style: Style) -> Template {
        let span = Span {
            start: 0,
            len: text.len() as u32,
        };
        Template::parse(text, Written { text, span }, style).0
    }

    fn found(text: &str) -> Vec<&str> {
        find_placeholders(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn only_what_looks_like_one_is_a_placeholder() {
        for text in [
            "${HOME}",
            "awk '{ print $1 }'",
            "{a,b}",
            "{}",
            "{{.Names}}",
            "{{in}}",
            "{\"a\": 1}",
            "{1..3}",
            "{In}",
            "{in.}",
            "{.in}",
            "{in}}",
            "{in}$",
            "{{in}{out}}",
            "{in:quoted}",
            "{ in }",
            "{in",
            "in}",
            "{in}{out}}",
            "${in}{out}",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
        assert_eq!(
            found("a{in}b {out.log:raw} {in.0} {print}"),
            ["{in}", "{out.log:raw}", "{in.0}", "{print}"]
        );
        assert_eq!(found("{in}{out}"), ["{in}", "{out}"]);
        assert_eq!(found("{{in} {in}"), ["{in}"]);
        assert_eq!(found("{in.a.b-c_D}"), ["{in.a.b-c_D}"]);
    }

    #[test]
    fn pieces_put_together_are_the_text() {
        let template = parse("a {in.x} 'b {out:raw}' c", Style::Shell);
        assert_eq!(template.pieces.len(), 5);
        let [first, second] = &template.placeholders().collect::<Vec<_>>()[..] else {
            panic!("two")
        };
        assert_eq!(
            (first.namespace.as_str(), first.member.as_deref(), first.raw),
            ("in", Some("x"), false)
        );
        assert_eq!(
            (first.quoting, first.span),
            (Quoting::Bare, Span { start: 2, len: 6 })
        );
        assert_eq!(
            (second.namespace.as_str(), second.raw, second.quoting),
            ("out", true, Quoting::Single)
        );
        assert_eq!(
            template
                .render(&|_| Some(vec!["v".to_owned()]), Style::Plain)
                .unwrap(),
            "a v 'b v' c"
        );
    }

    #[test]
    fn places_survive_escapes_and_are_whole_where_unclear() {
        let written = Written {
            text: r#""\t{in} \u{e4} {in}""#,
            span: Span {
                start: 100,
                len: 21,
            },
        };
        let (template, _) = Template::parse("\t{in} ä {in}", written, Style::Plain);
        let starts: Vec<u32> = template
            .placeholders()
            .map(|placeholder| placeholder.span.start)
            .collect();
        assert_eq!(starts, [103, 115]);
        let written = Written {
            text: r#""\u{7b}in}""#,
            span: Span { start: 7, len: 11 },
        };
        let (template, _) = Template::parse("{in}", written, Style::Plain);
        assert_eq!(template.placeholders().next().unwrap().span, written.span);
    }
}
