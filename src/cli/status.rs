//! `pipe status`.

use super::arguments::Status;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::logic::plan::Forecast;
use crate::report::{json, status};

pub(super) fn run(caller: &Caller, asked: &Status) -> Result<u8, SessionError> {
    let mut session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&asked.targets)?;
    let survey = session.survey(&selection, false);
    let took = |node| {
        let result = session.record(node)?.result;
        Some((result.duration_ms, result.usage))
    };
    let forecasts = survey.forecasts();
    let stale = forecasts
        .iter()
        .flatten()
        .any(|forecast| *forecast != Forecast::Fresh);
    let estimate = stale.then(|| session.estimate(&survey, &selection, Caller::processors()));
    let text = match asked.json {
        true => json::status(
            &json::Standing {
                graph: &session.project.graph,
                forecasts: &forecasts,
                missing: &survey.missing,
                away: &survey.away,
                remembered: &|node| (session.record(node), session.last_run(node)),
            },
            estimate,
        ),
        false => status::status(
            &session.project.graph,
            &forecasts,
            &survey.missing,
            &survey.away,
            asked.all.then_some(&took as status::Took<'_>),
            estimate,
            caller.screen.colour_out,
        ),
    };
    output::data(text.as_bytes());
    Ok(if asked.exit_code && stale {
        exit::STALE
    } else {
        exit::DONE
    })
}
