//! What is wrong with a command line, in the words of the other messages.
//!
//! Does not parse: clap does, and says itself what is rare.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use std::error::Error as _;
use std::num::ParseIntError;

/// What is wrong and what to do; `None` where clap's own words stand.
pub(super) fn words(error: &Error) -> Option<(String, String)> {
    let option = || {
        texts(error, ContextKind::InvalidArg)
            .first()
            .map(|name| bare(name))
    };
    let value = texts(error, ContextKind::InvalidValue).concat();
    let near = |kind| {
        let near = texts(error, kind).into_iter().next()?;
        Some(format!("did you mean `{near}`?"))
    };
    Some(match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = texts(error, ContextKind::InvalidSubcommand).concat();
            let help = near(ContextKind::SuggestedSubcommand);
            (
                format!("there is no command `{name}`"),
                help.unwrap_or_else(|| "`pipe --help` lists them".to_owned()),
            )
        }
        ErrorKind::UnknownArgument => {
            let name = option()?;
            let help = near(ContextKind::SuggestedArg);
            let message = match name.starts_with('-') {
                true => format!("there is no option `{name}` here"),
                false => format!("`{name}` is one argument too many"),
            };
            (message, help.unwrap_or_else(|| usage(error)))
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (format!("`{}` needs a value", option()?), choice(error))
        }
        ErrorKind::InvalidValue => {
            let help = near(ContextKind::SuggestedValue);
            let message = format!("`{}` cannot be `{value}`", option()?);
            (message, help.unwrap_or_else(|| choice(error)))
        }
        ErrorKind::ValueValidation => {
            let message = format!("`{}` cannot be `{value}`", option()?);
            let source = error.source()?;
            let help = match source.is::<ParseIntError>() {
                true => "it takes a whole number".to_owned(),
                false => source.to_string(),
            };
            (message, help)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = texts(error, ContextKind::InvalidArg);
            let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
            let verb = if missing.len() == 1 { "is" } else { "are" };
            (
                format!("{} {verb} missing", missing.join(" and ")),
                usage(error),
            )
        }
        ErrorKind::ArgumentConflict => {
            let name = option()?;
            let prior = texts(error, ContextKind::PriorArg);
            let prior = bare(prior.first()?);
            match prior == name {
                true => (format!("`{name}` is given twice"), "keep one".to_owned()),
                false => (
                    format!("`{name}` and `{prior}` cannot stand together"),
                    "leave one of them out".to_owned(),
                ),
            }
        }
        _ => return None,
    })
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// `--jobs` of `--jobs <N>`.
fn bare(name: &str) -> String {
    let end = name.find([' ', '=']).filter(|_| name.starts_with('-'));
    name[..end.unwrap_or(name.len())].to_owned()
}

fn choice(error: &Error) -> String {
    match &texts(error, ContextKind::ValidValue)[..] {
        [] => usage(error),
        known => format!("one of: {}", known.join(", ")),
    }
}

/// How the command is written.
fn usage(error: &Error) -> String {
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(text)) => {
            let text = text.to_string();
            let text = text.trim().trim_start_matches("Usage: ");
            format!("it is written `{text}`")
        }
        _ => "`--help` shows how it is written".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Arguments;
    use super::words;
    use clap::Parser;

    #[test]
    fn the_usual_mistakes_are_told_with_what_to_do() {
        for (line, message, help) in [
            (
                "buidl",
                "there is no command `buidl`",
                "did you mean `build`?",
            ),
            (
                "xyz",
                "there is no command `xyz`",
                "`pipe --help` lists them",
            ),
            (
                "build --outputt x",
                "there is no option `--outputt` here",
                "did you mean `--output`?",
            ),
            (
                "init x",
                "`x` is one argument too many",
                "it is written `pipe init",
            ),
            (
                "build -j 0",
                "`--jobs` cannot be `0`",
                "it takes a number from 1 to 4096",
            ),
            (
                "build -j x",
                "`--jobs` cannot be `x`",
                "it takes a number from 1 to 4096",
            ),
            (
                "report x",
                "`[BUILD]` cannot be `x`",
                "it takes a whole number",
            ),
            (
                "graph --format pdf",
                "`--format` cannot be `pdf`",
                "one of: tree, dot, mermaid, json, svg, html",
            ),
            (
                "--set x build",
                "`--set` cannot be `x`",
                "a parameter is set as in `--set train.depth=8`",
            ),
            ("why", "`<NODE>` is missing", "it is written `pipe why"),
            (
                "log --run",
                "`--run` needs a value",
                "`--help` shows how it is written",
            ),
            (
                "build -q -v",
                "`--quiet` and `--verbose` cannot stand together",
                "leave one of them out",
            ),
            ("build -j 1 -j 2", "`--jobs` is given twice", "keep one"),
        ] {
            let words_of = |line: &str| {
                let arguments = std::iter::once("pipe").chain(line.split(' '));
                let error = Arguments::try_parse_from(arguments).expect_err(line);
                words(&error).unwrap_or_else(|| panic!("{line}: {error}"))
            };
            let (said, hint) = words_of(line);
            assert_eq!(said, message, "{line}");
            assert!(hint.starts_with(help), "{line}: {hint}");
        }
    }
}
