//! `pipe build`.

use super::arguments::{Build, Building};
use super::events::EventFile;
use super::live::LiveScreen;
use super::{Caller, exit, output};
use crate::engine::session::{self, BuildOrder, Session, SessionError};
use crate::engine::shared::Tracing;
use crate::logic::event::BuildEvent;
use crate::report::plain::{PlainOptions, PlainReport};
use crate::report::status;

pub(super) fn run(caller: &Caller, build: &Build) -> Result<u8, SessionError> {
    if build.dry_run {
        return dry_run(caller, build);
    }
    let mut events = EventFile::open(caller, build.events.as_deref())?;
    let order = BuildOrder {
        force: build.force,
        tracing: if build.trace {
            Tracing::All
        } else {
            Tracing::Off
        },
        no_wait: build.no_wait,
        ..order(&build.building, &events)?
    };
    let mut tell = teller(caller, options(caller, &build.building));
    let built = caller.place().and_then(|place| {
        session::build(&place, &caller.given(), &order, &mut |at, event| {
            events.tell(at, &event).into_iter().for_each(&mut tell);
            tell(event);
        })
    });
    if let Err(error) = &built {
        events.refuse(error, caller).into_iter().for_each(&mut tell);
    }
    // The live part leaves the screen before anything else is said.
    drop(tell);
    let (summary, _) = built?;
    Ok(if summary.interrupted {
        exit::INTERRUPTED
    } else if summary.failed > 0 || (build.trace && summary.undeclared > 0) {
        exit::NODE_FAILED
    } else {
        exit::DONE
    })
}

/// What all ways of building ask for.
pub(super) fn order(asked: &Building, events: &EventFile) -> Result<BuildOrder, SessionError> {
    Ok(BuildOrder {
        targets: asked.targets.clone(),
        jobs: asked.jobs,
        processors: Caller::processors(),
        cache_max: Caller::cache_max()?,
        restore: asked.restore.restore(),
        keep_going: asked.keep_going,
        hearing: asked.output.shown().hearing(),
        plan: events.is_wanted(),
        ..BuildOrder::default()
    })
}

/// How it is told in lines.
pub(super) fn options(caller: &Caller, asked: &Building) -> PlainOptions {
    PlainOptions {
        colour: caller.screen.colour_err,
        quiet: asked.quiet,
        verbose: asked.verbose,
        explain: asked.explain,
        output: asked.output.shown(),
    }
}

/// Whoever sits at a terminal sees what runs; everyone else gets lines.
pub(super) fn teller(caller: &Caller, options: PlainOptions) -> Box<dyn FnMut(BuildEvent)> {
    let wanted = !options.quiet && caller.screen.is_live();
    if let Some(screen) = wanted
        .then(|| LiveScreen::start(&caller.screen, options))
        .flatten()
    {
        return Box::new(move |event| screen.tell(event));
    }
    let mut report = PlainReport::new(std::io::stderr(), options);
    Box::new(move |event| report.tell(&event))
}

fn dry_run(caller: &Caller, build: &Build) -> Result<u8, SessionError> {
    let mut session = Session::open(&caller.place()?, caller.given())?;
    session.restore = build.building.restore.restore();
    let selection = session.select(&build.building.targets)?;
    let survey = session.survey(&selection, build.force);
    if !survey.missing.is_empty() {
        return Err(SessionError::Missing(session.name_missing(&survey)));
    }
    output::data(
        status::plan(
            &session.project.graph,
            &survey.forecasts,
            &survey.away,
            caller.screen.colour_out,
        )
        .as_bytes(),
    );
    Ok(exit::DONE)
}
