//! `pipe build`.

use super::arguments::Build;
use super::{Caller, exit, output};
use crate::engine::session::{self, BuildOrder, Session, SessionError};
use crate::report::plain::{PlainOptions, PlainReport};
use crate::report::status;

pub(super) fn run(caller: &Caller, build: &Build) -> Result<u8, SessionError> {
    let place = caller.place()?;
    if build.dry_run {
        return dry_run(caller, build);
    }
    let order = BuildOrder {
        targets: build.targets.clone(),
        force: build.force,
        jobs: build.jobs,
        processors: Caller::processors(),
        keep_going: build.keep_going,
    };
    let options = PlainOptions {
        colour: caller.screen.colour_err,
        quiet: build.quiet,
        verbose: build.verbose,
        explain: build.explain,
    };
    let mut report = PlainReport::new(std::io::stderr(), options);
    let (summary, _) = session::build(&place, caller.given(), &order, &mut |event| {
        report.tell(&event);
    })?;
    Ok(if summary.interrupted {
        exit::INTERRUPTED
    } else if summary.failed > 0 {
        exit::NODE_FAILED
    } else {
        exit::DONE
    })
}

fn dry_run(caller: &Caller, build: &Build) -> Result<u8, SessionError> {
    let mut session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&build.targets)?;
    let survey = session.survey(&selection, build.force);
    if !survey.missing.is_empty() {
        return Err(SessionError::Missing(session.name_missing(&survey)));
    }
    output::data(
        status::plan(
            &session.project.graph,
            &survey.forecasts,
            caller.screen.colour_out,
        )
        .as_bytes(),
    );
    Ok(exit::DONE)
}
