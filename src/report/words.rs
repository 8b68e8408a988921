//! Reasons and notices in plain words.
//!
//! Does not know where the words go, nor how a reason was found. Sentences start small and have no full stop, so that
//! they can stand behind a name or a dash.

use super::changes;
use super::printed::escaped;
use super::units;
use crate::base::path::ProjectPath;
use crate::base::record::{PeakSource, RunCause, Usage};
use crate::logic::event::{Fate, Notice};
use crate::logic::plan::Reason;

/// Why a node is stale. Where a longer text changed, the first line ends in a colon, and old lines (`- `) and new
/// ones (`+ `) follow.
pub fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::LastRunFailed => "its last run failed".to_owned(),
        Reason::LastRunUndeclared => {
            "its last run read or wrote files that it does not declare".to_owned()
        }
        Reason::NeverRan => "no result of it is known, neither here nor in the cache".to_owned(),
        Reason::ProbeFailed(fault) => fault.clone(),
        Reason::Forced => "`--force` asks for it".to_owned(),
        Reason::Always => "`always` makes it run in every build".to_owned(),
        Reason::Declaration { part, old, new } => {
            changes::declaration(part, old.as_deref(), new.as_deref())
        }
        Reason::Input { path, old, new } => changes::content("input", path, old, new),
        Reason::InputAdded(path) => format!("input {} is new", shown(path)),
        Reason::InputRemoved(path) => format!("input {} is not read any more", shown(path)),
        Reason::InputOrder => "its inputs are given in another order".to_owned(),
        Reason::OutputMissing(path) => format!("output {} is missing", shown(path)),
        Reason::OutputChanged { path, old, new } => changes::content("output", path, old, new),
    }
}

