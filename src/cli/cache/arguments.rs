//! What can be typed behind `pipe cache`.
//!
//! Does not know what any of it does.

use crate::base::quantity::{Amount, parse_duration};
use crate::engine::room::CacheMax;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Say how large it is, what is in use, and what it has saved
    Stats(CacheStats),
    /// Read all of it and put aside what is damaged; exits with 1 when something was
    Verify,
    /// Remove results, those not used for longest first; lists and asks first
    Prune(CachePrune),
    /// Print its folder
    Path,
    /// Write what the targets can be restored from into one file
    Export(CacheExport),
    /// Take over what another cache has exported
    Import(CacheImport),
}

#[derive(Debug, Args)]
pub(crate) struct CacheStats {
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --max-size, --older-than and --keep-last the cache is brought down to its limit, PIPE_CACHE_MAX.

Examples:
  pipe cache prune -n                   only say what would go
  pipe cache prune --max-size 20GiB     until it is no larger than that
  pipe cache prune --older-than 30d -y  what nobody has used for 30 days, without being asked
  pipe cache prune --keep-last 3        all but the last three results of each node")]
pub(crate) struct CachePrune {
    /// Down to this size, as in `20GiB`, or a part of the disk, as in `5%`; what is in use goes last
    #[arg(long, value_name = "SIZE", value_parser = CacheMax::parse)]
    pub(crate) max_size: Option<CacheMax>,
    /// What was last used longer ago than this, as in `30d` or `12h`, and is not in use
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub(crate) older_than: Option<u64>,
    /// All but the last N results of each node, and what is in use
    #[arg(long, value_name = "N")]
    pub(crate) keep_last: Option<usize>,
    /// Only list what would go
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

fn age(text: &str) -> Result<u64, String> {
    parse_duration(text).map_err(|fault| fault.to_string())
}

#[derive(Debug, Args)]
pub(crate) struct CacheExport {
    /// The new file; an old one is replaced
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Nodes, outputs or globs, with all that they need; without one, everything
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Only so much, as in `500MiB`, before compression: what saves most time for its room
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) max_size: Option<u64>,
}

fn bytes(text: &str) -> Result<u64, String> {
    match Amount::parse(text) {
        Ok(Amount::Bytes(bytes)) => Ok(bytes),
        Ok(_) => Err("a size has a unit, as in `500MiB`".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct CacheImport {
    /// What `pipe cache export` has written
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
