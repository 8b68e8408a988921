//! How many nodes are in each state, as numbers and in a sentence.
//!
//! Does not know the nodes.

use super::units;
use crate::logic::plan::Forecast;
use crate::logic::plan::forecast::Away;
use serde::Serialize;

/// How many nodes are in each state.
#[derive(Default, Serialize)]
pub(in crate::report) struct Counts {
    pub(super) fresh: usize,
    /// Fresh ones whose outputs do not stand.
    away: usize,
    #[serde(rename = "cached")]
    pub(super) restorable: usize,
    pub(super) stale: usize,
    #[serde(rename = "may-run")]
    pub(super) may_run: usize,
    pub(super) missing: usize,
}

impl Counts {
    pub(in crate::report) fn of(forecasts: &[Option<Forecast>], away: &Away) -> Self {
        let mut counts = Counts {
            away: away.len(),
            ..Counts::default()
        };
        for forecast in forecasts.iter().flatten() {
            *match forecast {
                Forecast::Fresh => &mut counts.fresh,
                Forecast::Restorable(_) => &mut counts.restorable,
                Forecast::Stale(_) => &mut counts.stale,
                Forecast::MayRun(_) => &mut counts.may_run,
                Forecast::SourceMissing => &mut counts.missing,
            } += 1;
        }
        counts
    }

    pub(super) fn not_fresh(&self) -> usize {
        self.restorable + self.stale + self.may_run + self.missing
    }

    pub(super) fn sentence(&self) -> String {
        let total = self.fresh + self.not_fresh();
        if self.not_fresh() == 0 {
            return match total {
                0 => "there are no nodes".to_owned(),
                1 => "1 node is fresh".to_owned(),
                _ => format!("all {total} nodes are fresh{}", units::away(self.away)),
            };
        }
        let mut parts = vec![format!("{} fresh{}", self.fresh, units::away(self.away))];
        let rest = [
            (self.stale, "stale"),
            (self.may_run, "may run"),
            (self.restorable, "to restore from the cache"),
            (self.missing, "with missing sources"),
        ];
        parts.extend(
            rest.iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, word)| format!("{count} {word}")),
        );
        format!("{}: {}", units::count(total, "node"), parts.join(", "))
    }
}
