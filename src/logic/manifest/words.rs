//! How each thing that KDL cannot read is said: in the words of people who know other formats.
//!
//! Does not find the faults; the lexer and the guard do.

use super::syntax::FaultKind;

/// A fault in words.
pub(super) struct Words {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
}

fn say(
    code: &'static str,
    message: impl Into<String>,
    label: &'static str,
    help: impl Into<String>,
) -> Words {
    Words {
        code,
        message: message.into(),
        label,
        help: help.into(),
    }
}

/// The words for a fault; `text` is what stands at its place.
pub(super) fn words(kind: FaultKind, text: &str) -> Words {
    match kind {
        FaultKind::UnclosedString
        | FaultKind::StringOverLines
        | FaultKind::UnclosedMultiLine
        | FaultKind::MultiLineOpening
        | FaultKind::MultiLineClosing
        | FaultKind::MultiLineIndent
        | FaultKind::BadEscape(_)
        | FaultKind::Forbidden(_) => string_words(kind),
        FaultKind::BareKeyword
        | FaultKind::Comma
        | FaultKind::OldRawString
        | FaultKind::LeadingDigits
        | FaultKind::LeadingPoint
        | FaultKind::NumberTooLarge
        | FaultKind::UnquotedPath
        | FaultKind::UnquotedBackslash
        | FaultKind::Glued
        | FaultKind::UnquotedCommand
        | FaultKind::Hash => value_words(kind, text),
        _ => structure_words(kind, text),
    }
}

fn string_words(kind: FaultKind) -> Words {
    match kind {
        FaultKind::UnclosedString => say(
            "unclosed-string",
            "this string has no closing quote",
            "starts here",
            "close it on the same line; a text of several lines stands between `\"\"\"` and `\"\"\"`",
        ),
        FaultKind::StringOverLines => say(
            "unclosed-string",
            "a string in plain quotes ends on the line where it starts",
            "goes on in the next line",
            "for several lines write `\"\"\"`, then the text on lines of its own, then `\"\"\"` on a line of its own",
        ),
        FaultKind::UnclosedMultiLine => say(
            "unclosed-string",
            "this text has no closing `\"\"\"`",
            "starts here",
            "close it with the same quotes, and the same number of `#`, on a line of their own",
        ),
        FaultKind::MultiLineOpening => say(
            "multi-line-string",
            "text behind `\"\"\"` starts on the next line",
            "nothing may follow on this line",
            "for a text of one line use plain quotes: \"…\", or #\"…\"# when it holds quotes or backslashes",
        ),
        FaultKind::MultiLineClosing => say(
            "multi-line-string",
            "the closing `\"\"\"` stands on a line of its own",
            "put this on the next line",
            "what stands before it on that line is taken away from the start of every line",
        ),
        FaultKind::MultiLineIndent => say(
            "multi-line-string",
            "this line is indented less than the closing `\"\"\"`, or with other spaces",
            "starts too early",
            "start every line with exactly the spaces or tabs that stand before the closing quotes",
        ),
        FaultKind::BadEscape(bad) => say(
            "bad-escape",
            format!("`\\{bad}` means nothing in a quoted string"),
            "not an escape",
            format!(
                "write `\\\\{bad}`, or put the text between #\" and \"#, where a backslash is just a backslash"
            ),
        ),
        FaultKind::Forbidden(bad) => say(
            "forbidden-character",
            format!(
                "the invisible character U+{:04X} may not stand in a manifest",
                u32::from(bad)
            ),
            "here",
            format!(
                "remove it; inside quotes it can be written `\\u{{{:x}}}`",
                u32::from(bad)
            ),
        ),
        _ => other_words(),
    }
}

fn value_words(kind: FaultKind, text: &str) -> Words {
    let clean = text.trim_matches(['"', '\'']);
    match kind {
        FaultKind::BareKeyword => bare_keyword(text),
        FaultKind::Comma => say(
            "comma",
            "values are set apart by spaces, not by commas",
            "a comma here",
            "remove the comma: `in \"a.csv\" \"b.csv\"`",
        ),
        FaultKind::OldRawString => say(
            "kdl-1",
            "a raw string has no `r` in front",
            "this is KDL 1",
            "write #\"…\"#",
        ),
        FaultKind::LeadingDigits => say(
            "bare-text",
            format!("`{text}` starts like a number but is none"),
            "neither a number nor a name",
            format!("if it is a text, put it in quotes: \"{clean}\""),
        ),
        FaultKind::LeadingPoint => say(
            "bare-text",
            format!("`{text}` starts with a point"),
            "neither a number nor a name",
            format!(
                "a number starts with a digit: `0{text}`; a text stands in quotes: \"{clean}\""
            ),
        ),
        FaultKind::NumberTooLarge => say("number", "this number is too large", "too large", ""),
        FaultKind::UnquotedPath => say(
            "bare-text",
            "a text with a `/` stands in quotes",
            "not in quotes",
            format!("write \"{clean}\""),
        ),
        FaultKind::UnquotedBackslash => say(
            "bare-text",
            "a text with a `\\` stands in quotes",
            "not in quotes",
            format!(
                "write \"{}\"; paths have `/` between their parts on every system",
                clean.replace('\\', "/")
            ),
        ),
        FaultKind::Glued => say(
            "bare-text",
            "two values touch each other",
            "no space between them",
            "put a space between two values, or quotes around all of it if it is one",
        ),
        FaultKind::UnquotedCommand if text.starts_with('"') => say(
            "unquoted-command",
            "a `\"` inside the command ends it too early",
            "goes on behind its closing quote",
            "write `run #\"…\"#`, in which quotes are letters",
        ),
        FaultKind::UnquotedCommand => say(
            "unquoted-command",
            "a command stands in quotes, all of it",
            "not in quotes",
            format!(
                "write `run \"{}\"`, or #\"…\"# around it when it holds quotes itself",
                in_quotes(text)
            ),
        ),
        FaultKind::Hash if text.len() > 1 && !text.starts_with("##") => say(
            "hash",
            format!("`{text}` means nothing here"),
            "unknown",
            "a comment starts with `//`; a text with a `#` stands in quotes",
        ),
        FaultKind::Hash => say(
            "hash",
            "a comment starts with `//`, not with `#`",
            "not a comment",
            "",
        ),
        _ => other_words(),
    }
}

