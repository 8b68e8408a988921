//! `pipe graph`.

use super::arguments::{Graph, GraphFormat};
use super::{Caller, exit, output};
use crate::engine::outline::Wanted;
use crate::engine::session::{Session, SessionError};
use crate::logic::graph::select::Reach;
use crate::report::graph::{self, Picture, Tree};
use crate::report::json;

pub(super) fn run(caller: &Caller, asked: &Graph) -> Result<u8, SessionError> {
    let place = caller.place()?;
    let mut session = Session::open(&place, caller.given())?;
    let outline = session.outline(&Wanted {
        targets: asked.targets.clone(),
        reach: match (asked.up, asked.down) {
            (_, false) => Reach::Needs,
            (false, true) => Reach::Users,
            (true, true) => Reach::Both,
        },
        stale: asked.stale,
        unfold: asked.unfold,
    })?;
    let title = place.root.file_name().map(|name| name.to_string_lossy());
    let forecasts = outline.survey.forecasts();
    let picture = Picture {
        standing: json::Standing {
            graph: &session.project.graph,
            forecasts: &forecasts,
            missing: &outline.survey.missing,
            away: &outline.survey.away,
            remembered: &|node| (session.record(node), session.last_run(node)),
        },
        drawing: &outline.drawing,
        expected: &outline.expected,
        title: title.as_deref().unwrap_or("pipe"),
    };
    let text = match asked.format {
        GraphFormat::Tree => graph::tree(
            &picture,
            Tree {
                users_below: asked.down && !asked.up,
                colour: caller.screen.colour_out,
                unicode: caller.screen.unicode_out(),
            },
        ),
        GraphFormat::Dot => graph::dot(&picture),
        GraphFormat::Mermaid => graph::mermaid(&picture),
        GraphFormat::Json => json::graph(&picture),
        GraphFormat::Svg => graph::svg(&picture),
        GraphFormat::Html => graph::page(&picture),
    };
    output::data(text.as_bytes());
    Ok(exit::DONE)
}
