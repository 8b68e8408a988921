//! `pipe init`.

use super::{Caller, exit, output};
use crate::engine::session::SessionError;
use crate::engine::upkeep;

pub(super) fn run(caller: &Caller) -> Result<u8, SessionError> {
    for path in upkeep::init(&caller.folder())? {
        let shown = path.strip_prefix(".").unwrap_or(&path);
        output::talk(&format!("wrote {}\n", shown.display()));
    }
    output::talk("next: pipe build\n");
    Ok(exit::DONE)
}
