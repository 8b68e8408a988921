//! When a watch builds again. A plain value that is told the time: changes in, a moment out.
//!
//! Does not know what changed, nor what the disk or the watcher is; what it is told are hints, and the content decides.

mod loops;
mod names;
mod news;

pub use loops::Loops;
pub use names::is_temporary;
pub use news::{News, Polling};

use std::time::Duration;

/// How long it has to be quiet after a change, and after what time changes that never cease are followed all the same, by
/// how many there were since the quiet ended: one save is followed at once; a checkout or an archive that is being
/// unpacked is waited for, since half of it is no state that anybody wants built.
const SETTLES: [(usize, Duration, Duration); 3] = [
    (16, Duration::from_millis(20), Duration::from_secs(1)),
    (256, Duration::from_millis(60), Duration::from_secs(1)),
    (
        usize::MAX,
        Duration::from_millis(120),
        Duration::from_secs(10),
    ),
];

/// The settle timer. Times count from any one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trigger {
    burst: Option<Burst>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Burst {
    first: Duration,
    last: Duration,
    changes: usize,
}

impl Trigger {
    /// Something changed at `now`.
    pub fn hear(&mut self, now: Duration) {
        let burst = self.burst.get_or_insert(Burst {
            first: now,
            last: now,
            changes: 0,
        });
        burst.last = now;
        burst.changes = burst.changes.saturating_add(1);
    }

    /// When it will have settled if nothing more is heard; `None` while all is quiet.
    pub fn due(&self) -> Option<Duration> {
        let burst = self.burst.as_ref()?;
        let fits = |(most, ..): &&(usize, Duration, Duration)| burst.changes <= *most;
        let (_, quiet, longest) = *SETTLES.iter().find(fits)?;
        Some((burst.last + quiet).min(burst.first + longest))
    }

    /// Whether it has settled at `now`; if so, it begins anew.
    pub fn fires(&mut self, now: Duration) -> bool {
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due {
            self.burst = None;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_fires_once_when_it_is_quiet() {
        let mut trigger = Trigger::default();
        assert_eq!((trigger.due(), trigger.fires(ms(5))), (None, false));
        trigger.hear(ms(10));
        trigger.hear(ms(25));
        assert!(!trigger.fires(ms(44)), "quiet counts from the last change");
        assert_eq!(trigger.due(), Some(ms(45)));
        assert!(trigger.fires(ms(45)));
        assert!(!trigger.fires(ms(1000)), "one build for one burst");
    }

    #[test]
    fn a_few_changes_that_never_cease_are_followed_after_a_second() {
        let mut trigger = Trigger::default();
        for change in 0..100 {
            trigger.hear(ms(change * 10));
            assert!(!trigger.fires(ms(change * 10)), "{change}");
        }
        assert_eq!(trigger.due(), Some(ms(1000)), "the first change was at 0");
    }

    #[test]
    fn a_burst_is_waited_for_but_not_for_ever() {
        let mut trigger = Trigger::default();
        for change in 0..17 {
            trigger.hear(ms(change));
        }
        assert_eq!(trigger.due(), Some(ms(16 + 60)));
        for change in 17..10_000 {
            trigger.hear(ms(change));
            assert!(!trigger.fires(ms(change)), "{change}");
        }
        assert_eq!(trigger.due(), Some(ms(10_000)), "the first change was at 0");
        assert!(trigger.fires(ms(10_000)));
    }
}
