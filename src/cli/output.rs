//! The terminal: which stream, how wide, with colour or without. Prints what `report` has put into words.
//!
//! Data goes to standard output, talk to standard error.

use super::arguments::Color;
use super::ci;
use crate::report::ci::Service;
use crate::report::live::LiveOptions;
use crate::report::problems::ProblemStyle;
use std::io::{IsTerminal, Write};

/// Columns of text where there is no terminal that has a width.
const WIDTH: usize = 100;

/// Lines that are longer than this are hard to read, however wide the terminal.
const WIDEST: usize = 160;

/// What the caller's screen can show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    /// Colour on standard output.
    pub(super) colour_out: bool,
    /// Colour on standard error.
    pub(super) colour_err: bool,
    /// The service whose log is written, if it is one that is known.
    pub(super) service: Option<Service>,
}

impl Screen {
    pub(super) fn new(color: Color) -> Self {
        let wanted = |is_terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !is_set("NO_COLOR") && !dumb(),
        };
        let service = ci::service(&|name| std::env::var_os(name));
        // Their logs show colours, though no terminal is there; a file shows none.
        let in_a_log = || service.is_some() && !is_file(std::io::stderr());
        Screen {
            colour_out: wanted(std::io::stdout().is_terminal()),
            colour_err: wanted(std::io::stderr().is_terminal() || in_a_log()),
            service,
        }
    }

    /// Whether standard error is a screen that lines can be drawn on again, with somebody in front of it.
    pub(super) fn is_live(&self) -> bool {
        let has_size = terminal_size::terminal_size_of(std::io::stderr())
            .is_some_and(|(columns, rows)| columns.0 > 0 && rows.0 > 0);
        let for_a_person = !is_set("CI") && !is_set("NO_GRAPHICS");
        std::io::stderr().is_terminal() && has_size && is_set("TERM") && !dumb() && for_a_person
    }

    /// Whether standard error is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        std::io::stderr().is_terminal() && !dumb()
    }

    /// How the live view is drawn.
    pub(super) fn live_options(&self) -> LiveOptions {
        LiveOptions {
            colour: self.colour_err,
            unicode: self.unicode_err(),
        }
    }

    /// How problems are drawn, on standard error: without box characters where they may not be shown, without any
    /// drawing for those who listen.
    pub(super) fn problem_style(&self) -> ProblemStyle {
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
            .filter(|columns| *columns > 0);
        let terminal = terminal_size::terminal_size_of(std::io::stderr());
        let terminal = terminal.map(|(width, _)| usize::from(width.0));
        ProblemStyle {
            colour: self.colour_err,
            unicode: self.unicode_err(),
            narrated: is_set("NO_GRAPHICS"),
            width: terminal.or(columns).unwrap_or(WIDTH).clamp(40, WIDEST),
        }
    }

    /// Whether standard error can show more than ASCII.
    fn unicode_err(&self) -> bool {
        self.unicode_out() && !dumb() && std::io::stderr().is_terminal()
    }

    /// Whether who reads standard output takes more than ASCII.
    pub(super) fn unicode_out(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .filter_map(std::env::var_os)
            .find(|locale| !locale.is_empty());
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        utf8 && !is_set("NO_UNICODE")
    }

    /// Whether somebody can be asked.
    pub(super) fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks; where there is nobody to ask, says what to do.
    pub(super) fn agreed(&self, question: &str) -> bool {
        if !self.can_ask() {
            refuse(
                "there is no terminal to ask on",
                "`--yes` removes without being asked",
            );
            return false;
        }
        talk(&format!("{question} [y/N] "));
        let mut answer = String::new();
        let _ = std::io::stdin().read_line(&mut answer);
        matches!(answer.trim(), "y" | "Y" | "yes")
    }
}

/// Writes data. A reader that went away is no error: `pipe list | head` ends quietly.
pub(super) fn data(bytes: &[u8]) {
    let _ = std::io::stdout().lock().write_all(bytes);
}

/// Says what is not done, and what to do.
pub(super) fn refuse(message: &str, help: &str) {
    talk(&format!("error: {message}\n  help: {help}\n"));
}

/// Writes talk.
pub(super) fn talk(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// A moment as the caller's clock shows it, given in milliseconds since 1970 UTC.
pub(super) fn moment(ms: u64) -> String {
    let moment = i64::try_from(ms).ok();
    let moment = moment.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(String::new, |moment| {
        let local = moment.to_zoned(jiff::tz::TimeZone::system());
        local.strftime("%Y-%m-%d %H:%M:%S").to_string()
    })
}

/// Whether a variable is there and says something.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is_file(stream: impl std::os::fd::AsFd) -> bool {
    rustix::fs::fstat(stream).is_ok_and(|found| {
        rustix::fs::FileType::from_raw_mode(found.st_mode) == rustix::fs::FileType::RegularFile
    })
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
