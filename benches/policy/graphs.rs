//! Random layered graphs with log-normal durations, and how fast they could be built at best.
//!
//! Does not know any policy.

/// Nodes of a graph.
const NODES: u32 = 240;
/// Layers that they lie in.
const LAYERS: u32 = 8;
/// Most nodes of the layer before that a node needs.
const MOST_NEEDS: u64 = 2;
/// Spread of the durations: the standard deviation of their logarithm.
const SPREAD: f64 = 0.9;
/// By how much of it at most an estimate is off.
const ERROR: f64 = 0.2;

/// A small generator of random numbers (xorshift64*), so that a seed always gives the same graph.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    /// From 0, not reached, to 1.
    fn unit(&mut self) -> f64 {
        (self.below(1 << 30) + 1) as f64 / (1_u64 << 30) as f64
    }

    /// Normally distributed around 0, with a standard deviation of 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// A graph; nodes are numbers, and each comes after those that it needs.
pub(crate) struct Graph {
    pub(crate) needs: Vec<Vec<u32>>,
    pub(crate) users: Vec<Vec<u32>>,
    pub(crate) exclusive: Vec<bool>,
    /// How long each command takes, in milliseconds.
    pub(crate) takes: Vec<u64>,
    /// How long it is expected to take.
    pub(crate) expected: Vec<u64>,
}

impl Graph {
    /// The graph of this seed, where so many of 1,000 nodes are exclusive.
    pub(crate) fn new(seed: u64, exclusive_per_mille: u64) -> Self {
        let mut random = Random::new(seed);
        let layer = |node: u32| node * LAYERS / NODES;
        let mut needs: Vec<Vec<u32>> = Vec::new();
        for node in 0..NODES {
            let before: Vec<u32> = (0..node)
                .filter(|&other| layer(other) + 1 == layer(node))
                .collect();
            let mut named: Vec<u32> = Vec::new();
            if !before.is_empty() {
                for _ in 0..1 + random.below(MOST_NEEDS) {
                    named.push(before[random.below(before.len() as u64) as usize]);
                }
            }
            named.sort_unstable();
            named.dedup();
            needs.push(named);
        }
        let mut users = vec![Vec::new(); NODES as usize];
        for (node, named) in needs.iter().enumerate() {
            for &need in named {
                users[need as usize].push(node as u32);
            }
        }
        let takes: Vec<f64> = (0..NODES)
            .map(|_| 10_000.0 * (SPREAD * random.normal()).exp())
            .collect();
        Graph {
            needs,
            users,
            exclusive: (0..NODES)
                .map(|_| random.below(1000) < exclusive_per_mille)
                .collect(),
            expected: takes
                .iter()
                .map(|time| (time * (1.0 + ERROR * (2.0 * random.unit() - 1.0))) as u64 + 1)
                .collect(),
            takes: takes.into_iter().map(|time| time as u64 + 1).collect(),
        }
    }

    /// No schedule is shorter: the longest path, or all the work spread evenly over the slots, exclusive nodes apart.
    pub(crate) fn bound(&self, jobs: u64) -> u64 {
        let longest = self.paths(&self.takes).into_iter().max().unwrap_or(0);
        let work = |exclusive: bool| {
            let nodes = self.exclusive.iter().zip(&self.takes);
            nodes
                .filter(|(kind, _)| **kind == exclusive)
                .map(|(_, time)| time)
                .sum::<u64>()
        };
        longest.max(work(true) + work(false).div_ceil(jobs))
    }

    /// The longest way from each node's start to the end.
    pub(crate) fn paths(&self, durations: &[u64]) -> Vec<u64> {
        let mut paths = durations.to_vec();
        for node in (0..paths.len()).rev() {
            let users = self.users[node].iter();
            paths[node] += users.map(|&user| paths[user as usize]).max().unwrap_or(0);
        }
        paths
    }
}