fn structure_words(kind: FaultKind, text: &str) -> Words {
    match kind {
        FaultKind::UnclosedComment => say(
            "unclosed-comment",
            "this comment has no end",
            "starts here",
            "close it with `*/`",
        ),
        FaultKind::EqualsAfterName => say(
            "equals",
            "no `=` between a word and its value",
            "remove this",
            "a space is enough: `jobs 4`; `=` stands only inside, as in `in script=\"a.py\"`",
        ),
        FaultKind::StrayEquals => say(
            "equals",
            "nothing that has a name stands before this `=`",
            "a name is missing",
            "write `name=\"value\"`",
        ),
        FaultKind::MissingValue => say(
            "equals",
            "nothing stands behind this `=`",
            "a value is missing",
            "",
        ),
        FaultKind::Brackets => say(
            "brackets",
            "a list has no brackets",
            "remove the brackets",
            "write the values one after the other: `in \"a.csv\" \"b.csv\"`",
        ),
        FaultKind::Section => say(
            "brackets",
            "a section is not written in brackets",
            "this is TOML or INI",
            "write `node \"name\" { … }` with everything about the node between the braces",
        ),
        FaultKind::Parentheses => say(
            "parentheses",
            "parentheses hold one word that says what a value is, as in `in (node)\"train\"`",
            "not such a word",
            "put texts and commands with parentheses in quotes",
        ),
        FaultKind::BadName => say(
            "no-word",
            format!("a line starts with a word; `{text}` is none"),
            "a word such as `node` or `run` belongs here",
            "a node is written `node \"name\" { … }`, with `in`, `out` and `run` on lines between the braces",
        ),
        FaultKind::BlockWithoutName => say(
            "block",
            "this `{` belongs to nothing",
            "nothing before it on its line",
            "put the `{` at the end of the line that it belongs to: `node \"name\" {`",
        ),
        FaultKind::AfterBlock => say(
            "block",
            "after a `}` a new line begins",
            "belongs on a line of its own",
            "if the braces are part of a text, put the whole text in quotes",
        ),
        FaultKind::StrayClose => say(
            "block",
            "this `}` closes nothing",
            "one too many",
            "remove it",
        ),
        FaultKind::UnclosedBlock => say(
            "block",
            "this `{` is never closed",
            "opened here",
            "add a `}`",
        ),
        FaultKind::TooDeep => say(
            "too-deep",
            format!(
                "braces inside braces, more than {} deep",
                super::guard::MAX_DEPTH
            ),
            "too deep",
            "a manifest needs two levels",
        ),
        FaultKind::StraySemicolon => say("semicolon", "this `;` ends nothing", "remove it", ""),
        FaultKind::NothingToComment => say(
            "slashdash",
            "nothing follows that this `/-` could switch off",
            "remove it",
            "",
        ),
        FaultKind::OldVersion => say(
            "kdl-1",
            "this manifest says that it is KDL 1",
            "version 1",
            "manifests are KDL 2: change texts such as r\"…\" to #\"…\"# and `true` to `#true`, then this line to \
             `/- kdl-version 2`, or remove it",
        ),
        FaultKind::UnknownVersion => say(
            "kdl-version",
            "manifests are KDL 2",
            "another version",
            "write `/- kdl-version 2` or remove the line",
        ),
        _ => other_words(),
    }
}

fn bare_keyword(text: &str) -> Words {
    let (name, value) = text.split_once('=').unwrap_or(("", text));
    let help = match name {
        "" => "a word such as `always` takes no yes or no: it is on where it stands; a text stands in quotes".to_owned(),
        name => format!("write {name}=\"{value}\""),
    };
    say(
        "bare-keyword",
        format!("`{value}` stands without quotes"),
        "not a text",
        help,
    )
}

/// A command as it can stand between double quotes.
pub(super) fn in_quotes(command: &str) -> String {
    let command = command.trim_end();
    let inner = command
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    inner.unwrap_or(command).replace('"', "'")
}

fn other_words() -> Words {
    say(
        "syntax",
        "this cannot be read",
        "unclear",
        "a line is a word and its values, set apart by spaces; texts stand in quotes: `out \"build/a.csv\"`",
    )
}
