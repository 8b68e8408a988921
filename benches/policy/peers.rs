//! The policies of others, each in a few lines, and a clock that lives through a build.
//!
//! Models of what the tools do with exclusive nodes, not the tools themselves.

use crate::graphs::Graph;

/// Says what starts next.
pub(crate) trait Policy {
    /// `node` waits for nothing but a slot.
    fn ready(&mut self, node: u32);
    /// One more node to start now.
    fn next(&mut self, now: u64) -> Option<u32>;
    /// `node` has ended.
    fn ended(&mut self, node: u32);
}

/// How long the build takes. Panics when a policy starts too much at once, or nothing while nothing runs.
pub(crate) fn makespan(graph: &Graph, jobs: usize, policy: &mut dyn Policy) -> u64 {
    let mut pending: Vec<usize> = graph.needs.iter().map(Vec::len).collect();
    let mut running: Vec<(u64, u32)> = Vec::new();
    let (mut now, mut done) = (0, 0);
    (0..pending.len())
        .filter(|&node| pending[node] == 0)
        .for_each(|node| policy.ready(node as u32));
    while done < pending.len() {
        while let Some(node) = policy.next(now) {
            running.push((now + graph.takes[node as usize], node));
            let alone = |&(_, other): &(u64, u32)| graph.exclusive[other as usize];
            assert!(running.len() <= jobs, "too many at once");
            assert!(
                running.len() == 1 || !running.iter().any(alone),
                "an exclusive node is not alone"
            );
        }
        let first = running.iter().min().copied();
        let (end, node) = first.expect("it starts nothing while nothing runs");
        running.retain(|&(_, other)| other != node);
        (now, done) = (end, done + 1);
        policy.ended(node);
        for &user in &graph.users[node as usize] {
            pending[user as usize] -= 1;
            if pending[user as usize] == 0 {
                policy.ready(user);
            }
        }
    }
    now
}

/// How a peer treats exclusive nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// First come, first served; the head of the queue waits until it fits, and all others behind it (Buck2, nextest).
    FifoDrain,
    /// Most urgent first; an exclusive node is passed over while anything runs (CTest).
    SkipUntilIdle,
    /// Most urgent first; exclusive nodes only once nothing else can be done (Bazel).
    ExclusiveLast,
    /// Most urgent first; before an exclusive node the slots drain, what will end before the longest runner fills the gap,
    /// and exclusive nodes follow each other. The best of the plain policies.
    DrainFillBatch,
}

/// A peer in the middle of a build.
pub(crate) struct Peer<'a> {
    graph: &'a Graph,
    jobs: usize,
    rule: Rule,
    /// The lower, the earlier.
    order: Vec<u64>,
    queue: Vec<u32>,
    running: Vec<u32>,
    came: u64,
    /// While slots drain: by when what starts must end.
    until: Option<u64>,
    exclusive_ran_last: bool,
    /// When each running node is expected to end.
    ends: Vec<u64>,
}

impl<'a> Peer<'a> {
    pub(crate) fn new(graph: &'a Graph, jobs: usize, rule: Rule) -> Self {
        let paths = graph.paths(&graph.expected);
        Peer {
            graph,
            jobs,
            rule,
            order: paths.into_iter().map(|path| u64::MAX - path).collect(),
            queue: Vec::new(),
            running: Vec::new(),
            came: 0,
            until: None,
            exclusive_ran_last: false,
            ends: vec![0; graph.takes.len()],
        }
    }

    /// What may start by [`Rule::DrainFillBatch`].
    fn fill(&mut self, now: u64) -> Option<u32> {
        let urgency = |node: &u32| (self.order[*node as usize], *node);
        let best = |wanted: &dyn Fn(u32) -> bool| {
            let queue = self.queue.iter().copied().filter(|&node| wanted(node));
            queue.min_by_key(urgency)
        };
        let exclusive = best(&|node| self.is_exclusive(node));
        let first = best(&|_| true);
        let ends = self.running.iter().map(|&node| self.ends[node as usize]);
        let Some(longest) = ends.max() else {
            let follows = self.exclusive_ran_last || self.until.is_some();
            return exclusive.filter(|_| follows).or(first);
        };
        if self.until.is_none() && first != exclusive {
            return first;
        }
        let until = self.until.map_or(longest, |until| until.min(longest));
        let in_time = |node: u32| now + self.graph.expected[node as usize] <= until;
        let fits = best(&|node| !self.is_exclusive(node) && in_time(node));
        self.until = exclusive.map(|_| until);
        fits
    }

    fn is_exclusive(&self, node: u32) -> bool {
        self.graph.exclusive[node as usize]
    }
}

impl Policy for Peer<'_> {
    fn ready(&mut self, node: u32) {
        if self.rule == Rule::FifoDrain {
            self.order[node as usize] = self.came;
            self.came += 1;
        }
        self.queue.push(node);
    }

    fn next(&mut self, now: u64) -> Option<u32> {
        let alone_runs = self.running.iter().any(|&node| self.is_exclusive(node));
        if alone_runs || self.running.len() >= self.jobs {
            return None;
        }
        let idle = self.running.is_empty();
        let filling = match self.rule {
            Rule::DrainFillBatch => self.fill(now),
            _ => None,
        };
        let urgency = |node: &&u32| (self.order[**node as usize], **node);
        let all = self.queue.iter();
        let shared = all.clone().filter(|&&node| !self.is_exclusive(node));
        let node = match self.rule {
            Rule::FifoDrain => all
                .min_by_key(urgency)
                .filter(|&&node| idle || !self.is_exclusive(node)),
            Rule::SkipUntilIdle if idle => all.min_by_key(urgency),
            Rule::SkipUntilIdle => shared.min_by_key(urgency),
            Rule::ExclusiveLast if idle => shared.min_by_key(urgency).or(all.min_by_key(urgency)),
            Rule::ExclusiveLast => shared.min_by_key(urgency),
            Rule::DrainFillBatch => filling.as_ref(),
        };
        let node = *node?;
        self.queue.retain(|&other| other != node);
        self.running.push(node);
        self.ends[node as usize] = now + self.graph.expected[node as usize];
        self.exclusive_ran_last = self.is_exclusive(node);
        self.until = self.until.filter(|_| !self.exclusive_ran_last);
        Some(node)
    }

    fn ended(&mut self, node: u32) {
        self.running.retain(|&other| other != node);
    }
}