/// Why a command ran once, in a line.
pub fn past_cause(cause: &RunCause) -> String {
    let subject = escaped(cause.subject.as_deref().unwrap_or_default());
    let first = match &*cause.kind {
        "never-ran" => "no result of it was known".to_owned(),
        "last-run-failed" => "its last run had failed".to_owned(),
        "last-run-undeclared" => {
            "its last run had read or written files that it did not declare".to_owned()
        }
        "probe-failed" => "a probe of it failed".to_owned(),
        "forced" => "`--force` asked for it".to_owned(),
        "always" => "`always` makes it run in every build".to_owned(),
        "declaration-changed" => changes::past_declaration(&subject),
        "input-changed" => format!("input {subject} changed"),
        "input-added" => format!("input {subject} was new"),
        "input-removed" => format!("input {subject} was not read any more"),
        "input-order" => "its inputs were given in another order".to_owned(),
        "output-missing" => format!("output {subject} was missing"),
        "output-changed" => format!("output {subject} had been changed"),
        // Of a later version.
        kind => format!("{} {subject}", escaped(kind)).trim_end().to_owned(),
    };
    match cause.more {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

fn leftover(path: &str, fate: Fate) -> String {
    match fate {
        Fate::LeftOut => format!(
            "{path} matches a glob but is left out: a node that is gone wrote it; remove it, or change it to make it yours"
        ),
        Fate::Yours => format!(
            "no node writes {path} any more; it was changed since, so it stays and is yours"
        ),
        Fate::Stays => format!(
            "no node writes {path} any more; the cache could not bring it back, so it stays: `pipe clean` lists it"
        ),
        Fate::Removed => {
            format!("removed {path}: no node writes it any more, and the cache can bring it back")
        }
    }
}

/// Something that the user should know.
pub fn notice(notice: &Notice) -> String {
    match notice {
        Notice::Replaced { node, path, kept } => format!(
            "{} is an output of `{node}`, but `pipe` did not write what stood there; it was moved to {}",
            shown(path),
            escaped(kept)
        ),
        Notice::InputMoved { node, paths } => format!(
            "{} changed while `{node}` ran; its outputs stay, but the next build runs it again",
            list(paths)
        ),
        Notice::ChangedSince {
            revision,
            files,
            nodes,
            all_for,
        } => {
            let files = units::count(*files, "file");
            let since = format!("{files} differ from {}", escaped(revision));
            match all_for {
                Some(path) => format!(
                    "{since}, {} among them: what it changes cannot be told from git, so all nodes are looked at",
                    shown(path)
                ),
                None => {
                    let nodes = units::count(*nodes, "node");
                    format!("{since}; with what git does not know they reach {nodes}")
                }
            }
        }
        Notice::Retrying {
            node,
            cause,
            retry,
            most,
        } => format!(
            "`{node}` failed ({}) and is tried again, {retry} of {most}",
            super::failures::cause(cause)
        ),
        Notice::Changed { node: None, paths } => {
            format!("{} changed while the build runs", list(paths))
        }
        Notice::Changed {
            node: Some(node),
            paths,
        } => format!(
            "`{node}` starts again: {} changed while it ran",
            list(paths)
        ),
        Notice::Clamped { node, slots, jobs } => format!(
            "`{node}` takes {slots} slots, but this build has {jobs}; it gets all of them and runs alone"
        ),
        Notice::LeftProcesses { node } => {
            format!("`{node}` ended but left processes running; they were ended")
        }
        Notice::LeftAtTheEnd { count: 1 } => {
            "1 process that a command had left running was ended with the build".to_owned()
        }
        Notice::LeftAtTheEnd { count } => {
            format!("{count} processes that commands had left running were ended with the build")
        }
        Notice::NotKept { node, trouble } => format!(
            "the result of `{node}` could not be kept in the cache, so it cannot be restored later: {}",
            escaped(trouble)
        ),
        Notice::BadCacheEntry { node, trouble } => {
            format!(
                "what the cache has for `{node}` is damaged, so it runs: {}",
                escaped(trouble)
            )
        }
        Notice::OrphansEnded { count: 1 } => {
            "1 process of a build that was killed was still running; it was ended".to_owned()
        }
        Notice::OrphansEnded { count } => {
            format!(
                "{count} processes of a build that was killed were still running; they were ended"
            )
        }
        Notice::Leftover { path, fate } => leftover(&shown(path), *fate),
        Notice::CachePruned(pruned) => format!(
            "the cache was larger than {}: {}, not used for longest, went, and {} are free; it takes {} now (`pipe cache stats`)",
            units::size(pruned.limit),
            units::count(pruned.results, "result"),
            units::size(pruned.freed),
            units::size(pruned.left)
        ),
        Notice::Waiting { holder } => {
            format!(
                "another `pipe` is building in this project ({}); waiting for it",
                escaped(holder)
            )
        }
        Notice::Traced(traced) => {
            super::trace::warning(traced).unwrap_or_else(|| super::trace::report(traced))
        }
        Notice::Trouble(trouble) => escaped(trouble),
    }
}

/// `12 s, 40 s of processor time, 1.2 GiB of memory`: what a run took, as far as it was measured.
pub fn taken(duration_ms: u64, usage: Usage) -> String {
    let mut parts = vec![units::duration_ms(duration_ms)];
    if let Some(cpu) = usage.cpu_ms {
        parts.push(format!("{} of processor time", units::duration_ms(cpu)));
    }
    if let Some(peak) = usage.peak {
        let whose = match peak.source {
            PeakSource::Sampled => "",
            PeakSource::LargestProcess => " in its largest process",
        };
        parts.push(format!("{} of memory{whose}", units::size(peak.bytes)));
    }
    parts.join(", ")
}

/// The first three paths, and how many more there are.
pub(super) fn list(paths: &[ProjectPath]) -> String {
    let named: Vec<String> = paths.iter().take(3).map(shown).collect();
    match paths.len().saturating_sub(3) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// A path that is safe to print.
pub(super) fn shown(path: &ProjectPath) -> String {
    escaped(&path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::record::Peak;

    #[test]
    fn what_was_not_measured_is_not_told() {
        let peak = |source| {
            Some(Peak {
                bytes: 5 << 30,
                source,
            })
        };
        let usage = |cpu_ms, peak| taken(12_000, Usage { cpu_ms, peak });
        assert_eq!(usage(None, None), "12 s");
        assert_eq!(
            usage(Some(40_000), peak(PeakSource::Sampled)),
            "12 s, 40 s of processor time, 5.0 GiB of memory"
        );
        assert_eq!(
            usage(None, peak(PeakSource::LargestProcess)),
            "12 s, 5.0 GiB of memory in its largest process"
        );
    }

    fn path(text: &str) -> ProjectPath {
        ProjectPath::from_normal(text)
    }

    #[test]
    fn plain_reasons() {
        for (reason, want) in [
            (
                Reason::NeverRan,
                "no result of it is known, neither here nor in the cache",
            ),
            (Reason::LastRunFailed, "its last run failed"),
            (
                Reason::LastRunUndeclared,
                "its last run read or wrote files that it does not declare",
            ),
            (Reason::Forced, "`--force` asks for it"),
            (Reason::Always, "`always` makes it run in every build"),
            (Reason::InputAdded(path("a.csv")), "input a.csv is new"),
            (
                Reason::InputRemoved(path("a.csv")),
                "input a.csv is not read any more",
            ),
            (Reason::InputOrder, "its inputs are given in another order"),
            (
                Reason::OutputMissing(path("b.csv")),
                "output b.csv is missing",
            ),
        ] {
            assert_eq!(sentence(&reason), want);
        }
    }

    #[test]
    fn notices_say_what_happened_and_where_things_are() {
        let node = || "train".to_owned();
        let paths = |count| {
            (1..=count)
                .map(|number| path(&format!("{number}")))
                .collect()
        };
        for (told, want) in [
            (
                Notice::Replaced {
                    node: node(),
                    path: path("a.csv"),
                    kept: ".pipe/replaced/1/a.csv".into(),
                },
                "a.csv is an output of `train`, but `pipe` did not write what stood there; it was moved to \
                 .pipe/replaced/1/a.csv",
            ),
            (
                Notice::InputMoved {
                    node: node(),
                    paths: paths(5),
                },
                "1, 2, 3 and 2 more changed while `train` ran; its outputs stay, but the next build runs it again",
            ),
            (
                Notice::Retrying {
                    node: node(),
                    cause: crate::logic::event::FailureCause::Ending(
                        crate::base::record::Ending::Exit(1),
                    ),
                    retry: 1,
                    most: 2,
                },
                "`train` failed (exit code 1) and is tried again, 1 of 2",
            ),
            (
                Notice::Clamped {
                    node: node(),
                    slots: 4,
                    jobs: 2,
                },
                "`train` takes 4 slots, but this build has 2; it gets all of them and runs alone",
            ),
            (
                Notice::LeftProcesses { node: node() },
                "`train` ended but left processes running; they were ended",
            ),
            (
                Notice::NotKept {
                    node: node(),
                    trouble: "cannot write x: disk full".into(),
                },
                "the result of `train` could not be kept in the cache, so it cannot be restored later: \
                 cannot write x: disk full",
            ),
            (
                Notice::BadCacheEntry {
                    node: node(),
                    trouble: "blob 12ab has other bytes".into(),
                },
                "what the cache has for `train` is damaged, so it runs: blob 12ab has other bytes",
            ),
            (
                Notice::OrphansEnded { count: 1 },
                "1 process of a build that was killed was still running; it was ended",
            ),
            (
                Notice::Waiting {
                    holder: "process 12".into(),
                },
                "another `pipe` is building in this project (process 12); waiting for it",
            ),
            (
                Notice::Trouble("cannot read a\x07: gone".into()),
                "cannot read a\\u{7}: gone",
            ),
        ] {
            assert_eq!(notice(&told), want);
        }
    }
}
