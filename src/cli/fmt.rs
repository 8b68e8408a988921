//! `pipe fmt`.

use super::arguments::Fmt;
use super::{Caller, exit, output};
use crate::engine::format::{self, ManifestFile};
use crate::engine::project::OpenError;
use crate::engine::session::SessionError;
use crate::logic::manifest::{self, FormatFault, Source};
use crate::report::{diff, problems, units};
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) fn run(caller: &Caller, fmt: &Fmt) -> Result<u8, SessionError> {
    if fmt.files.as_slice() == [PathBuf::from("-")] {
        return from_input(caller, fmt);
    }
    let files = if fmt.files.is_empty() {
        format::manifest_files(&caller.place()?)?
    } else {
        let named = fmt.files.iter().map(|file| caller.folder().join(file));
        named
            .map(format::named_file)
            .collect::<Result<_, OpenError>>()?
    };
    let (mut changed, mut wrong) = (0, false);
    for file in &files {
        let Some(text) = laid_out(caller, file) else {
            wrong = true;
            continue;
        };
        if text == file.text {
            continue;
        }
        changed += 1;
        if fmt.check {
            output::data(diff::unified(&file.shown, &file.text, &text).as_bytes());
        } else {
            format::write(file, &text)?;
            output::talk(&format!("formatted {}\n", file.shown));
        }
    }
    if wrong {
        return Ok(exit::USAGE);
    }
    if fmt.check && changed > 0 {
        output::talk(&format!(
            "{} would change; `pipe fmt` does it\n",
            units::count(changed, "file")
        ));
        return Ok(exit::NODE_FAILED);
    }
    Ok(exit::DONE)
}

/// Standard input to standard output, for editors.
fn from_input(caller: &Caller, fmt: &Fmt) -> Result<u8, SessionError> {
    let mut text = String::new();
    if std::io::stdin().read_to_string(&mut text).is_err() {
        output::talk("error: standard input is not UTF-8 text\n");
        return Ok(exit::USAGE);
    }
    let file = ManifestFile {
        path: Path::new("-").to_owned(),
        shown: "standard input".to_owned(),
        text,
    };
    let Some(text) = laid_out(caller, &file) else {
        return Ok(exit::USAGE);
    };
    if !fmt.check {
        output::data(text.as_bytes());
    }
    Ok(if fmt.check && text != file.text {
        exit::NODE_FAILED
    } else {
        exit::DONE
    })
}

/// The text as it should be; what is wrong with it is told.
fn laid_out(caller: &Caller, file: &ManifestFile) -> Option<String> {
    match manifest::format(&Source::new(file.shown.clone(), file.text.as_str())) {
        Ok(text) => Some(text),
        Err(FormatFault::Problems(found)) => {
            let drawn = problems::render(&found, caller.screen.problem_style());
            output::talk(&format!("{drawn}error: {} is left as it is\n", file.shown));
            None
        }
        Err(FormatFault::Unsure(why)) => {
            output::talk(&format!(
                "error: {} is left as it is: laid out, it would not say the same ({why})\n  help: this is a mistake of pipe; report it with the file\n",
                file.shown
            ));
            None
        }
    }
}
