//! `pipe cache`: stats, verify, prune, path, export, import.

pub(super) mod arguments;

use super::{Caller, exit, output};
use crate::engine::carry;
use crate::engine::project::Access;
use crate::engine::room::{self, CacheMax, Pruning};
use crate::engine::session::{Session, SessionError};
use crate::logic::room::Policy;
use crate::report::{cache, json, units};
use arguments::{CacheCommand, CacheExport, CacheImport, CachePrune, CacheStats};

pub(super) fn run(caller: &Caller, asked: &CacheCommand) -> Result<u8, SessionError> {
    match asked {
        CacheCommand::Stats(stats) => self::stats(caller, stats),
        CacheCommand::Verify => {
            needs(caller, "checked, which puts aside what is damaged", WRITE)?;
            verify(caller)
        }
        CacheCommand::Prune(prune) => {
            let wanted = if prune.dry_run { NOTHING } else { WRITE };
            needs(caller, "pruned", wanted)?;
            self::prune(caller, prune)
        }
        CacheCommand::Path => {
            output::data(format!("{}\n", caller.place()?.cache.display()).as_bytes());
            Ok(exit::DONE)
        }
        CacheCommand::Export(export) => {
            needs(caller, "exported", READ)?;
            self::export(caller, export)
        }
        CacheCommand::Import(import) => {
            needs(caller, "added to", WRITE)?;
            self::import(caller, import)
        }
    }
}

const NOTHING: Access = Access {
    read: false,
    write: false,
};
const READ: Access = Access {
    read: true,
    write: false,
};
const WRITE: Access = Access {
    read: false,
    write: true,
};

/// `--cache` says what the cache is used for here; whatever goes against that is refused.
fn needs(caller: &Caller, done: &'static str, wanted: Access) -> Result<(), SessionError> {
    let given = caller.place()?.access;
    match wanted.read && !given.read || wanted.write && !given.write {
        true => Err(SessionError::CacheUse { done }),
        false => Ok(()),
    }
}

fn stats(caller: &Caller, asked: &CacheStats) -> Result<u8, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    let holdings = room::holdings(&session, Caller::cache_max()?)?;
    let text = match asked.json {
        true => json::cache_stats(&holdings),
        false => cache::stats(&holdings),
    };
    output::data(text.as_bytes());
    Ok(exit::DONE)
}

fn verify(caller: &Caller) -> Result<u8, SessionError> {
    let found = carry::verify(&caller.place()?)?;
    let mut text = String::new();
    for lost in &found.lost {
        text.push_str(&cache::lost(lost));
    }
    let (blobs, results, bytes) = found.read;
    let read = format!(
        "{} and {}, {}",
        units::count(results, "result"),
        units::count(blobs, "blob"),
        units::size(bytes)
    );
    if found.lost.is_empty() {
        output::talk(&format!("{read}: all sound\n"));
        return Ok(exit::DONE);
    }
    text.push_str(&format!(
        "{read}: {} put aside; what they held runs again when it is needed\n",
        units::count(found.lost.len(), "damaged entry")
    ));
    output::talk(&text);
    Ok(exit::NODE_FAILED)
}

fn prune(caller: &Caller, asked: &CachePrune) -> Result<u8, SessionError> {
    let place = caller.place()?;
    let session = Session::open(&place, caller.given())?;
    let by_size = match (asked.max_size, asked.older_than, asked.keep_last) {
        (None, None, None) => Caller::cache_max()?,
        (size, ..) => size.unwrap_or(CacheMax::Unlimited),
    };
    let policy = Policy {
        max_size: by_size.bytes(&place.cache),
        older_than_ms: asked.older_than,
        keep_last: asked.keep_last,
    };
    let pruning = room::plan_pruning(&session, &policy)?;
    let sum = sum(&pruning);
    if pruning.freed == 0 {
        let left = units::size(pruning.left);
        output::talk(&format!("nothing to remove; the cache takes {left}\n"));
        return Ok(exit::DONE);
    }
    output::talk(&cache::leaving(&pruning.leaving, &output::moment));
    if asked.dry_run {
        output::talk(&format!("would remove {sum}\n"));
        return Ok(exit::DONE);
    }
    if !asked.yes && !caller.screen.agreed(&format!("remove {sum}?")) {
        output::talk("nothing was removed\n");
        return Ok(exit::USAGE);
    }
    let (results, freed) = room::prune(&session, &pruning)?;
    output::talk(&format!(
        "removed {}, {} are free\n",
        units::count(results, "result"),
        units::size(freed)
    ));
    Ok(exit::DONE)
}

fn sum(pruning: &Pruning) -> String {
    format!(
        "{}; that frees {} and leaves {}",
        units::count(pruning.results, "result"),
        units::size(pruning.freed),
        units::size(pruning.left)
    )
}

fn export(caller: &Caller, asked: &CacheExport) -> Result<u8, SessionError> {
    let mut session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&asked.targets)?;
    let file = caller.folder().join(&asked.file);
    let exported = carry::export(&mut session, &selection, &file, asked.max_size)?;
    output::talk(&cache::left_out(&exported.left_out));
    output::talk(&cache::too_large(&exported.too_large));
    let carried = exported.carried;
    output::talk(&format!(
        "{} and {}, {}, are in {}\n",
        units::count(carried.results, "result"),
        units::count(carried.blobs, "blob"),
        units::size(carried.bytes),
        asked.file.display()
    ));
    Ok(exit::DONE)
}

fn import(caller: &Caller, asked: &CacheImport) -> Result<u8, SessionError> {
    let file = caller.folder().join(&asked.file);
    let carried = carry::import(&caller.place()?, &file)?;
    let known = match carried.known {
        0 => String::new(),
        known => format!(", {known} of them known before"),
    };
    output::talk(&format!(
        "{} and {}, {}, are in the cache{known}\n",
        units::count(carried.results, "result"),
        units::count(carried.blobs, "blob"),
        units::size(carried.bytes)
    ));
    Ok(exit::DONE)
}
