//! `pipe man [DIR]`: manual pages, made from the same words as `--help`.

use super::arguments::{Arguments, Man};
use super::{exit, output};
use crate::engine::session::SessionError;
use clap::CommandFactory;

pub(super) fn run(asked: &Man) -> Result<u8, SessionError> {
    let command = Arguments::command();
    let written = match &asked.folder {
        Some(folder) => clap_mangen::generate_to(command, folder),
        None => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(command).render(&mut page);
            output::data(&page);
            rendered
        }
    };
    match (written, &asked.folder) {
        (Err(error), Some(folder)) => {
            let error = error.to_string();
            let said = error.split(" (os error").next().unwrap_or(&error);
            output::refuse(
                &format!(
                    "cannot write manual pages into {}: {said}",
                    folder.display()
                ),
                "the folder must be there already",
            );
            Ok(exit::USAGE)
        }
        _ => Ok(exit::DONE),
    }
}
