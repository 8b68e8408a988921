//! `pipe report [BUILD]`.

use super::arguments::{Report, ReportFormat};
use super::{Caller, exit, output};
use crate::engine::history::History;
use crate::engine::session::SessionError;
use crate::engine::stream;
use crate::report::build::{self, Telling};

pub(super) fn run(caller: &Caller, asked: &Report) -> Result<u8, SessionError> {
    let place = caller.place()?;
    let past = History::open(&place);
    let builds = past.builds();
    let record = match asked.build {
        Some(number) => builds.iter().find(|record| record.build == number),
        None => builds.last(),
    };
    let Some(record) = record else {
        match asked.build {
            Some(number) => output::refuse(
                &format!("build {number} is not remembered here"),
                "`pipe history` lists those that are",
            ),
            None => output::refuse("no build is remembered here", "`pipe build` makes one"),
        }
        return Ok(exit::USAGE);
    };
    let told = past.story(record.build);
    let lacking = match (&told, &record.end) {
        (Some(_), _) => "",
        (None, None) => {
            "This build was killed, or still runs: only the commands that had ended are known, and not what needs what."
        }
        (None, Some(_)) => {
            "The story of this build is not kept any more: only what the history holds is known, and not what needs what."
        }
    };
    let story = told.unwrap_or_else(|| past.pieced_together(record));
    let title = place.root.file_name().map(|name| name.to_string_lossy());
    let title = title.as_deref().unwrap_or("pipe");
    let text = match asked.format {
        ReportFormat::Trace => build::trace(&story, title),
        ReportFormat::Html => build::page(&Telling {
            story: &story,
            title,
            when: &output::moment(story.started_ms),
            lacking,
            runs: &|node| past.runs(node),
            log: &|node, most| past.log_end(story.build, node, most),
        }),
    };
    match &asked.output {
        Some(file) => stream::save(&caller.folder().join(file), &text)?,
        None => output::data(text.as_bytes()),
    }
    Ok(exit::DONE)
}
