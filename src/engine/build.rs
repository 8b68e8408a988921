//! The loop of a build: orders out, news in, events up. Owns all that changes while a build runs.
//!
//! Judging is `check`'s, running is `run`'s, the choice of what comes next is the scheduler's; this carries messages.

mod ahead;
mod away;
mod begin;
mod changed;
mod ended;
mod follow;
mod started;
mod story;
mod temporary;

use super::check::{self, CheckFound, Checked};
use super::crew::{Crew, Kind};
use super::desk::{Desk, Word};
use super::items::{Items, Resources};
use super::leaving::Leaving;
use super::listed;
use super::memory::Memory;
use super::project::{Project, Tools};
use super::room;
use super::run::Ran;
use super::shared::{Hands, Request, Shared, pycache};
use super::survey::{Survey, standing::Standing};
use super::upkeep;
use crate::base::content::Contents;
use crate::base::record::Origin;
use crate::logic::event::{BuildEvent, Failure, Notice, Outcome, Stop, Summary};
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::plan::Reason;
use crate::logic::schedule::{Limits, News, Order, Outlook, Scheduler};
use crate::logic::story::Gatherer;
use crate::world::execute::bytecode::forget_project_sources;
use crate::world::execute::orphans;
use crate::world::interrupt;
use crate::world::trouble::Trouble;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::time::{Duration, Instant};

enum Message {
    Restores(u32),
    Checked(u32, Checked),
    Ran(u32, Box<Ran>),
    Interrupt { again: bool },
    Word(Word),
}

/// What a round of a build came to.
pub struct Built {
    /// Together with the rounds before it.
    pub summary: Summary,
    /// Another round has to follow: what could not be restored has to run, and what it reads is away. These nodes, given by
    /// name, take no part in it: they failed, or need what did.
    pub again: Option<HashSet<String>>,
}

/// Builds what `survey` found stale, telling each step.
///
/// # Errors
/// The ledger cannot be written, so nothing could be remembered; or signals cannot be listened to.
pub fn build(
    project: &Project,
    tools: &Tools,
    survey: Survey,
    request: &Request<'_>,
    hands: &Hands<'_>,
    tell: &mut dyn FnMut(BuildEvent),
) -> Result<Built, Trouble> {
    let graph = &project.graph;
    let items = Items::choose(graph, &survey, request.selection);
    let total = request.selection.len();
    let shared = Shared {
        project,
        tools,
        executor: hands.executor,
        running: hands.running,
        keeping: hands.keeping,
        guard: &hands.guard,
        pool: hands.pool,
        token: hands.token,
        build: tools.ledger.last_build() + 1,
        started_ms: request.before.started_ms,
        forced: request.forced,
        hearing: request.hearing,
        selection: request.selection,
        tracing: request.tracing,
        cache_only: request.cache_only,
        away: &survey.away,
    };
    let leaving = Leaving::of(graph, tools, &survey);
    let (schedule, guessed, resources) = items.schedule(project, tools, request.selection);
    let limits = Limits {
        jobs: hands.pool.jobs,
        keep_going: request.keep_going,
        resources: resources.totals(),
    };
    let work = items.nodes.len();
    let scheduler = Scheduler::new(&limits, &schedule);
    let story = match work {
        0 => Gatherer::default(),
        _ => story::begin(&shared, &items, &schedule, &limits, &resources.0),
    };
    let story = RefCell::new(story);
    let mut tell = |event: BuildEvent| {
        let at = hands.begun.elapsed().as_millis() as u64;
        story.borrow_mut().hear(at, &event);
        tell(event);
    };
    let _announced = (work > 0).then(|| tools.announce(&project.place));
    let mut build = Build {
        shared: &shared,
        outlook: scheduler.outlook(limits.jobs, &schedule, guessed),
        scheduler,
        jobs: limits.jobs,
        checkers: hands.checkers,
        resources,
        told: ahead::Told::default(),
        followed: Vec::new(),
        places: items.places,
        nodes: items.nodes,
        selection: request.selection,
        standing: survey.standing,
        leaving,
        pending: HashMap::new(),
        tries: HashMap::new(),
        clamped: false,
        memory: Memory::new(&project.place.state, &tools.ledger, shared.build),
        desk: hands.desk,
        changes: changed::Changes::default(),
        away: away::AwayNow::new(&survey.away, survey.foreseen, request),
        ran_for: Duration::ZERO,
        summary: Summary {
            fresh: total - work,
            ..Summary::default()
        },
        tell: &mut tell,
        story: &story,
        begun: hands.begun,
    };
    if !request.removed.is_empty() {
        build.memory.removed(request.removed.iter().cloned())?;
    }
    for (node, settled) in survey.found {
        listed::keep(project, tools, node, &settled.inputs);
        build.record_fresh(node, settled, Origin::Found)?;
    }
    if work > 0 {
        build.work(total, request)?;
    } else if tools.ledger.unfinished() {
        build.memory.build_ends(None)?;
    }
    let again = build.goes_on().then(|| build.given_up());
    build.summary.away = build.away.nodes.len();
    let Build {
        memory,
        mut summary,
        begun,
        leaving,
        nodes,
        ran_for,
        away,
        ..
    } = build;
    if work > 0 {
        upkeep::forget_the_old(project, shared.build);
        let story = story.take();
        if let Some(trouble) = story::end(story, &shared, begun, summary.interrupted) {
            tell(BuildEvent::Notice(Notice::Trouble(trouble)));
        }
    }
    ended::flush_what_was_kept(tools, ran_for, &mut tell);
    leaving.finish(project, tools, memory, &nodes, &away.nodes)?;
    room::after_build(project, tools, request.cache_max, &mut tell);
    summary = summary.after(&request.before.summary);
    summary.took = begun.elapsed();
    if again.is_none() {
        tell(BuildEvent::Finished(summary.clone()));
    }
    Ok(Built { summary, again })
}

