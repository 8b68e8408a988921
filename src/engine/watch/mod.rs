//! `pipe watch`: builds, then again whenever what matters has changed.
//!
//! Joins `logic/trigger`, which decides when, and `world/watch`, which hints where. The order of a round keeps every
//! change: folders are watched, then looked at, then the build looks; after it everything is looked at again. Takes the
//! project's lock for each build and not between them. Knows no terminal: keys come in as values.

mod eye;
mod picture;
mod round;
mod wanted;

use super::project::{Given, Place};
use super::session::{BuildOrder, SessionError};
use crate::base::path::ProjectPath;
use crate::logic::event::BuildEvent;
use crate::logic::trigger::{Loops, News};
use crate::world::clock;
use crate::world::execute::aside;
use crate::world::execute::guard::Keeping;
use crate::world::interrupt;
use crate::world::watch::Hint;
use eye::Eye;
use round::{Kept, RoundEnd};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a user may want between two builds, or during one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A build now.
    Build,
    /// A build of the targets, fresh or not.
    Force,
    /// The log of the last failure.
    Log,
    /// The end.
    Quit,
}

/// What becomes of a running build when something changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnChange {
    /// What the change touches is ended or started again, the rest goes on.
    #[default]
    Touched,
    /// It goes on to its end.
    Finish,
    /// It is ended.
    Restart,
}

/// What a watch is asked for.
#[derive(Debug, Clone, Default)]
pub struct WatchOrder {
    /// Each build.
    pub build: BuildOrder,
    /// See [`OnChange`].
    pub on_change: OnChange,
    /// Look every second, whatever the system tells.
    pub poll: bool,
    /// A shell command for after each good build that did something, and the first.
    pub exec: Option<String>,
}

/// What a watch tells.
#[derive(Debug)]
pub enum WatchEvent {
    /// A build begins. `asked` is false for one that only makes sure of changes that came during the last one.
    Begins {
        /// Somebody changed something or wants it.
        asked: bool,
    },
    /// A step of a build, with the time since that build began.
    Build(Duration, BuildEvent),
    /// The build, or the attempt, is over.
    Ends,
    /// Nothing could be built.
    Refused(SessionError),
    /// What happens between builds.
    News(News),
    /// The user wants the log of the last failure.
    WantsLog,
    /// The command of `exec` did not end well, and how.
    ExecFailed(String),
}

/// How a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The user wanted to.
    Quit,
    /// By a signal.
    Interrupted,
}

enum Signal {
    Hint(Hint),
    Wish(Wish),
    Interrupt,
    BuildOver,
}

/// What rings when a user wants something.
#[derive(Clone)]
pub struct Bell(Sender<Signal>);

impl Bell {
    /// Says what is wanted. Whether anybody still listens.
    pub fn ring(&self, wish: Wish) -> bool {
        self.0.send(Signal::Wish(wish)).is_ok()
    }
}

/// Watches until the user has enough. `bell` is given to whoever hears the user.
///
/// # Errors
/// The first build cannot begin for a reason that no change of a file mends: unknown targets.
pub fn watch(
    place: &Place,
    given: &Given,
    order: &WatchOrder,
    bell: impl FnOnce(Bell),
    tell: &mut dyn FnMut(WatchEvent),
) -> Result<Ended, SessionError> {
    let (sender, mut signals) = mpsc::channel();
    bell(Bell(sender.clone()));
    let for_hints = sender.clone();
    let eye = Eye::open(place, order.poll, move |hint| {
        let _ = for_hints.send(Signal::Hint(hint));
    });
    let mut watch = Watch {
        place,
        given,
        order,
        eye: Mutex::new(eye),
        loops: Loops::default(),
        sender,
        wishes: Vec::new(),
        kept: None,
        keeping: Keeping::default(),
        tell,
    };
    watch.go_on(&mut signals)
}

struct Watch<'a> {
    place: &'a Place,
    given: &'a Given,
    order: &'a WatchOrder,
    eye: Mutex<Eye>,
    loops: Loops,
    sender: Sender<Signal>,
    /// Wishes that came during a build and can wait for its end.
    wishes: Vec<Wish>,
    /// What the eye looks at, and has seen change since the last build looked; `None` when that build came to nothing.
    kept: Option<Kept>,
    /// One keeper for all builds.
    keeping: Keeping,
    tell: &'a mut dyn FnMut(WatchEvent),
}

/// What comes after a rest.
enum Next {
    Build {
        force: bool,
    },
    /// The pause is over.
    Again,
    End(Ended),
}

