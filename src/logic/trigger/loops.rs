//! Circles that no graph shows: a file that changes in every build, most likely by a command that the build runs.
//!
//! Does not know who wrote a file; nobody can tell. It counts.

use crate::base::path::ProjectPath;
use std::collections::BTreeMap;
use std::time::Duration;

/// So many builds in a row, each asked for by nothing but changes during the one before, make a circle.
const MOST: u32 = 4;
/// The pause after that, doubled each time.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How often each file changed during builds that only such changes had asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loops {
    counts: BTreeMap<ProjectPath, u32>,
}

impl Loops {
    /// A build is over, and these sources changed while it ran. Which of them have done so in too many builds in a row, and
    /// how long the next build should wait, longer each time. It is never given up: somebody may have edited the file.
    pub fn built(&mut self, changed: &[ProjectPath]) -> (Vec<ProjectPath>, Duration) {
        self.counts.retain(|path, _| changed.contains(path));
        for path in changed {
            *self.counts.entry(path.clone()).or_insert(0) += 1;
        }
        let in_a_circle = self.counts.iter().filter(|(_, count)| **count >= MOST);
        let paths = in_a_circle.map(|(path, _)| path.clone()).collect();
        let most = self.counts.values().max().copied().unwrap_or(0);
        let pause = FIRST * (1 << most.saturating_sub(MOST).min(10));
        (paths, pause.min(LONGEST))
    }

    /// Somebody changed something while nothing ran: that is work, and no circle.
    pub fn reset(&mut self) {
        self.counts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_file_again_and_again_is_a_circle() {
        let (a, b) = (ProjectPath::from_normal("a"), ProjectPath::from_normal("b"));
        let mut loops = Loops::default();
        for _ in 1..MOST {
            assert!(loops.built(std::slice::from_ref(&a)).0.is_empty());
        }
        assert_eq!(
            loops.built(&[a.clone(), b.clone()]),
            (vec![a.clone()], FIRST)
        );
        assert_eq!(loops.built(&[a.clone(), b.clone()]).1, FIRST * 2);
        assert!(loops.built(&[b]).0.is_empty(), "a has come to rest");
        assert!(loops.built(std::slice::from_ref(&a)).0.is_empty());
        loops.reset();
        assert_eq!(loops, Loops::default());
    }
}
