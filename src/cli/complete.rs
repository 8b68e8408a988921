//! `pipe completions SHELL`, and the call by which a shell's completion asks what may stand at the cursor.
//!
//! Options and commands are clap's, names come from the snapshot. Silent whatever is wrong: nobody asked for an error.

use super::arguments::{Arguments, Completions, Shell};
use super::{Caller, exit, output};
use crate::engine::project::Place;
use crate::engine::session::{Session, SessionError};
use crate::logic::graph::candidates::{self, Candidate};
use clap::CommandFactory;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

/// The hidden first argument of the shells' calls.
const CALL: &str = "complete";

/// `pipe completions SHELL`: what a shell has to read to complete our arguments.
///
/// # Errors
/// Never; the signature is that of all commands.
pub(super) fn run(asked: &Completions) -> Result<u8, SessionError> {
    let script = match asked.shell {
        Shell::Bash => include_str!("complete/pipe.bash"),
        Shell::Zsh => include_str!("complete/pipe.zsh"),
        Shell::Fish => include_str!("complete/pipe.fish"),
    };
    output::data(script.as_bytes());
    Ok(exit::DONE)
}

/// Answers a shell, if `arguments`, the program's name first, are its call: `complete SHELL WORD…`, the last word being
/// the one to complete, or for bash `complete bash LINE PIECE`.
pub(super) fn answer(arguments: &[OsString]) -> Option<u8> {
    let [_, call, shell, words @ ..] = arguments else {
        return None;
    };
    if call != CALL {
        return None;
    }
    let words: Vec<OsString> = match shell.to_str() {
        Some("bash") => split(words.first()?.to_str()?)
            .into_iter()
            .map(OsString::from)
            .collect(),
        _ => words.to_vec(),
    };
    let last = words.last()?.to_string_lossy().into_owned();
    let mut text = String::new();
    // Bash completes a piece of a word: it breaks words at `:`, `=` and `@`.
    let piece = arguments.get(4).filter(|_| shell == "bash");
    let piece = piece.map(|piece| piece.to_string_lossy().into_owned());
    for candidate in candidates_for(words) {
        let Some(value) = candidate.get_value().to_str() else {
            continue;
        };
        // A name that would break the line is not worth the trouble; options are offered to who begins one.
        if value.chars().any(char::is_control) || (last.is_empty() && value.starts_with('-')) {
            continue;
        }
        match &piece {
            Some(piece) => {
                let known =
                    last.len() - last.strip_suffix(piece.as_str()).map_or(0, |_| piece.len());
                text.push_str(&for_bash(value, known, &last));
            }
            None => {
                text.push_str(value);
                if let Some(help) = candidate.get_help() {
                    let help = help.to_string();
                    text.push('\t');
                    text.push_str(help.lines().next().unwrap_or_default());
                }
            }
        }
        text.push('\n');
    }
    output::data(text.as_bytes());
    Some(exit::DONE)
}

/// What may stand in place of the last word.
fn candidates_for(words: Vec<OsString>) -> Vec<CompletionCandidate> {
    let session = Arc::new(OpenedLate::of(&words));
    let mut command = Arguments::command().mut_subcommands(|command| {
        let session = Arc::clone(&session);
        command.mut_args(move |argument| with_names(argument, &session))
    });
    let folder = std::env::current_dir().ok();
    let last = words.len().saturating_sub(1);
    clap_complete::engine::complete(&mut command, words, last, folder.as_deref())
        .unwrap_or_default()
}

/// An argument that takes targets learns what they may be.
fn with_names(argument: clap::Arg, session: &Arc<OpenedLate>) -> clap::Arg {
    let sources = match argument.get_id().as_str() {
        "targets" | "nodes" => false,
        "node" => true,
        _ => return argument,
    };
    let session = Arc::clone(session);
    argument.add(ArgValueCompleter::new(move |current: &OsStr| {
        let found = current
            .to_str()
            .map(|current| session.found(current, sources));
        let shown = |candidate: Candidate| {
            let help = Some(candidate.about).filter(|about| !about.is_empty());
            CompletionCandidate::new(candidate.value).help(help.map(Into::into))
        };
        found.unwrap_or_default().into_iter().map(shown).collect()
    }))
}

/// The project that the line is about; opened when a name is wanted.
struct OpenedLate {
    folder: PathBuf,
    manifest: Option<PathBuf>,
}

impl OpenedLate {
    fn of(words: &[OsString]) -> Self {
        let after = |names: [&str; 2]| {
            let place = words
                .iter()
                .position(|word| names.iter().any(|name| word == name));
            place
                .and_then(|place| words.get(place + 1))
                .map(PathBuf::from)
        };
        OpenedLate {
            folder: after(["-C", "--directory"]).unwrap_or_else(|| PathBuf::from(".")),
            manifest: after(["--manifest", "--manifest"]),
        }
    }

    fn found(&self, current: &str, sources: bool) -> Vec<Candidate> {
        let open = || {
            let place = Place::find(&self.folder, self.manifest.as_deref(), None).ok()?;
            let session = Session::open(&place, Caller::bare()).ok()?;
            Some(candidates::candidates(
                &session.project.graph,
                current,
                &place.standing,
                sources,
            ))
        };
        open().unwrap_or_default()
    }
}

/// The words of a line up to the cursor, quotes and backslashes taken off; the last one is the one at the cursor.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, ' ' | '\t') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), '\\') => word.extend(characters.next()),
            _ => word.push(character),
        }
        begun = true;
    }
    words.push(word);
    words
}

/// What bash puts in place of its piece of the word `last`, `known` bytes of which stand before it.
fn for_bash(value: &str, known: usize, last: &str) -> String {
    let rest = match value.starts_with(&last[..known]) {
        true => &value[known..],
        false => value,
    };
    let mut quoted = String::with_capacity(rest.len());
    for character in rest.chars() {
        if " \t'\"\\$`&|;<>()*?[]{}!#~".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        for (line, want) in [
            ("pipe ", vec!["pipe", ""]),
            ("pipe build a", vec!["pipe", "build", "a"]),
            ("pipe build 'a b", vec!["pipe", "build", "a b"]),
            (
                "pipe  build a\\ b\"c d\" ",
                vec!["pipe", "build", "a bc d", ""],
            ),
        ] {
            assert_eq!(split(line), want, "{line:?}");
        }
    }

    #[test]
    fn bash_gets_the_piece_that_it_asked_for() {
        assert_eq!(for_bash("tag:nightly", 4, "tag:ni"), "nightly");
        assert_eq!(for_bash("train@rf,1", 0, "tra"), "train@rf,1");
        assert_eq!(for_bash("a file", 0, "a"), "a\\ file");
    }
}
