//! `pipe clean`.

use super::arguments::Clean;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::engine::upkeep;
use crate::logic::event::BuildEvent;
use crate::report::{units, words};
use std::fmt::Write;

pub(super) fn run(caller: &Caller, asked: &Clean) -> Result<u8, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&asked.targets)?;
    let cleaning = upkeep::plan_cleaning(&session, &selection);
    let mut text = String::new();
    for path in &cleaning.foreign {
        let _ = writeln!(text, "keep    {path}  (not as pipe left it)");
    }
    for path in &cleaning.removable {
        let _ = writeln!(text, "remove  {path}");
    }
    for path in &cleaning.leftovers {
        let _ = writeln!(text, "remove  {path}  (its node is gone)");
    }
    let count = cleaning.count();
    if count == 0 {
        text.push_str("nothing to remove\n");
    } else if asked.dry_run {
        let _ = writeln!(text, "would remove {}", units::count(count, "output"));
    }
    output::talk(&text);
    if count == 0 || asked.dry_run {
        return Ok(exit::DONE);
    }
    if !asked.yes
        && !caller
            .screen
            .agreed(&format!("remove {}?", units::count(count, "output")))
    {
        output::talk("nothing was removed\n");
        return Ok(exit::USAGE);
    }
    upkeep::clean(&session, &cleaning, &mut |event| {
        if let BuildEvent::Notice(notice) = event {
            output::talk(&format!("{}\n", words::notice(&notice)));
        }
    })?;
    output::talk(&format!(
        "removed {}; the next build restores what the cache holds\n",
        units::count(count, "output")
    ));
    Ok(exit::DONE)
}