struct Build<'a, 'w> {
    shared: &'a Shared<'a>,
    scheduler: Scheduler,
    outlook: Outlook,
    /// Slots.
    jobs: u32,
    /// How many nodes are checked at once.
    checkers: usize,
    resources: Resources,
    told: ahead::Told,
    followed: Vec<follow::Followed>,
    /// By item number.
    nodes: Vec<NodeId>,
    /// By node number: its item, if it is one.
    places: Vec<Option<u32>>,
    selection: &'a Selection,
    /// Kept up to date as nodes settle.
    standing: Standing,
    leaving: Leaving,
    /// By item number: what a check found, for the run and for another try of it.
    pending: HashMap<u32, (Vec<Reason>, Contents)>,
    /// By item number: how often it was tried again.
    tries: HashMap<u32, u32>,
    /// It was said that a node takes more slots than there are.
    clamped: bool,
    memory: Memory,
    desk: &'w Desk,
    changes: changed::Changes,
    away: away::AwayNow,
    /// How long the commands that ended well have run, all together.
    ran_for: Duration,
    summary: Summary,
    tell: &'w mut dyn FnMut(BuildEvent),
    story: &'w RefCell<Gatherer>,
    begun: Instant,
}

impl<'a> Build<'a, '_> {
    fn work(&mut self, total: usize, request: &Request<'_>) -> Result<(), Trouble> {
        let (shared, jobs) = (self.shared, self.jobs);
        if let Err(trouble) =
            forget_project_sources(&pycache(&shared.project.place), &shared.project.place.root)
        {
            (self.tell)(BuildEvent::Notice(Notice::Trouble(trouble.to_string())));
        }
        if request.plan {
            self.tell_plan(request.keep_going);
        }
        (self.tell)(BuildEvent::Started {
            total,
            fresh: self.summary.fresh,
            jobs: self.jobs,
        });
        self.memory.build_starts(shared.started_ms)?;
        let (sender, receiver) = mpsc::channel();
        let for_interrupts = sender.clone();
        let running = shared.running.clone();
        let _listening = interrupt::listen(move |count, _signal| {
            if count > 1 {
                // At once, also when the loop below is over and only what is left is ended.
                running.stop_all(true);
            }
            let _ = for_interrupts.send(Message::Interrupt { again: count > 1 });
        })?;
        let for_words = sender.clone();
        let _at_the_desk = self.desk.listen(move |word| {
            let _ = for_words.send(Message::Word(word));
        });
        let carried = self.carry_messages(&sender, &receiver);
        let hurry = || shared.running.is_killed();
        let guard = shared.guard.get();
        let count = guard.map_or(0, |guard| guard.end(orphans::GRACE, &hurry));
        if count > 0 && !self.summary.interrupted {
            (self.tell)(BuildEvent::Notice(Notice::LeftAtTheEnd { count }));
        }
        carried?;
        self.settle_the_rest();
        let end = ended::in_numbers(&self.summary, jobs, self.begun.elapsed());
        self.memory.build_ends(Some(&end))
    }

    /// The loop itself. Checks and commands go to the crew.
    fn carry_messages(
        &mut self,
        sender: &mpsc::Sender<Message>,
        receiver: &mpsc::Receiver<Message>,
    ) -> Result<(), Trouble> {
        let shared = self.shared;
        let mut result = Ok(());
        let crew = Crew::new(self.checkers);
        crew.work(sender, |give| {
            loop {
                while let Some(order) = self.scheduler.next(self.elapsed_ms()) {
                    if let Order::Check(item) | Order::Run(item) = order
                        && self.changes.withholds(item)
                    {
                        self.outlook.leaves(item);
                        self.tell_scheduler(News::Withdrawn(item));
                        continue;
                    }
                    match order {
                        Order::Check(item) => {
                            let (node, known) = (self.node(item), self.known_inputs(item));
                            self.tell_checking(item);
                            let sender = sender.clone();
                            let check = move || {
                                let restores = || drop(sender.send(Message::Restores(item)));
                                let checked = check::check(shared, node, &known, &restores);
                                Message::Checked(item, checked)
                            };
                            give(Kind::Check, Box::new(check));
                        }
                        Order::Run(item) => {
                            let run = self.begin(item, &mut result);
                            give(Kind::Command, Box::new(run));
                            // Beside what comes before the start of the command, which waits for it.
                            shared.have_guard();
                        }
                    }
                }
                if self.scheduler.is_done() {
                    return;
                }
                self.tell_ahead();
                let Some(message) = self.wait(receiver) else {
                    self.follow_turn();
                    continue;
                };
                let about = message.item();
                if let Err(trouble) = self.handle(message) {
                    self.end_early(about);
                    result = Err(trouble);
                }
            }
        });
        result
    }

    fn handle(&mut self, message: Message) -> Result<(), Trouble> {
        match message {
            Message::Restores(item) => {
                self.tell_scheduler(News::Restores(item));
                Ok(())
            }
            Message::Checked(item, checked) => self.checked(item, checked),
            Message::Ran(item, ran) => self.ran(item, *ran),
            Message::Word(Word::Changed { paths, act }) => {
                self.sources_changed(&paths, act);
                Ok(())
            }
            Message::Word(Word::Stop) => self.handle(Message::Interrupt { again: false }),
            Message::Interrupt { again } => {
                self.summary.interrupted = true;
                self.shared.running.stop_all(again);
                self.tell_stop(if again { Stop::Kill } else { Stop::Interrupt });
                self.tell_scheduler(News::Interrupted);
                Ok(())
            }
        }
    }

    fn checked(&mut self, item: u32, checked: Checked) -> Result<(), Trouble> {
        self.notices(checked.notices);
        if !matches!(checked.found, CheckFound::MustRun { .. }) {
            self.outlook.leaves(item);
        }
        match checked.found {
            CheckFound::Fresh(settled, origin) => {
                self.summary.fresh += 1;
                self.record_fresh(self.node(item), settled, origin)?;
                self.finished(item, Outcome::Fresh);
                self.tell_scheduler(News::Settled(item));
                self.put_away_what_is_read(item)?;
            }
            CheckFound::Restored(settled) => {
                let saved_ms = settled.result.duration_ms;
                self.summary.restored += 1;
                self.summary.saved_ms += saved_ms;
                self.record(self.node(item), settled, Origin::Restored)?;
                self.finished(item, Outcome::Restored { saved_ms });
                self.tell_scheduler(News::Settled(item));
                self.put_away_what_is_read(item)?;
            }
            CheckFound::MustRun { .. } if self.lacks_inputs(item) => {
                self.leave_for_another_round(item);
            }
            CheckFound::MustRun { reasons, inputs } => {
                self.pending.insert(item, (reasons, inputs));
                self.tell_queued(item);
                self.tell_scheduler(News::MustRun(item));
            }
            CheckFound::Failed(cause) => {
                let failure =
                    Failure::before_start(cause, &self.graph().job(self.node(item)).shown);
                self.failed(item, failure);
            }
        }
        Ok(())
    }

    fn elapsed_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    fn graph(&self) -> &'a Graph {
        &self.shared.project.graph
    }

    fn node(&self, item: u32) -> NodeId {
        self.nodes[item as usize]
    }
}
