//! Where the slots of a build come from: make's pool, when make started it, or one of its own, which commands share.
//!
//! Decides nothing about order; the scheduler has its limit, and a token is what a job needs besides.

use super::session::BuildOrder;
use crate::logic::event::Notice;
use crate::world::execute::{Running, find_program};
use crate::world::jobserver::{Auth, Held, Tokens, is_old_make};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The slots of one build.
pub struct Pool {
    /// How many jobs may run at once, at the most.
    pub(super) jobs: u32,
    /// Made with the first job; `None` inside where there can be none.
    tokens: OnceLock<Option<Tokens>>,
    /// Where commands will look for `make`.
    path: OsString,
    /// Where it is noted what is known of that `make`.
    note: PathBuf,
}

impl Pool {
    /// The pool for a build. A number on the command line is its own; without one make's pool counts, if there is any,
    /// and the manifest's number is the most that is taken from it. The notice says when make's cannot be used.
    pub(super) fn choose(
        order: &BuildOrder,
        declared: Option<u32>,
        variables: &[(OsString, OsString)],
        home: &Path,
    ) -> (Pool, Option<Notice>) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_os_str())
        };
        let mut pool = Pool {
            jobs: order.jobs.or(declared).unwrap_or(order.processors),
            tokens: OnceLock::new(),
            path: variable("PATH").unwrap_or(OsStr::new("")).to_owned(),
            note: home.join("make"),
        };
        let told = variable("MAKEFLAGS").and_then(|flags| Auth::read(flags.to_str()?));
        let Some(auth) = told.filter(|_| order.jobs.is_none()) else {
            return (pool, None);
        };
        match Tokens::of_make(&auth) {
            Ok(tokens) => {
                pool.jobs = declared.or(auth.jobs).unwrap_or(order.processors);
                pool.tokens = OnceLock::from(Some(tokens));
                (pool, None)
            }
            Err(_) => {
                pool.jobs = 1;
                let said = "make's job server is not open to this command, so it runs one job at a time: write `+` \
                            before it in the makefile, or give it a `-j` of its own";
                (pool, Some(Notice::Trouble(said.to_owned())))
            }
        }
    }

    fn tokens(&self) -> Option<&Tokens> {
        let own = || {
            let make = find_program("make", &self.path);
            Tokens::offer(self.jobs, is_old_make(make.as_deref(), &self.note))
        };
        self.tokens.get_or_init(own).as_ref()
    }

    /// Takes what a job with so many slots needs, waiting for it. `None` when the build stops meanwhile; nothing inside
    /// where there is no pool.
    pub(super) fn take(&self, slots: u32, running: &Running) -> Option<Option<Held<'_>>> {
        match self.tokens() {
            None => Some(None),
            Some(tokens) => tokens
                .take(slots.min(self.jobs), &|| running.accepts_jobs())
                .map(Some),
        }
    }

    /// What commands get to see of it.
    pub(super) fn variables(&self) -> &[(&'static str, String)] {
        self.tokens().map_or(&[], Tokens::variables)
    }
}
