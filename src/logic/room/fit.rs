//! Which results go into a file that may take only so much: those that save most time for the room that they take.
//!
//! Knows numbers only. The same parcels in the same order give the same choice.

/// What one node is restored from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// How long its command ran, in milliseconds.
    pub saves_ms: u64,
    /// What it takes by itself, in bytes, its blobs not counted.
    pub size: u64,
    /// The blobs that it needs, by number, each once.
    pub blobs: Vec<u32>,
}

/// For each parcel whether it goes in, so that all that do take at most `most` bytes; `blobs` are sizes by number. A blob
/// that several need counts once.
pub fn fit(parcels: &[Parcel], blobs: &[u64], most: u64) -> Vec<bool> {
    let whole = |parcel: &Parcel| {
        let blobs = parcel.blobs.iter().map(|&blob| blobs[blob as usize]);
        u128::from(blobs.fold(parcel.size, u64::saturating_add).max(1))
    };
    let wholes: Vec<u128> = parcels.iter().map(whole).collect();
    let mut order: Vec<usize> = (0..parcels.len()).collect();
    // The most saved for a byte first: a / b before c / d where a * d > c * b.
    order.sort_by(|&one, &other| {
        let saves = |number: usize| u128::from(parcels[number].saves_ms);
        let (one_worth, other_worth) = (saves(one) * wholes[other], saves(other) * wholes[one]);
        other_worth.cmp(&one_worth).then(one.cmp(&other))
    });
    let mut chosen = vec![false; parcels.len()];
    let mut held = vec![false; blobs.len()];
    let mut taken = 0_u64;
    for number in order {
        let parcel = &parcels[number];
        let new = parcel.blobs.iter().filter(|&&blob| !held[blob as usize]);
        let sizes = new.map(|&blob| blobs[blob as usize]);
        let total = sizes.fold(taken.saturating_add(parcel.size), u64::saturating_add);
        if total > most {
            continue;
        }
        (taken, chosen[number]) = (total, true);
        for &blob in &parcel.blobs {
            held[blob as usize] = true;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(saves_ms: u64, blobs: &[u32]) -> Parcel {
        Parcel {
            saves_ms,
            size: 1,
            blobs: blobs.to_vec(),
        }
    }

    #[test]
    fn what_saves_most_for_its_room_goes_first() {
        let blobs = [99, 9, 49];
        let parcels = [parcel(100, &[0]), parcel(100, &[1]), parcel(100, &[2])];
        assert_eq!(fit(&parcels, &blobs, 160), [true, true, true]);
        assert_eq!(fit(&parcels, &blobs, 159), [false, true, true]);
        // What is too large leaves its room to others.
        assert_eq!(fit(&parcels, &blobs, 49), [false, true, false]);
        assert_eq!(fit(&parcels, &blobs, 9), [false; 3]);
        let long = [parcel(5000, &[0]), parcel(100, &[1])];
        assert_eq!(fit(&long, &blobs, 100), [true, false]);
    }

    #[test]
    fn what_two_need_counts_once() {
        let parcels = [parcel(10, &[0]), parcel(10, &[0, 1])];
        assert_eq!(fit(&parcels, &[100, 10], 112), [true, true]);
        assert_eq!(fit(&parcels, &[100, 10], 111), [true, false]);
    }

    #[test]
    fn of_equals_the_first_goes_in() {
        let parcels = [parcel(0, &[0]), parcel(0, &[1])];
        assert_eq!(fit(&parcels, &[5, 5], 6), [true, false]);
        assert_eq!(fit(&parcels, &[u64::MAX, 5], 6), [false, true]);
    }
}
