//! `pipe build --events FILE`: the events as lines for another program, beside what people see.
//!
//! Does not know what a line says; `report/json` does.

use super::{Caller, failure};
use crate::engine::project::OpenError;
use crate::engine::session::SessionError;
use crate::engine::stream::{self, Stream};
use crate::logic::event::{BuildEvent, Notice};
use crate::logic::manifest::Problem;
use crate::logic::trigger::News;
use crate::report::json::EventLines;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where the lines go; nowhere when nobody asked for them.
pub(super) struct EventFile {
    stream: Option<Stream>,
    lines: EventLines,
    begun: Instant,
    /// More builds follow.
    goes_on: bool,
}

impl EventFile {
    pub(super) fn open(caller: &Caller, asked: Option<&Path>) -> Result<EventFile, SessionError> {
        let stream = match asked {
            None => None,
            Some(path) if path == Path::new("-") => {
                Some(Stream::over("standard output", std::io::stdout()))
            }
            Some(path) => Some(stream::open(&caller.folder().join(path))?),
        };
        let events = EventFile {
            stream,
            lines: EventLines::default(),
            begun: Instant::now(),
            goes_on: false,
        };
        if let Some(stream) = &events.stream {
            stream.send(EventLines::opening(env!("CARGO_PKG_VERSION")).into_bytes());
        }
        Ok(events)
    }

    /// The same for many builds, one after the other. All times count from now.
    pub(super) fn open_for_many(
        caller: &Caller,
        asked: Option<&Path>,
    ) -> Result<EventFile, SessionError> {
        let mut events = EventFile::open(caller, asked)?;
        events.goes_on = true;
        Ok(events)
    }

    /// Writes what a watch tells between its builds.
    pub(super) fn news(&mut self, news: &News) {
        if let Some(stream) = &self.stream {
            let line = EventLines::news(self.begun.elapsed(), news);
            stream.send(line.into_bytes());
        }
    }

    /// How long it has been open.
    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) {
        if let Some(stream) = self.stream.as_mut() {
            stream.finish();
        }
    }

    /// Whether there is somebody to write for.
    pub(super) fn is_wanted(&self) -> bool {
        self.stream.is_some()
    }

    /// Writes what happened; gives back what people have to be told of the writing.
    pub(super) fn tell(&mut self, at: Duration, event: &BuildEvent) -> Option<BuildEvent> {
        let stream = self.stream.as_mut()?;
        stream.send(self.lines.tell(at, event).into_bytes());
        if matches!(event, BuildEvent::Finished(_)) && !self.goes_on {
            stream.finish();
        }
        self.fault()
    }

    /// Writes why nothing was built.
    pub(super) fn refuse(&mut self, error: &SessionError, caller: &Caller) -> Option<BuildEvent> {
        let stream = self.stream.as_mut()?;
        let problems: Vec<Problem> = match error {
            SessionError::Open(OpenError::Problems(problems)) => problems.clone(),
            error => failure::complaints(error, caller),
        };
        let line = self.lines.refused(self.begun.elapsed(), &problems);
        stream.send(line.into_bytes());
        if !self.goes_on {
            stream.finish();
        }
        self.fault()
    }

    fn fault(&self) -> Option<BuildEvent> {
        let fault = self.stream.as_ref()?.fault()?;
        Some(BuildEvent::Notice(Notice::Trouble(fault)))
    }
}
