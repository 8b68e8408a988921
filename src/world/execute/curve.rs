//! What all running commands held together over time, thinned so that a long build costs no more than a short one.
//!
//! Does not look at anything itself.

use std::time::{Duration, Instant};

/// So many points are kept at most; then every two become one.
const MOST: usize = 2048;

/// Moments and bytes.
#[derive(Debug, Default)]
pub(super) struct Curve {
    points: Vec<(Instant, u64)>,
    /// Points closer to each other than this become one.
    step: Duration,
}

impl Curve {
    /// Takes a look's sum. Of looks that become one point, the most is kept.
    pub(super) fn push(&mut self, at: Instant, bytes: u64) {
        if let Some(last) = self.points.last_mut()
            && at.saturating_duration_since(last.0) < self.step
        {
            last.1 = last.1.max(bytes);
            return;
        }
        self.points.push((at, bytes));
        if self.points.len() < MOST {
            return;
        }
        let pairs = self.points.chunks(2);
        let most = |pair: &[(Instant, u64)]| {
            (
                pair[0].0,
                pair.iter().map(|point| point.1).max().unwrap_or(0),
            )
        };
        self.points = pairs.map(most).collect();
        let whole = self.points[self.points.len() - 1]
            .0
            .saturating_duration_since(self.points[0].0);
        self.step = whole / (MOST as u32 / 2);
    }

    pub(super) fn points(&self) -> &[(Instant, u64)] {
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::clock;

    #[test]
    fn a_long_build_keeps_its_peak_in_few_points() {
        let (begun, mut curve) = (clock::instant(), Curve::default());
        for look in 0..100_000_u64 {
            let bytes = if look == 77_777 { 9000 } else { look % 7 };
            curve.push(begun + Duration::from_millis(100 * look), bytes);
        }
        let points = curve.points();
        assert!((MOST / 2..MOST).contains(&points.len()), "{}", points.len());
        let peak = points.iter().max_by_key(|point| point.1).unwrap();
        assert_eq!(peak.1, 9000);
        let off = (begun + Duration::from_millis(7_777_700)).saturating_duration_since(peak.0);
        assert!(off < Duration::from_secs(20), "{off:?}");
        assert!(points.is_sorted_by_key(|point| point.0));
    }
}
