//! How well the scheduler uses the slots when some nodes are exclusive: how long random builds take, over the shortest
//! time that can be thought of, beside what other tools do. And what its decisions cost in graphs of 100,000 nodes.
//!
//! `cargo bench --bench policy` prints two tables. The first depends on nothing but the code.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark prints and measures time"
)]

mod cost;
mod graphs;
mod peers;

use graphs::Graph;
use peers::{Peer, Policy, Rule, makespan};
use pipe::logic::schedule::{Demand, Item, Limits, News, Order, Scheduler};

/// How many graphs are built in each setting.
const SEEDS: u64 = 120;
/// Exclusive nodes per mille, and jobs.
const SETTINGS: [(u64, u32); 4] = [(10, 4), (10, 16), (50, 4), (50, 16)];

type Start = fn(&Graph, u32) -> Box<dyn Policy + '_>;

fn main() {
    let rows: [(&str, Start); 5] = [
        ("FIFO drain", |graph, jobs| {
            peer(graph, jobs, Rule::FifoDrain)
        }),
        ("skip until idle", |graph, jobs| {
            peer(graph, jobs, Rule::SkipUntilIdle)
        }),
        ("exclusive last", |graph, jobs| {
            peer(graph, jobs, Rule::ExclusiveLast)
        }),
        ("drain, fill, batch", |graph, jobs| {
            peer(graph, jobs, Rule::DrainFillBatch)
        }),
        ("pipe", |graph, jobs| Box::new(Ours::new(graph, jobs))),
    ];
    println!("Mean time of {SEEDS} builds over the lower bound:\n");
    print!("| policy |");
    for (exclusive, jobs) in SETTINGS {
        print!(" {} % exclusive, {jobs} jobs |", exclusive / 10);
    }
    println!("\n|---|{}", "---|".repeat(SETTINGS.len()));
    for (name, start) in rows {
        print!("| {name} |");
        for (exclusive, jobs) in SETTINGS {
            print!(" {:.3} |", mean(start, exclusive, jobs));
        }
        println!();
    }
    cost::table();
}

fn mean(start: Start, exclusive: u64, jobs: u32) -> f64 {
    let over = |seed| {
        let graph = Graph::new(seed, exclusive);
        let took = makespan(&graph, jobs as usize, start(&graph, jobs).as_mut());
        took as f64 / graph.bound(u64::from(jobs)) as f64
    };
    (0..SEEDS).map(over).sum::<f64>() / SEEDS as f64
}

fn peer(graph: &Graph, jobs: u32, rule: Rule) -> Box<dyn Policy + '_> {
    Box::new(Peer::new(graph, jobs as usize, rule))
}

/// The scheduler that builds are made with. Its checks take no time, and each finds that the command has to run.
struct Ours(Scheduler);

impl Ours {
    fn new(graph: &Graph, jobs: u32) -> Self {
        let item = |node: usize| Item {
            needs: graph.needs[node].clone(),
            after: Vec::new(),
            demand: Demand {
                alone: graph.exclusive[node],
                ..Demand::default()
            },
            weight: graph.expected[node],
        };
        let items: Vec<Item> = (0..graph.needs.len()).map(item).collect();
        let limits = Limits {
            jobs,
            keep_going: false,
            resources: Vec::new(),
        };
        Ours(Scheduler::new(&limits, &items))
    }
}

impl Policy for Ours {
    /// It sees by itself what is ready.
    fn ready(&mut self, _node: u32) {}

    fn next(&mut self, now: u64) -> Option<u32> {
        loop {
            match self.0.next(now)? {
                Order::Check(item) => self.0.tell(News::MustRun(item)),
                Order::Run(item) => return Some(item),
            }
        }
    }

    fn ended(&mut self, node: u32) {
        self.0.tell(News::Ran(node));
    }
}
