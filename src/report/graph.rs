//! `pipe graph`: what the cards of a drawing say, for all of its forms.
//!
//! Does not know how what is shown was chosen, nor where the text goes.

mod dot;
pub(super) mod escape;
mod mermaid;
pub(super) mod page;
pub(super) mod svg;
mod tree;

pub use dot::dot;
pub use mermaid::mermaid;
pub use page::page;
pub use svg::svg;
pub use tree::{Tree, tree};

use super::json::Standing;
use super::units;
use crate::logic::drawing::{Card, Drawing};
use crate::logic::graph::NodeId;
use crate::logic::manifest::Exclusive;
use crate::logic::plan::Forecast;

/// A drawing and what is known of its nodes.
pub struct Picture<'p> {
    /// What stands.
    pub standing: Standing<'p>,
    /// What is shown.
    pub drawing: &'p Drawing,
    /// By node number: the milliseconds that its run is expected to take, and whether that is a guess.
    pub expected: &'p [Option<(u64, bool)>],
    /// What it is of, in a word: the project's folder.
    pub title: &'p str,
}

/// What can be said of a node before anything runs; of several, what needs looking at first is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Fresh,
    Cached,
    MayRun,
    Stale,
    Missing,
}

impl State {
    pub(super) const ALL: [State; 5] = [
        State::Fresh,
        State::Cached,
        State::MayRun,
        State::Stale,
        State::Missing,
    ];

    fn of(forecast: &Forecast) -> State {
        match forecast {
            Forecast::Fresh => State::Fresh,
            Forecast::Restorable(_) => State::Cached,
            Forecast::MayRun(_) => State::MayRun,
            Forecast::Stale(_) => State::Stale,
            Forecast::SourceMissing => State::Missing,
        }
    }

    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Fresh => "fresh",
            State::Cached => "cached",
            State::MayRun => "may run",
            State::Stale => "stale",
            State::Missing => "source missing",
        }
    }

    /// For programs, and the name of its style.
    pub(super) fn code(self) -> &'static str {
        match self {
            State::Fresh => "fresh",
            State::Cached => "cached",
            State::MayRun => "may-run",
            State::Stale => "stale",
            State::Missing => "missing",
        }
    }
}

impl Picture<'_> {
    pub(super) fn state(&self, node: NodeId) -> State {
        let forecast = &self.standing.forecasts[node.0 as usize];
        State::of(forecast.as_ref().expect("what is shown was judged"))
    }

    /// How many nodes of a card are in each state, the most telling state first; states of none are left out.
    pub(super) fn states(&self, card: &Card) -> Vec<(State, usize)> {
        self.counted(card.nodes.iter().copied())
    }

    /// The same for all that is shown.
    pub(super) fn all_states(&self) -> Vec<(State, usize)> {
        self.counted(
            self.drawing
                .cards
                .iter()
                .flat_map(|card| card.nodes.iter().copied()),
        )
    }

    fn counted(&self, nodes: impl Iterator<Item = NodeId>) -> Vec<(State, usize)> {
        let mut counts = [0; State::ALL.len()];
        for node in nodes {
            counts[self.state(node) as usize] += 1;
        }
        let counted = State::ALL.into_iter().zip(counts).rev();
        counted.filter(|(_, count)| *count > 0).collect()
    }

    /// The state in a few words: `stale`, or `3 stale, 9 fresh`.
    pub(super) fn state_words(&self, card: &Card) -> String {
        let states = self.states(card);
        match &*states {
            [(state, _)] => state.word().to_owned(),
            several => {
                let part = |(state, count): &(State, usize)| format!("{count} {}", state.word());
                several.iter().map(part).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// How long the longest of a card's nodes is expected to take, in milliseconds, and whether that is a guess.
    pub(super) fn expected(&self, card: &Card) -> (u64, bool) {
        let of = |node: &NodeId| self.expected[node.0 as usize];
        card.nodes.iter().filter_map(of).max().unwrap_or((0, true))
    }

    /// The expected time in a word; nothing where it is a guess.
    pub(super) fn time_words(&self, card: &Card) -> String {
        match (self.expected(card), card.nodes.len()) {
            ((_, true), _) => String::new(),
            ((ms, false), 1) => units::duration_ms(ms),
            ((ms, false), _) => format!("up to {} each", units::duration_ms(ms)),
        }
    }

    /// `exclusive`, or with the word that nodes share; empty where nothing is exclusive.
    pub(super) fn exclusive_words(&self, card: &Card) -> String {
        match self.standing.graph.exclusive(card.nodes[0]) {
            None => String::new(),
            Some(Exclusive::Alone) => "exclusive".to_owned(),
            Some(Exclusive::Group(word)) => format!("exclusive {word}"),
        }
    }

    /// The name, with the number of instances where there are several.
    pub(super) fn name_words(&self, card: &Card) -> String {
        match card.nodes.len() {
            1 => card.name.clone(),
            count => format!("{} \u{d7}{count}", card.name),
        }
    }

    /// State, time and `exclusive` in a line.
    pub(super) fn facts(&self, card: &Card) -> String {
        let facts = [
            self.state_words(card),
            self.time_words(card),
            self.exclusive_words(card),
        ];
        let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
        facts.join(" \u{b7} ")
    }

    /// What the longest path is and how long, in a sentence without a full stop; nothing where no node is shown.
    pub(super) fn longest_words(&self) -> Option<String> {
        let longest = &self.drawing.longest;
        if longest.nodes.is_empty() {
            return None;
        }
        let time = units::duration_ms(longest.expected_ms);
        let nodes = units::count(longest.nodes.len(), "node");
        let mut words = match longest.is_ahead {
            true => format!("longest path ahead: about {time}, {nodes}"),
            false => format!("longest path, if all ran: about {time}, {nodes}"),
        };
        if longest.guessed > 0 {
            words += &format!(" ({} never ran here)", longest.guessed);
        }
        Some(words)
    }

    /// How much is shown, and in which states.
    pub(super) fn sentence(&self) -> String {
        let counts = self.all_states();
        let total: usize = counts.iter().map(|(_, count)| count).sum();
        let part = |(state, count): &(State, usize)| format!("{count} {}", state.word());
        let parts: Vec<String> = counts.iter().map(part).collect();
        match total {
            0 => "no nodes".to_owned(),
            _ => format!("{}: {}", units::count(total, "node"), parts.join(", ")),
        }
    }
}