impl Watch<'_> {
    fn go_on(&mut self, signals: &mut Receiver<Signal>) -> Result<Ended, SessionError> {
        let (mut force, mut asked) = (self.order.build.force, true);
        let mut first = true;
        loop {
            let end = self.round(signals, force, asked, first)?;
            if let Some(ended) = end.ended {
                return Ok(ended);
            }
            let worked = end.well && (first || end.did_something);
            (first, force) = (false, false);
            asked = false;
            if end.again {
                continue;
            }
            // Before the rest is told of, so that whoever hears of it may end it.
            let for_interrupts = self.sender.clone();
            let _listening = interrupt::listen(move |_, _| {
                let _ = for_interrupts.send(Signal::Interrupt);
            })?;
            let circles = self.loops.built(&end.changed);
            let mut pause = None;
            if end.changed.is_empty() {
                self.rests(&end);
                if worked && end.well {
                    self.exec();
                }
            } else if end.changed.iter().any(|path| !circles.0.contains(path)) {
                continue;
            } else {
                pause = Some(circles.1);
                self.tell_circles(circles, &end);
            }
            match self.rest(signals, pause, end.refused) {
                Next::Again => {}
                Next::Build { force: forced } => (force, asked) = (forced, true),
                Next::End(ended) => return Ok(ended),
            }
        }
    }

    fn tell_circles(&mut self, (paths, pause): (Vec<ProjectPath>, Duration), end: &RoundEnd) {
        for path in paths {
            let reads = |(_, read): &&(String, Vec<ProjectPath>)| read.contains(&path);
            let nodes = end.ran.iter().filter(reads).map(|(node, _)| node.clone());
            let nodes = nodes.collect();
            self.news(News::Circle { path, nodes, pause });
        }
    }

    fn rests(&mut self, end: &RoundEnd) {
        let eye = self.eye();
        let (sources, folders) = (eye.wanted().len(), eye.folders());
        drop(eye);
        self.news(News::Waiting {
            sources,
            folders,
            well: end.well,
        });
    }

    /// Waits until something has changed, the user wants something, or the pause is over. After a build that was `refused`
    /// a hint is enough.
    fn rest(&mut self, signals: &Receiver<Signal>, pause: Option<Duration>, refused: bool) -> Next {
        let heard = self.eye().heard;
        let begun = clock::instant();
        let mut wishes = std::mem::take(&mut self.wishes);
        wishes.reverse();
        loop {
            let signal = match wishes.pop() {
                Some(wish) => Some(Signal::Wish(wish)),
                None => {
                    let left = pause.map(|pause| pause.saturating_sub(begun.elapsed()));
                    let rest = [self.eye().rest(), left].into_iter().flatten().min();
                    receive(signals, rest)
                }
            };
            match signal {
                Some(Signal::Hint(hint)) => self.eye().hear(hint),
                Some(Signal::Wish(Wish::Log)) => (self.tell)(WatchEvent::WantsLog),
                Some(Signal::Wish(Wish::Quit)) => return Next::End(Ended::Quit),
                Some(Signal::Wish(wish)) => {
                    let force = wish == Wish::Force;
                    self.loops.reset();
                    // Whoever asks wants a look at everything.
                    self.kept = None;
                    self.news(News::Asked { force });
                    return Next::Build { force };
                }
                Some(Signal::Interrupt) => return Next::End(Ended::Interrupted),
                Some(Signal::BuildOver) | None => {}
            }
            let changed = self.eye().changes();
            self.tell_news();
            if !changed.is_empty() {
                self.loops.reset();
                if let Some(kept) = &mut self.kept {
                    kept.changed.extend(changed.iter().cloned());
                }
                self.news(News::Changed { paths: changed });
                return Next::Build { force: false };
            }
            let hinted = refused && self.eye().has_settled_since(heard);
            if hinted || pause.is_some_and(|pause| pause <= begun.elapsed()) {
                return Next::Again;
            }
        }
    }

    fn exec(&mut self) {
        let Some(command) = &self.order.exec else {
            return;
        };
        if let Err(said) = aside::run(command, &self.place.root, &self.given.variables) {
            (self.tell)(WatchEvent::ExecFailed(said));
        }
    }

    fn news(&mut self, news: News) {
        (self.tell)(WatchEvent::News(news));
    }

    fn tell_news(&mut self) {
        let news = std::mem::take(&mut self.eye().news);
        news.into_iter().for_each(|news| self.news(news));
    }

    fn eye(&self) -> MutexGuard<'_, Eye> {
        lock(&self.eye)
    }
}

fn lock(eye: &Mutex<Eye>) -> MutexGuard<'_, Eye> {
    eye.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next signal; `None` when there is none for so long.
fn receive(signals: &Receiver<Signal>, most: Option<Duration>) -> Option<Signal> {
    match most {
        None => signals.recv().ok(),
        Some(most) => signals.recv_timeout(most).ok(),
    }
}
