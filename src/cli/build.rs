//! `pipe build`.

use super::arguments::{Build, Building};
use super::events::EventFile;
use super::live::LiveScreen;
use super::{Caller, caching, ci, exit, output};
use crate::engine::carry;
use crate::engine::session::{self, BuildOrder, Session, SessionError};
use crate::engine::shared::Tracing;
use crate::logic::event::BuildEvent;
use crate::report::plain::{PlainOptions, PlainReport, Shown};
use crate::report::{status, words};

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
        cache_only: build.cache_only,
        changed_since: build.changed_since.clone(),
        no_wait: build.no_wait,
        ..order(caller, &build.building, &events)?
    };
    tell_of_caches(caller, build.building.quiet);
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
    } else if summary.failed > 0 && summary.failed == summary.not_cached {
        exit::NOT_CACHED
    } else if summary.failed > 0 || (build.trace && summary.undeclared > 0) {
        exit::NODE_FAILED
    } else {
        exit::DONE
    })
}

/// What all ways of building ask for.
pub(super) fn order(
    caller: &Caller,
    asked: &Building,
    events: &EventFile,
) -> Result<BuildOrder, SessionError> {
    Ok(BuildOrder {
        targets: asked.targets.clone(),
        jobs: asked.jobs,
        processors: Caller::processors(),
        cache_max: Caller::cache_max()?,
        restore: asked.restore.restore(),
        keep_going: asked.keep_going,
        hearing: shown(caller, asked).hearing(),
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
        output: shown(caller, asked),
    }
}

/// Whose output is shown: in a log where it can be folded, everyone's, unless the caller says otherwise.
fn shown(caller: &Caller, asked: &Building) -> Shown {
    match (asked.output, caller.screen.service) {
        (Some(output), _) => output.shown(),
        (None, Some(_)) => Shown::Grouped,
        (None, None) => Shown::Failed,
    }
}

/// Says which caches were chosen, where that was not the caller's own choice.
pub(super) fn tell_of_caches(caller: &Caller, quiet: bool) {
    let chosen = caching::choose(&caller.global, &|name| std::env::var_os(name));
    if let Some(note) = chosen.note.filter(|_| !quiet) {
        output::talk(&format!("note: {note}\n"));
    }
    // What else is wrong with the place is told by whoever builds there.
    let place = caller.place().ok();
    for folder in place.iter().flat_map(carry::lacking) {
        output::talk(&format!(
            "warning: the cache {}, which is to be read, is not there\n",
            folder.display()
        ));
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
    if let Some(service) = caller.screen.service {
        return ci::teller(service, options);
    }
    let mut report = PlainReport::new(std::io::stderr(), options);
    Box::new(move |event| report.tell(&event))
}

fn dry_run(caller: &Caller, build: &Build) -> Result<u8, SessionError> {
    tell_of_caches(caller, build.building.quiet);
    let mut session = Session::open(&caller.place()?, caller.given())?;
    session.restore = build.building.restore.restore();
    let (selection, notice) =
        session.choose(&build.building.targets, build.changed_since.as_deref())?;
    if let Some(notice) = notice {
        output::talk(&format!("note: {}\n", words::notice(&notice)));
    }
    let survey = session.survey(&selection, build.force);
    if !survey.missing.is_empty() {
        return Err(SessionError::Missing(session.name_missing(&survey)));
    }
    output::data(
        status::plan(
            &session.project.graph,
            &survey.forecasts(),
            &survey.away,
            caller.screen.colour_out,
        )
        .as_bytes(),
    );
    Ok(exit::DONE)
}
