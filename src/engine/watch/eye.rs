//! The eye of a watch: what is looked at, how it stood last, and which hints wait to settle.
//!
//! Does not build. A hint only says where to look; what is told as changed is what a look found.

use super::picture::Picture;
use super::wanted::Wanted;
use crate::base::path::ProjectPath;
use crate::engine::project::Place;
use crate::logic::trigger::{News, Polling, Trigger};
use crate::world::clock;
use crate::world::observe::Observer;
use crate::world::watch::{self, Hint, Refusal, Watcher, walk};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often sources are looked at where nobody tells of changes; on a slow file system, less often.
const POLL: Duration = Duration::from_secs(1);
/// Looking takes no more than one part in so many of the time.
const POLL_SHARE: u32 = 20;
/// New folders are looked for so often while there are always more.
const MOST_ROUNDS: usize = 16;

pub(super) struct Eye {
    place: Place,
    begun: Instant,
    watcher: Option<Watcher>,
    observer: Observer,
    wanted: Wanted,
    picture: Picture,
    trigger: Trigger,
    look: Look,
    /// Why sources are looked at every now and then, if they are.
    polls: Option<Polling>,
    /// The user's wish, or the system's refusal: for good.
    polls_always: bool,
    next_poll: Duration,
    asked_for_kind: HashSet<PathBuf>,
    /// How many hints were of concern.
    pub(super) heard: u64,
    /// To be told.
    pub(super) news: Vec<News>,
}

/// Where the next look goes.
#[derive(Default)]
struct Look {
    /// At these targets.
    targets: BTreeSet<usize>,
    /// At everything.
    all: bool,
}

impl Eye {
    /// Looks at nothing yet. `hear` gets the system's hints and must return at once.
    pub(super) fn open(place: &Place, poll: bool, hear: impl Fn(Hint) + Send + 'static) -> Eye {
        let (watcher, polls) = match poll {
            true => (None, Some(Polling::Asked)),
            false => match Watcher::start(hear) {
                Ok(watcher) => (Some(watcher), None),
                Err(said) => (None, Some(Polling::Refused(said))),
            },
        };
        Eye {
            place: place.clone(),
            begun: clock::instant(),
            watcher,
            observer: Observer::new(place.root.clone(), Box::new(|_| None)),
            wanted: Wanted::default(),
            picture: Picture::default(),
            trigger: Trigger::default(),
            look: Look::default(),
            news: polls.clone().map(News::Polls).into_iter().collect(),
            polls_always: polls.is_some(),
            polls,
            next_poll: Duration::ZERO,
            asked_for_kind: HashSet::new(),
            heard: 0,
        }
    }

    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// So many folders tell of changes.
    pub(super) fn folders(&self) -> usize {
        self.watcher.as_ref().map_or(0, Watcher::count)
    }

    /// From now on this is looked at. It is watched before it is looked at: what changes in between is told.
    pub(super) fn set(&mut self, wanted: Wanted) {
        self.wanted = wanted;
        self.watch_folders();
        self.picture = Picture::take(&self.wanted, &self.place.root, &self.observer);
        // The numbers are those of other targets now; what was hinted at is in the picture.
        self.look = Look::default();
        self.poll_later(Duration::ZERO);
    }

    /// Takes a hint; most are of no concern.
    pub(super) fn hear(&mut self, hint: Hint) {
        let now = self.begun.elapsed();
        match hint {
            Hint::Lost(why) => {
                self.news.push(News::LooksAtAll { why });
                self.look.all = true;
                self.heard += 1;
                self.trigger.hear(now);
            }
            Hint::Touched(place) => {
                let watcher = self.watcher.as_mut();
                if let Some(watcher) = watcher.filter(|watcher| watcher.has(&place)) {
                    watcher.forget(&place);
                    self.look.all = true;
                    self.heard += 1;
                    self.trigger.hear(now);
                } else if self.concerns(&place) {
                    self.heard += 1;
                    self.trigger.hear(now);
                }
            }
        }
    }

    fn concerns(&mut self, place: &Path) -> bool {
        let root = &self.place.root;
        let Some(path) = walk::inside(root, place) else {
            // A sibling of the root is nobody's; behind a link, or of a name that is no text, it may be.
            let beside = place.parent() == root.parent();
            self.look.all |= !beside;
            return !beside;
        };
        let targets = self.wanted.concerned(&path);
        if !targets.is_empty() {
            self.look.targets.extend(targets);
            return true;
        }
        let may_be_folder = walk::is_folder(place) || !walk::stands(place);
        let much = may_be_folder && self.wanted.leads_to_wanted(&path);
        self.look.all |= much;
        much
    }

    /// How long nothing is to be done unless a hint comes; `None` for ever.
    pub(super) fn rest(&self) -> Option<Duration> {
        let polls = self.polls.is_some().then_some(self.next_poll);
        let due = [self.trigger.due(), polls].into_iter().flatten().min()?;
        Some(due.saturating_sub(self.begun.elapsed()))
    }

    /// Whether a hint has come since `heard` hints, and nothing is left to settle.
    pub(super) fn has_settled_since(&self, heard: u64) -> bool {
        self.heard != heard && self.trigger.due().is_none()
    }

    /// What has changed, when hints have settled or it is time to look; nothing otherwise.
    pub(super) fn changes(&mut self) -> Vec<ProjectPath> {
        let now = self.begun.elapsed();
        if self.trigger.fires(now) {
            return self.look();
        }
        if self.polls.is_some() && self.next_poll <= now {
            return self.look_at_all();
        }
        Vec::new()
    }

    /// What has changed, looked at everything right now.
    pub(super) fn look_at_all(&mut self) -> Vec<ProjectPath> {
        self.look.all = true;
        self.look()
    }

    fn look(&mut self) -> Vec<ProjectPath> {
        let look = std::mem::take(&mut self.look);
        let before = self.begun.elapsed();
        if look.all {
            self.watch_folders();
        }
        let some: Vec<usize> = look.targets.into_iter().collect();
        let only = (!look.all).then_some(&*some);
        let root = &self.place.root;
        let changed = self
            .picture
            .look_again(&self.wanted, root, &self.observer, only);
        self.poll_later(self.begun.elapsed().saturating_sub(before));
        changed
    }

    fn poll_later(&mut self, took: Duration) {
        self.next_poll = self.begun.elapsed() + POLL.max(took * POLL_SHARE);
    }

    /// Watches all folders that have to be, until a look finds no new ones: what comes into a folder before it is watched
    /// is told by nobody.
    fn watch_folders(&mut self) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let mut polls = None;
        for _ in 0..MOST_ROUNDS {
            let folders = self.wanted.folders(&self.place.root);
            for folder in &folders {
                if !self.asked_for_kind.insert(folder.clone()) {
                    continue;
                }
                if let Some(kind) = watch::silent_kind(folder) {
                    self.polls_always = true;
                    polls = Some(Polling::Silent {
                        kind: kind.to_owned(),
                        folder: folder.display().to_string(),
                    });
                }
            }
            match watcher.watch(&folders) {
                Ok(true) => {}
                Ok(false) => break,
                Err(Refusal::Limit) => {
                    polls = Some(Polling::Limit {
                        most: watch::most_watches(),
                        needed: folders.len(),
                    });
                    break;
                }
                Err(Refusal::Other(said)) => {
                    polls = Some(Polling::Refused(said));
                    break;
                }
            }
        }
        if polls.is_some() && self.polls != polls && !(self.polls_always && self.polls.is_some()) {
            self.news.extend(polls.clone().map(News::Polls));
        }
        if polls.is_some() || !self.polls_always {
            self.polls = polls;
        }
    }
}
