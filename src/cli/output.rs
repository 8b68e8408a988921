//! The terminal: which stream, how wide, with colour or without. Prints what `report` has put into words.
//!
//! Data goes to standard output, talk to standard error.

use super::arguments::Color;
use crate::report::problems::ProblemStyle;
use std::io::{IsTerminal, Write};

/// What the caller's screen can show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    /// Colour on standard output.
    pub(super) colour_out: bool,
    /// Colour on standard error.
    pub(super) colour_err: bool,
}

impl Screen {
    pub(super) fn new(color: Color) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let wanted = |is_terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !set("NO_COLOR") && !dumb,
        };
        Screen {
            colour_out: wanted(std::io::stdout().is_terminal()),
            colour_err: wanted(std::io::stderr().is_terminal()),
        }
    }

    /// How problems are drawn: without box characters where they may not be shown.
    pub(super) fn problem_style(&self) -> ProblemStyle {
        let utf8 = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(std::env::var_os)
            .is_some_and(|locale| {
                let locale = locale.to_string_lossy().to_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            });
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok());
        ProblemStyle {
            colour: self.colour_err,
            unicode: utf8 && std::io::stderr().is_terminal(),
            width: columns.unwrap_or(100),
        }
    }

    /// Whether somebody can be asked.
    pub(super) fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

/// Writes data. A reader that went away is no error: `pipe list | head` ends quietly.
pub(super) fn data(bytes: &[u8]) {
    let _ = std::io::stdout().lock().write_all(bytes);
}

/// Writes talk.
pub(super) fn talk(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
