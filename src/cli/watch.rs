//! `pipe watch`.

use super::arguments::{OnChange as Asked, Watch};
use super::events::EventFile;
use super::keys::Keys;
use super::{Caller, build, exit, failure, log, output};
use crate::engine::session::SessionError;
use crate::engine::watch::{self, Ended, OnChange, WatchEvent, WatchOrder};
use crate::logic::event::{BuildEvent, Outcome};
use crate::logic::trigger::News;
use crate::report::plain::PlainOptions;
use crate::report::watch::{Told, told};
use anstyle::{AnsiColor, Style};
use std::time::{SystemTime, UNIX_EPOCH};

/// Clears a terminal's screen and what was scrolled off it.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

pub(super) fn run(caller: &Caller, asked: &Watch) -> Result<u8, SessionError> {
    let mut events = EventFile::open_for_many(caller, asked.events.as_deref())?;
    let order = order(caller, asked, &events)?;
    let options = build::options(caller, &asked.building);
    let place = caller.place()?;
    build::tell_of_caches(caller, asked.building.quiet);
    let keys = caller.screen.can_ask().then(Keys::open).flatten();
    let mut talk = Talk {
        caller,
        options,
        clear: asked.clear && caller.screen.is_terminal(),
        screen: None,
        only_if_busy: false,
        busy: false,
        failed: None,
        well_since: None,
        keys: keys.is_some(),
    };
    let ended = watch::watch(
        &place,
        &caller.given(),
        &order,
        |bell| {
            if let Some(keys) = &keys {
                keys.ring(bell);
            }
        },
        &mut |event| talk.hear(event, &mut events),
    );
    drop(talk);
    if let Err(error) = &ended {
        events.refuse(error, caller);
    }
    events.finish();
    Ok(match ended? {
        Ended::Quit => exit::DONE,
        Ended::Interrupted => exit::INTERRUPTED,
    })
}

fn order(caller: &Caller, asked: &Watch, events: &EventFile) -> Result<WatchOrder, SessionError> {
    Ok(WatchOrder {
        build: build::order(caller, &asked.building, events)?,
        on_change: match asked.on_change {
            Asked::Touched => OnChange::Touched,
            Asked::Finish => OnChange::Finish,
            Asked::Restart => OnChange::Restart,
        },
        poll: asked.poll,
        exec: asked.exec.clone(),
    })
}

/// Tells people; and programs, beside.
struct Talk<'a> {
    caller: &'a Caller,
    options: PlainOptions,
    clear: bool,
    /// Of the present build.
    screen: Option<Box<dyn FnMut(BuildEvent)>>,
    /// Nothing is said of a build that finds nothing to do.
    only_if_busy: bool,
    busy: bool,
    /// The node that failed last.
    failed: Option<String>,
    /// In milliseconds since 1970 UTC.
    well_since: Option<u64>,
    keys: bool,
}

impl Talk<'_> {
    fn hear(&mut self, event: WatchEvent, events: &mut EventFile) {
        match event {
            WatchEvent::Begins { asked } => {
                if self.clear && asked {
                    output::talk(CLEAR);
                }
                (self.only_if_busy, self.busy) = (!asked, false);
                self.screen = Some(build::teller(self.caller, self.options));
            }
            WatchEvent::Build(_, event) => {
                let at = events.age();
                if let Some(trouble) = events.tell(at, &event) {
                    self.tell(trouble);
                }
                self.tell(event);
            }
            WatchEvent::Ends => self.screen = None,
            WatchEvent::Refused(error) => {
                self.screen = None;
                self.well_since = None;
                events.refuse(&error, self.caller);
                failure::show(&error, self.caller);
            }
            WatchEvent::News(news) => {
                events.news(&news);
                self.news(&news);
            }
            WatchEvent::WantsLog => self.log(),
            WatchEvent::ExecFailed(text) => self.line(&Told {
                word: "warning",
                text,
            }),
        }
    }

    fn tell(&mut self, event: BuildEvent) {
        match &event {
            BuildEvent::Started { .. } => self.busy = true,
            BuildEvent::NodeFinished {
                node,
                outcome: Outcome::Failed(_),
            } => self.failed = Some(node.clone()),
            BuildEvent::Finished(_) if self.only_if_busy && !self.busy => return,
            _ => {}
        }
        if let Some(screen) = &mut self.screen {
            screen(event);
        }
    }

    fn news(&mut self, news: &News) {
        match news {
            News::Waiting { well: true, .. } => {
                self.well_since.get_or_insert_with(now_ms);
                self.failed = None;
            }
            News::Waiting { .. } | News::Changed { .. } => self.well_since = None,
            _ => {}
        }
        let since = self.well_since.map(output::moment).unwrap_or_default();
        let since = since.split(' ').next_back().unwrap_or_default();
        let mut told = told(news, since);
        if self.keys && matches!(news, News::Waiting { .. }) {
            told.text
                .push_str("; keys: r build, f force, l log, q quit");
        }
        // While the live part stands on the screen, only it may write.
        if self.screen.is_none() || !self.caller.screen.is_live() {
            self.line(&told);
        }
    }

    fn line(&self, told: &Told) {
        let is_warning = told.word == "warning";
        if self.options.quiet && !is_warning {
            return;
        }
        let style = match (self.options.colour, is_warning) {
            (false, _) => Style::new(),
            (true, true) => AnsiColor::Yellow.on_default().bold(),
            (true, false) => Style::new().bold(),
        };
        output::talk(&format!("{style}{}:{style:#} {}\n", told.word, told.text));
    }

    fn log(&self) {
        let text = match &self.failed {
            None => "nothing has failed".to_owned(),
            Some(node) => match log::of(self.caller, node) {
                Ok(Some(log)) => return output::talk(&String::from_utf8_lossy(&log)),
                Ok(None) => format!("no log of `{node}` is kept here"),
                Err(error) => return failure::show(&error, self.caller),
            },
        };
        self.line(&Told { word: "note", text });
    }
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
