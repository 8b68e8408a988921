//! The calls by which this program starts itself, hidden from people: a first argument that nobody would type.
//!
//! Does not know what they are for; `world/execute` does.

use crate::world::execute::guard::{KEEP, keep};
use crate::world::execute::trace::{STUB, become_command};
use std::ffi::OsString;

/// Carries out a hidden call, if `arguments`, the program's name first, are one: returns its exit code. A call in place of
/// a command returns only when it could not become that command.
pub fn run(arguments: &[OsString]) -> Option<u8> {
    match arguments {
        [_, word, command @ ..] if word == STUB => Some(become_command(command)),
        [_, word] if word == KEEP => {
            keep();
            Some(0)
        }
        _ => None,
    }
}
