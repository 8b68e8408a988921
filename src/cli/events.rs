//! `pipe build --events FILE`: the events as lines for another program, beside what people see.
//!
//! Does not know what a line says; `report/json` does.

use super::{Caller, failure};
use crate::engine::project::OpenError;
use crate::engine::session::SessionError;
use crate::engine::stream::{self, Stream};
use crate::logic::event::{BuildEvent, Notice};
use crate::logic::manifest::Problem;
use crate::report::json::EventLines;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where the lines go; nowhere when nobody asked for them.
pub(super) struct EventFile {
    stream: Option<Stream>,
    lines: EventLines,
    begun: Instant,
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
        };
        if let Some(stream) = &events.stream {
            stream.send(EventLines::opening(env!("CARGO_PKG_VERSION")).into_bytes());
        }
        Ok(events)
    }

    /// Whether there is somebody to write for.
    pub(super) fn is_wanted(&self) -> bool {
        self.stream.is_some()
    }

    /// Writes what happened; gives back what people have to be told of the writing.
    pub(super) fn tell(&mut self, at: Duration, event: &BuildEvent) -> Option<BuildEvent> {
        let stream = self.stream.as_mut()?;
        stream.send(self.lines.tell(at, event).into_bytes());
        if matches!(event, BuildEvent::Finished(_)) {
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
        stream.finish();
        self.fault()
    }

    fn fault(&self) -> Option<BuildEvent> {
        let fault = self.stream.as_ref()?.fault()?;
        Some(BuildEvent::Notice(Notice::Trouble(fault)))
    }
}
