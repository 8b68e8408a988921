//! `pipe diff [BUILD] [BUILD]`.

use super::arguments::Diff;
use super::{Caller, exit, output};
use crate::base::story::Story;
use crate::engine::history::History;
use crate::engine::session::SessionError;
use crate::logic::story::compare::compare;
use crate::report::{compare as words, json};

pub(super) fn run(caller: &Caller, asked: &Diff) -> Result<u8, SessionError> {
    let past = History::open(&caller.place()?);
    let told = past.told();
    let before_last = || told.len().checked_sub(2).map(|at| told[at]);
    let chosen = (
        asked.first.or_else(before_last),
        asked.second.or(told.last().copied()),
    );
    let (Some(first), Some(second)) = chosen else {
        output::refuse(
            "there are no two builds here to compare",
            "`pipe history` lists those that are remembered",
        );
        return Ok(exit::USAGE);
    };
    // All up to the later one: what was fresh in a build is as those before it left it.
    let stories: Vec<Story> = told
        .iter()
        .filter(|&&build| build <= first.max(second))
        .filter_map(|&build| past.story(build))
        .collect();
    let is_told = |build: u32| stories.iter().any(|story| story.build == build);
    if let Some(missing) = [first, second].into_iter().find(|&build| !is_told(build)) {
        output::refuse(
            &format!(
                "nothing is kept of build {missing} to compare: it was killed, is too long ago, or never was"
            ),
            "`pipe history` lists the builds",
        );
        return Ok(exit::USAGE);
    }
    let stories: Vec<&Story> = stories.iter().collect();
    let difference = compare(&stories, first, second);
    let find = |build: u32| stories.iter().find(|story| story.build == build);
    let (Some(first), Some(second)) = (find(first), find(second)) else {
        return Ok(exit::USAGE);
    };
    let text = match asked.json {
        true => json::diff(first, second, &difference),
        false => words::differences(first, second, &difference, &output::moment),
    };
    output::data(text.as_bytes());
    Ok(exit::DONE)
}
