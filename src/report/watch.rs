//! What a watch tells between its builds, in words.
//!
//! Does not know when: the caller gives the time of day as text.

use super::{units, words};
use crate::logic::trigger::{News, Polling};

/// The word before a line, and the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `changed`, `watching`, `note` or `warning`.
    pub word: &'static str,
    /// A sentence.
    pub text: String,
}

/// A line of a watch. `since` is when all was well first, on the user's clock.
pub fn told(news: &News, since: &str) -> Told {
    let (word, text) = match news {
        News::Changed { paths } => ("changed", words::list(paths)),
        News::Asked { force: false } => ("note", "building, as asked".to_owned()),
        News::Asked { force: true } => ("note", "building the targets, fresh or not".to_owned()),
        News::Waiting {
            sources,
            folders,
            well,
        } => {
            let what = match folders {
                0 => units::count(*sources, "source"),
                _ => {
                    let sources = units::count(*sources, "source");
                    format!("{sources} in {}", units::count(*folders, "folder"))
                }
            };
            let state = match well {
                true => format!("all is well since {since}"),
                false => "not all is well".to_owned(),
            };
            ("watching", format!("{what}; {state}"))
        }
        News::LooksAtAll { why } => {
            let text = format!("changes were missed ({why}), so every source is looked at again");
            ("note", text)
        }
        News::Polls(polling) => return polls(polling),
        News::Circle { path, nodes, pause } => {
            let who = match &nodes[..] {
                [] => "a node".to_owned(),
                [node] => format!("`{node}`, which reads it,"),
                [first, rest @ ..] => {
                    format!(
                        "one of those that read it (`{first}` and {} more)",
                        rest.len()
                    )
                }
            };
            let text = format!(
                "{path} changes in every build, so {who} seems to write it; the next build waits {}, unless something changes \
                 while nothing runs",
                units::duration(*pause)
            );
            ("warning", text)
        }
    };
    Told { word, text }
}

fn polls(polling: &Polling) -> Told {
    const SO: &str = "so the sources are looked at every second";
    let (word, text) = match polling {
        Polling::Asked => (
            "note",
            "`--poll`: the sources are looked at every second".to_owned(),
        ),
        Polling::Silent { kind, folder } => {
            let text = format!("{folder} lies on {kind}, which does not tell of changes, {SO}");
            ("note", text)
        }
        Polling::Limit { most, needed } => {
            let most = most.map_or_else(
                || "too few for this".to_owned(),
                |most| format!("{most} for all your programs together"),
            );
            let text = format!(
                "the system's limit of watched folders is reached: {most}, and {needed} are needed here, {SO}; \
                 `sysctl fs.inotify.max_user_watches=N` raises it"
            );
            ("warning", text)
        }
        Polling::Refused(said) => (
            "warning",
            format!("the system gives no watcher ({said}), {SO}"),
        ),
    };
    Told { word, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::path::ProjectPath;

    #[test]
    fn a_watch_says_what_it_does_and_why() {
        let path = ProjectPath::from_normal("src/a.py");
        let text = |news: News| {
            let told = told(&news, "15:31:02");
            format!("{}: {}", told.word, told.text)
        };
        let waiting = |well| News::Waiting {
            sources: 12,
            folders: 1,
            well,
        };
        for (news, want) in [
            (
                News::Changed {
                    paths: vec![path.clone()],
                },
                "changed: src/a.py",
            ),
            (
                waiting(true),
                "watching: 12 sources in 1 folder; all is well since 15:31:02",
            ),
            (
                waiting(false),
                "watching: 12 sources in 1 folder; not all is well",
            ),
            (
                News::Circle {
                    path,
                    nodes: vec!["a".to_owned()],
                    pause: std::time::Duration::from_secs(2),
                },
                "warning: src/a.py changes in every build, so `a`, which reads it, seems to write it; the next build waits \
                 2.0 s, unless something changes while nothing runs",
            ),
            (
                News::Polls(Polling::Limit {
                    most: Some(5),
                    needed: 9,
                }),
                "warning: the system's limit of watched folders is reached: 5 for all your programs together, and 9 are \
                 needed here, so the sources are looked at every second; `sysctl fs.inotify.max_user_watches=N` raises it",
            ),
        ] {
            assert_eq!(text(news), want);
        }
    }
}
