//! The window of transaction counters: which counters of a token may still be used.
//!
//! It keeps the highest counter seen, which of the 32 counters from there down were seen, through which counter
//! keys were issued, and through which they were revoked. A counter is good once, in any order, as long as it
//! lies in the window. A phone may burn counters that never arrive (a torn tap), so gaps are normal; a jump
//! further than the policy allows is not.

/// What a counter is worth. Only a [`Verdict::Fresh`] one pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen, inside the window, a key was issued for it.
    Fresh,
    /// Seen before.
    Seen,
    /// Below the window: whether it was seen is not known any more.
    TooOld,
    /// Too far above the highest one.
    TooFar,
    /// No key was ever issued for it.
    NotIssued,
    /// Its key was revoked.
    Revoked,
}

/// How many counters below the highest are told apart, the highest included.
pub const DEPTH: u16 = 32;

/// How many of the latest cryptograms are remembered by a short fingerprint.
pub const RECENT: usize = 3;

/// The counters of one token. `Default` is a token without keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The highest counter seen or reported used; 0 is none.
    pub highest: u16,
    /// Bit `i` is set when counter `highest - i` was seen.
    pub seen: u32,
    /// Keys exist up to this counter.
    pub issued_through: u16,
    /// Keys up to this counter were revoked.
    pub revoked_through: u16,
    /// Fingerprints of the cryptograms of `highest`, `highest - 1` ...; 0 is unknown.
    pub recent: [u16; RECENT],
}

impl Window {
    /// What this counter is worth; `ahead_max` is how far above the highest it may lie.
    pub fn judge(&self, counter: u16, ahead_max: u16) -> Verdict {
        if counter == 0 || counter > self.issued_through {
            return Verdict::NotIssued;
        }
        if counter > self.highest && counter - self.highest > ahead_max {
            return Verdict::TooFar;
        }
        if counter <= self.highest {
            match self.highest - counter {
                below if below >= DEPTH => return Verdict::TooOld,
                below if self.seen & (1 << below) != 0 => return Verdict::Seen,
                _ => {}
            }
        }
        if counter <= self.revoked_through { Verdict::Revoked } else { Verdict::Fresh }
    }

    /// Uses a counter up; the caller has judged it. `fingerprint` is [`fingerprint`] of its cryptogram.
    pub fn mark(&mut self, counter: u16, fingerprint: u16) {
        self.advance(counter);
        let below = self.highest - counter;
        if below < DEPTH {
            self.seen |= 1 << below;
        }
        if let Some(place) = self.recent.get_mut(usize::from(below)) {
            *place = fingerprint;
        }
    }

    /// Moves the window up without using anything, because counters up to here were used or revoked elsewhere.
    pub fn advance(&mut self, highest: u16) {
        let Some(step) = highest.checked_sub(self.highest).filter(|step| *step > 0) else { return };
        self.seen = self.seen.checked_shl(u32::from(step)).unwrap_or(0);
        let mut recent = [0; RECENT];
        for (place, old) in self.recent.into_iter().enumerate() {
            if let Some(new) = recent.get_mut(place + usize::from(step)) {
                *new = old;
            }
        }
        self.recent = recent;
        self.highest = highest;
    }

    /// Revokes every key that exists.
    pub fn revoke(&mut self) {
        self.revoked_through = self.issued_through;
    }

    /// The fingerprint remembered for this counter, if it is one of the latest.
    pub fn remembered(&self, counter: u16) -> Option<u16> {
        let below = self.highest.checked_sub(counter)?;
        self.recent.get(usize::from(below)).copied().filter(|known| *known != 0)
    }
}

/// Sixteen bits of a cryptogram, never 0. Equal cryptograms have equal fingerprints, so a replayed one is never
/// mistaken for a second one; two different ones look equal once in 65,535 times.
pub fn fingerprint(cryptogram: &[u8; 8]) -> u16 {
    u16::from_be_bytes([cryptogram[0], cryptogram[1]]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn issued(through: u16) -> Window {
        Window { issued_through: through, ..Window::default() }
    }

    #[test]
    fn counters_jumped_reordered_and_rolled_back() {
        let mut window = issued(500);
        for (counter, expected) in [
            (0, Verdict::NotIssued),
            (1, Verdict::Fresh),
            (1, Verdict::Seen),
            (5, Verdict::Fresh),
            (3, Verdict::Fresh), // out of order, inside the window
            (3, Verdict::Seen),
            (69, Verdict::Fresh),   // 64 ahead: the edge
            (134, Verdict::TooFar), // 65 ahead: the edge and one
            (38, Verdict::Fresh),   // 31 below: the edge
            (37, Verdict::TooOld),  // 32 below: the edge and one
            (2, Verdict::TooOld),
            (501, Verdict::NotIssued),
        ] {
            assert_eq!(window.judge(counter, 64), expected, "{counter} in {window:?}");
            if expected == Verdict::Fresh {
                window.mark(counter, 1);
            }
        }
    }

    #[test]
    fn revoked_counters_stay_dead_and_new_ones_live() {
        let mut window = issued(10);
        window.mark(2, 1);
        window.revoke();
        assert_eq!(window.judge(2, 64), Verdict::Seen);
        assert_eq!((window.judge(1, 64), window.judge(10, 64)), (Verdict::Revoked, Verdict::Revoked));
        window.issued_through = 20;
        assert_eq!(window.judge(11, 64), Verdict::Fresh);
    }

    #[test]
    fn the_last_counter_is_the_last() {
        let mut window = issued(u16::MAX);
        window.advance(u16::MAX - 1);
        assert_eq!(window.judge(u16::MAX, 64), Verdict::Fresh);
        window.mark(u16::MAX, 9);
        assert_eq!(window.judge(u16::MAX, 64), Verdict::Seen);
        assert_eq!(window.remembered(u16::MAX), Some(9));
    }

    proptest! {
        // The model: a set of what was seen, and the highest. No bitmap, no shifting.
        #[test]
        fn the_window_is_the_set(
            steps in prop::collection::vec((0u16..400, any::<bool>(), any::<u16>()), 1..200),
            through in 0u16..400,
        ) {
            let mut window = issued(through);
            let (mut seen, mut highest) = (BTreeSet::new(), 0u16);
            for (counter, reported, print) in steps {
                if reported {
                    // A report never goes beyond what was issued.
                    let to = counter.min(through);
                    window.advance(to);
                    highest = highest.max(to);
                    continue;
                }
                let expected = if counter == 0 || counter > through {
                    Verdict::NotIssued
                } else if counter > highest + 64 {
                    Verdict::TooFar
                } else if counter + 32 <= highest {
                    Verdict::TooOld
                } else if seen.contains(&counter) {
                    Verdict::Seen
                } else {
                    Verdict::Fresh
                };
                prop_assert_eq!(window.judge(counter, 64), expected);
                if expected == Verdict::Fresh {
                    window.mark(counter, print.max(1));
                    seen.insert(counter);
                    highest = highest.max(counter);
                    let in_reach = usize::from(highest - counter) < RECENT;
                    prop_assert_eq!(window.remembered(counter), in_reach.then_some(print.max(1)));
                }
                prop_assert_eq!(window.highest, highest);
            }
        }
    }
}
