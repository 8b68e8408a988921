//! The lines of a watch, between its builds.
//!
//! Does not know the lines of a build.

use super::lines::Line;
use super::{EventLines, written};
use crate::logic::trigger::News;
use crate::report::watch::told;
use std::time::Duration;

impl EventLines {
    /// The line of what a watch tells.
    pub fn news(at: Duration, news: &News) -> String {
        let shown;
        let line = match news {
            News::Changed { paths } => {
                shown = paths.iter().map(ToString::to_string).collect::<Vec<_>>();
                Line::Changed {
                    paths: shown.iter().map(String::as_str).collect(),
                    during: false,
                }
            }
            News::Waiting {
                sources,
                folders,
                well,
            } => Line::Watching {
                sources: *sources,
                folders: *folders,
                well: *well,
            },
            News::Asked { .. } => notice(news, "asked"),
            News::LooksAtAll { .. } => notice(news, "looks-at-all"),
            News::Polls(_) => notice(news, "polls"),
            News::Circle { .. } => notice(news, "circle"),
        };
        written(at, line)
    }
}

fn notice(news: &News, kind: &'static str) -> Line<'static> {
    let told = told(news, "");
    Line::Notice {
        level: told.word,
        kind,
        node: None,
        text: told.text,
    }
}
