//! The threads of a build: whoever is free takes up the next check or command, and another is called only when nobody is.
//!
//! A check waits until fewer than so many are at work, in the order in which they came; a command waits for nobody. Does
//! not know what the work is, nor when it may begin.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

type Work<'w, M> = Box<dyn FnOnce() -> M + Send + 'w>;

/// What waits for what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A check, which may have to wait for others.
    Check,
    /// A command, which does not.
    Command,
}

/// What one of the crew does.
struct Turn<'w, M> {
    work: Work<'w, M>,
    kind: Kind,
}

/// See the file's head. `M` is what each piece of work comes to.
pub(super) struct Crew<'w, M> {
    state: Mutex<State<'w, M>>,
    called: Condvar,
    /// How many checks are at work at once, at the most.
    checkers: usize,
}

struct State<'w, M> {
    /// For those who are free; never more than there are of them.
    turns: VecDeque<Turn<'w, M>>,
    /// Checks that wait until another one ends.
    waiting: VecDeque<Work<'w, M>>,
    checking: usize,
    /// How many have nothing to do and were not called yet.
    free: usize,
    over: bool,
}

/// Dropping it sends the crew home.
struct Shift<'c, 'w, M>(&'c Crew<'w, M>);

impl<'w, M: Send + 'w> Crew<'w, M> {
    pub(super) fn new(checkers: usize) -> Self {
        let state = State {
            turns: VecDeque::new(),
            waiting: VecDeque::new(),
            checking: 0,
            free: 0,
            over: false,
        };
        Crew {
            state: Mutex::new(state),
            called: Condvar::new(),
            checkers: checkers.max(1),
        }
    }

    /// Has the crew at work as long as `lead` goes on, and waits for what is still at work then. What each piece of work
    /// comes to goes to `told`.
    pub(super) fn work(&self, told: &Sender<M>, lead: impl FnOnce(&dyn Fn(Kind, Work<'w, M>))) {
        std::thread::scope(|scope| {
            let _shift = Shift(self);
            lead(&|kind, work| self.give(scope, told, kind, work));
        });
    }

    fn give<'s>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        told: &Sender<M>,
        kind: Kind,
        work: Work<'w, M>,
    ) {
        let mut state = self.lock();
        let is_check = kind == Kind::Check;
        if is_check && state.checking == self.checkers {
            state.waiting.push_back(work);
            return;
        }
        state.checking += usize::from(is_check);
        let turn = Turn { work, kind };
        if state.free > 0 {
            state.free -= 1;
            state.turns.push_back(turn);
            drop(state);
            self.called.notify_one();
        } else {
            drop(state);
            let told = told.clone();
            scope.spawn(move || self.take_turns(turn, &told));
        }
    }

    /// What one of the crew does, from the first turn to the end.
    fn take_turns(&self, first: Turn<'w, M>, told: &Sender<M>) {
        let mut turn = Some(first);
        while let Some(Turn { work, kind }) = turn {
            let message = work();
            // Before it is told: what follows from it finds somebody free.
            let next = self.ends(kind);
            let _ = told.send(message);
            turn = next.or_else(|| self.wait());
        }
    }

    /// A piece of work has ended: gives the next check, or takes note of who is free.
    fn ends(&self, kind: Kind) -> Option<Turn<'w, M>> {
        let mut state = self.lock();
        if kind == Kind::Check {
            if let Some(work) = state.waiting.pop_front() {
                return Some(Turn { work, kind });
            }
            state.checking -= 1;
        }
        state.free += 1;
        None
    }

    fn wait(&self) -> Option<Turn<'w, M>> {
        let rests = |state: &mut State<'w, M>| state.turns.is_empty() && !state.over;
        let waited = self.called.wait_while(self.lock(), rests);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.turns.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State<'w, M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Drop for Shift<'_, '_, M> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.over = true;
        drop(state);
        self.0.called.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread::{self, ThreadId};

    #[test]
    fn one_who_is_free_takes_up_what_follows() {
        let crew = Crew::new(2);
        let (told, heard) = mpsc::channel();
        let mut seen: HashSet<ThreadId> = HashSet::new();
        crew.work(&told, |give| {
            for number in 0..100 {
                let kind = [Kind::Check, Kind::Command][number % 2];
                give(kind, Box::new(|| thread::current().id()));
                seen.insert(heard.recv().unwrap());
            }
        });
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn commands_wait_for_nobody_and_checks_for_their_turn() {
        const COMMANDS: usize = 8;
        const CHECKS: usize = 50;
        // Passed only when all commands and a check are at work at the same time.
        let together = Barrier::new(COMMANDS + 1);
        let (checking, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let crew = Crew::new(1);
        let (told, heard) = mpsc::channel();
        crew.work(&told, |give| {
            let together = &together;
            let (checking, most) = (&checking, &most);
            for number in 0..CHECKS {
                give(
                    Kind::Check,
                    Box::new(move || {
                        let now = 1 + checking.fetch_add(1, Ordering::SeqCst);
                        most.fetch_max(now, Ordering::SeqCst);
                        if number == 0 {
                            together.wait();
                        }
                        thread::yield_now();
                        checking.fetch_sub(1, Ordering::SeqCst);
                        number
                    }),
                );
            }
            for _ in 0..COMMANDS {
                give(
                    Kind::Command,
                    Box::new(move || {
                        together.wait();
                        CHECKS
                    }),
                );
            }
            let all: Vec<usize> = heard.iter().take(CHECKS + COMMANDS).collect();
            let checks: Vec<usize> = all.into_iter().filter(|&number| number < CHECKS).collect();
            assert_eq!(checks, (0..CHECKS).collect::<Vec<_>>());
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn what_was_given_last_is_still_done() {
        let crew = Crew::new(1);
        let (told, heard) = mpsc::channel();
        crew.work(&told, |give| {
            (0..3).for_each(|number| give(Kind::Check, Box::new(move || number)));
        });
        drop(told);
        assert_eq!(heard.iter().collect::<Vec<_>>(), [0, 1, 2]);
    }
}
