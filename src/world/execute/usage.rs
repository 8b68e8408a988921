//! What a command took of the machine: what the kernel says at its end, put together with what was seen meanwhile.
//!
//! The kernel's figure at the end is the size of the largest single process. And since a command springs from `pipe`
//! by a `vfork`, that figure starts with the size that `pipe` itself has had: up to there it says nothing.

use super::sample::Sample;
use crate::base::record::{Peak, PeakSource, Usage};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use wait4::ResourceUsage;

/// The most memory that this process has held, as last asked for; a lower bound, since it only grows.
static OWN_PEAK: AtomicU64 = AtomicU64::new(0);

/// Both figures together. `counted` is the kernel's at the end, `None` where there is none.
pub(super) fn usage(counted: Option<ResourceUsage>, seen: Sample) -> Usage {
    let cpu = counted.map(|counted| counted.utime + counted.stime);
    let cpu = cpu.map_or(seen.cpu, |cpu| cpu.max(seen.cpu));
    let largest = counted.map_or(0, |counted| counted.maxrss);
    Usage {
        cpu_ms: counted.map(|_| cpu.as_millis() as u64),
        peak: peak_of(largest, seen.bytes, own_peak),
    }
}

fn peak_of(largest: u64, seen: u64, own_peak: impl Fn() -> u64) -> Option<Peak> {
    let (bytes, source) =
        if largest > seen && largest > OWN_PEAK.load(Ordering::Relaxed) && largest > own_peak() {
            (largest, PeakSource::LargestProcess)
        } else {
            (seen, PeakSource::Sampled)
        };
    (bytes > 0).then_some(Peak { bytes, source })
}

/// The most memory that this process has held so far, in bytes; 0 where the system does not say.
fn own_peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let bytes = kib.unwrap_or(0) * 1024;
    OWN_PEAK.fetch_max(bytes, Ordering::Relaxed);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use PeakSource::{LargestProcess, Sampled};

    #[test]
    fn the_larger_figure_counts_and_one_that_may_be_ours_does_not() {
        const GIB: u64 = 1 << 30;
        let peak = |largest, seen, own| {
            peak_of(largest, seen, || own).map(|peak| (peak.bytes, peak.source))
        };
        // Far above what this test process has ever held.
        assert_eq!(
            peak(500 * GIB, 300 * GIB, GIB),
            Some((500 * GIB, LargestProcess))
        );
        assert_eq!(peak(500 * GIB, 800 * GIB, GIB), Some((800 * GIB, Sampled)));
        assert_eq!(
            peak(500 * GIB, 300 * GIB, 500 * GIB),
            Some((300 * GIB, Sampled))
        );
        assert_eq!(peak(500 * GIB, 0, 600 * GIB), None);
        assert_eq!(peak(0, 0, 0), None);
    }

    #[test]
    fn what_was_never_waited_for_counts_when_it_was_seen() {
        let counted = ResourceUsage {
            utime: std::time::Duration::from_millis(30),
            stime: std::time::Duration::from_millis(12),
            maxrss: 0,
        };
        let seen = |ms| Sample {
            bytes: 0,
            cpu: std::time::Duration::from_millis(ms),
        };
        assert_eq!(usage(Some(counted), seen(20)).cpu_ms, Some(42));
        assert_eq!(usage(Some(counted), seen(90)).cpu_ms, Some(90));
        assert_eq!(usage(None, seen(90)).cpu_ms, None);
    }
}
