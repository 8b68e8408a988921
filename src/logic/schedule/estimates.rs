//! How long commands are expected to run, from how long they ran.
//!
//! Knows numbers only: where the times come from is the caller's business.

use std::collections::HashMap;

/// So many of the last runs count.
const RECENT: usize = 5;
/// Where nothing is known at all, every command is taken to run so long, in milliseconds.
const NOTHING_KNOWN: u64 = 1000;

/// What to expect after these runs, the last one first: the median of the last few, so that one run on a busy machine
/// says little. Milliseconds, at least 1.
pub fn typical(durations_ms: impl Iterator<Item = u64>) -> Option<u64> {
    let mut recent: Vec<u64> = durations_ms.take(RECENT).collect();
    median(&mut recent).map(|duration| duration.max(1))
}

/// Fills the gaps: a node of which nothing is known takes as long as the median of its family, the instances of one
/// matrix node, and where nothing is known of these either, as the median of all. `families` are numbers, one a node.
pub fn filled(known: &[Option<u64>], families: &[u32]) -> Vec<u64> {
    let mut all: Vec<u64> = known.iter().flatten().copied().collect();
    let else_all = median(&mut all).unwrap_or(NOTHING_KNOWN);
    if all.len() == known.len() {
        return known.iter().flatten().copied().collect();
    }
    let mut of_family: HashMap<u32, Vec<u64>> = HashMap::new();
    for (known, &family) in known.iter().zip(families) {
        of_family.entry(family).or_default().extend(known);
    }
    let guesses: HashMap<u32, u64> = of_family
        .into_iter()
        .map(|(family, mut times)| (family, median(&mut times).unwrap_or(else_all)))
        .collect();
    let of_node = |(known, family): (&Option<u64>, &u32)| known.unwrap_or(guesses[family]);
    known.iter().zip(families).map(of_node).collect()
}

/// Of two in the middle the longer: too long a guess costs a gap, too short a one makes others wait.
fn median(times: &mut [u64]) -> Option<u64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_run_changes_nothing() {
        let expect = |runs: &[u64]| typical(runs.iter().copied());
        assert_eq!(expect(&[]), None);
        assert_eq!(expect(&[0]), Some(1));
        assert_eq!(expect(&[7, 3]), Some(7));
        assert_eq!(expect(&[9000, 10, 11]), Some(11));
        assert_eq!(expect(&[12, 9000, 10, 11, 10]), Some(11));
        assert_eq!(expect(&[5, 5, 5, 9, 9, 9, 9, 9, 9]), Some(5), "it is new");
    }

    #[test]
    fn siblings_say_more_than_strangers() {
        let known = [
            Some(10),
            None,
            Some(30),
            Some(20),
            None,
            Some(500),
            Some(600),
        ];
        let families = [0, 0, 0, 0, 1, 2, 2];
        assert_eq!(filled(&known, &families), [10, 20, 30, 20, 30, 500, 600]);
        assert_eq!(filled(&[None, None], &[0, 1]), [1000, 1000]);
        assert_eq!(filled(&[], &[]), [0; 0]);
    }
}
