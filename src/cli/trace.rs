//! `pipe trace NODE`.

use super::arguments::Trace;
use super::{Caller, build, exit, output};
use crate::engine::session::{self, BuildOrder, SessionError};
use crate::engine::shared::Tracing;
use crate::logic::event::{BuildEvent, Notice};
use crate::report::plain::PlainOptions;
use crate::report::trace;

pub(super) fn run(caller: &Caller, asked: &Trace) -> Result<u8, SessionError> {
    let place = caller.place()?;
    let order = BuildOrder {
        targets: asked.nodes.clone(),
        force: true,
        jobs: asked.jobs,
        processors: Caller::processors(),
        cache_max: Caller::cache_max()?,
        keep_going: true,
        tracing: Tracing::Named,
        ..BuildOrder::default()
    };
    let options = PlainOptions {
        colour: caller.screen.colour_err,
        ..PlainOptions::default()
    };
    build::tell_of_caches(caller, false);
    let mut tell = build::teller(caller, options);
    let (mut told, mut well) = (String::new(), true);
    let built = session::build(&place, &caller.given(), &order, &mut |_, event| {
        if let BuildEvent::Notice(Notice::Traced(traced)) = &event {
            well &= traced.is_well();
            told.push_str(&trace::report(traced));
            return;
        }
        tell(event);
    });
    // The live part leaves the screen before anything else is said.
    drop(tell);
    let (summary, _) = built?;
    output::data(told.as_bytes());
    Ok(match () {
        () if summary.interrupted => exit::INTERRUPTED,
        () if summary.failed > 0 || !well => exit::NODE_FAILED,
        () => exit::DONE,
    })
}
