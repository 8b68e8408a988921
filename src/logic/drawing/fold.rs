//! Nodes become cards: the instances of a matrix one card together, unless each is wanted.
//!
//! Does not know states or places.

use super::{Card, Drawing, Line, Longest, Shape};
use crate::logic::graph::NodeId;
use std::collections::{BTreeMap, HashMap};

/// The drawing of the nodes that `shown` marks. With `unfold`, every instance has a card.
///
/// Instances that need each other by way of other nodes have a card each in any case: folded they would make a circle.
pub fn fold(graph: &impl Shape, shown: &[bool], unfold: bool, longest: Longest) -> Drawing {
    let order: Vec<NodeId> = graph
        .in_order()
        .filter(|node| shown[node.0 as usize])
        .collect();
    let is_together = vec![!unfold; graph.count()];
    let mut cards = Cards::group(graph, &order, &is_together);
    let mut links = cards.links(graph, &order);
    let mut sorted = sorted(cards.lists.len(), &links);
    if sorted.len() < cards.lists.len() {
        let mut is_together = vec![false; graph.count()];
        for node in sorted.iter().flat_map(|&card| &cards.lists[card as usize]) {
            is_together[node.0 as usize] = true;
        }
        cards = Cards::group(graph, &order, &is_together);
        links = cards.links(graph, &order);
        sorted = self::sorted(cards.lists.len(), &links);
    }
    cards.finish(graph, &sorted, &links, longest)
}

/// Which nodes stand on which card.
struct Cards {
    lists: Vec<Vec<NodeId>>,
    of: Vec<Option<u32>>,
}

/// By the cards at its ends: whether a file is read, and how many pairs of nodes there are.
type Links = BTreeMap<(u32, u32), (bool, u32)>;

impl Cards {
    fn group(graph: &impl Shape, order: &[NodeId], is_together: &[bool]) -> Cards {
        let mut lists: Vec<Vec<NodeId>> = Vec::new();
        let mut of = vec![None; graph.count()];
        let mut families: HashMap<&str, u32> = HashMap::new();
        for &node in order {
            let next = lists.len() as u32;
            let is_instance = graph.name_of(node).contains('@') && is_together[node.0 as usize];
            let card = match is_instance {
                true => *families.entry(graph.family_of(node)).or_insert(next),
                false => next,
            };
            if card == next {
                lists.push(Vec::new());
            }
            lists[card as usize].push(node);
            of[node.0 as usize] = Some(card);
        }
        Cards { lists, of }
    }

    fn links(&self, graph: &impl Shape, order: &[NodeId]) -> Links {
        let mut links = Links::new();
        let card = |node: NodeId| self.of[node.0 as usize];
        for &node in order {
            let Some(to) = card(node) else { continue };
            let needs = graph.needs_of(node).map(|need| (need, true));
            let after = graph.after_of(node).map(|other| (other, false));
            for (other, reads) in needs.chain(after) {
                if let Some(from) = card(other)
                    && from != to
                {
                    let link = links.entry((from, to)).or_insert((false, 0));
                    *link = (link.0 || reads, link.1 + 1);
                }
            }
        }
        links
    }

    fn finish(
        self,
        graph: &impl Shape,
        sorted: &[u32],
        links: &Links,
        longest: Longest,
    ) -> Drawing {
        let mut place = vec![0; self.lists.len()];
        for (at, &card) in sorted.iter().enumerate() {
            place[card as usize] = at as u32;
        }
        let card_of: Vec<Option<u32>> = self
            .of
            .iter()
            .map(|card| card.map(|card| place[card as usize]))
            .collect();
        let on_path: Vec<u32> = longest
            .nodes
            .iter()
            .filter_map(|node| card_of[node.0 as usize])
            .collect();
        let mut lists = self.lists;
        let mut cards: Vec<Card> = sorted
            .iter()
            .map(|&card| {
                let nodes = std::mem::take(&mut lists[card as usize]);
                let name = match nodes.len() {
                    1 => graph.name_of(nodes[0]),
                    _ => graph.family_of(nodes[0]),
                };
                Card {
                    name: name.to_owned(),
                    nodes,
                    is_longest: false,
                }
            })
            .collect();
        for &card in &on_path {
            cards[card as usize].is_longest = true;
        }
        let steps: std::collections::HashSet<(u32, u32)> =
            on_path.windows(2).map(|step| (step[0], step[1])).collect();
        let line = |(&(from, to), &(reads, count)): (&(u32, u32), &(bool, u32))| {
            let (from, to) = (place[from as usize], place[to as usize]);
            Line {
                from,
                to,
                reads,
                count,
                is_longest: steps.contains(&(from, to)),
            }
        };
        let mut lines: Vec<Line> = links.iter().map(line).collect();
        lines.sort_unstable_by_key(|line| (line.from, line.to));
        Drawing {
            cards,
            lines,
            card_of,
            longest,
        }
    }
}

/// The cards so that each comes after those that it waits for, the lowest number first; those that wait for themselves
/// are left out, and so is what waits for them.
fn sorted(count: usize, links: &Links) -> Vec<u32> {
    let mut waits = vec![0u32; count];
    for &(_, to) in links.keys() {
        waits[to as usize] += 1;
    }
    let ready = |card: &u32| waits[*card as usize] == 0;
    let mut order: Vec<u32> = (0..count as u32).filter(ready).collect();
    let mut done = 0;
    while let Some(&card) = order.get(done) {
        done += 1;
        for &(_, to) in links
            .range((card, 0)..=(card, u32::MAX))
            .map(|(ends, _)| ends)
        {
            waits[to as usize] -= 1;
            if waits[to as usize] == 0 {
                order.push(to);
            }
        }
    }
    order
}
