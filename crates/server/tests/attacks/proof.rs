//! An attack told once and made several times: on a city with every defence, on cities with one of them alone, and on
//! one that has none of them.

use crate::town::{Off, Town};

/// An attack, and what stands in its way.
pub(crate) struct Attack<'a> {
    /// The defences that stop it. Each of them does so alone; without all of them it succeeds.
    pub(crate) stopped_by: &'a [Off],
    /// What comes of it in a city with every defence.
    pub(crate) refused: &'a str,
    /// What comes of it without them.
    pub(crate) gained: &'a str,
    /// Makes it; what came of it, in a word.
    pub(crate) attack: fn(&Town) -> String,
}

impl<'a> Attack<'a> {
    pub(crate) fn new(attack: fn(&Town) -> String, refused: &'a str, gained: &'a str) -> Attack<'a> {
        Attack { stopped_by: &[], refused, gained, attack }
    }

    pub(crate) fn stopped_by(self, stopped_by: &'a [Off]) -> Attack<'a> {
        Attack { stopped_by, ..self }
    }

    /// Sees it refused with every defence, refused by each of them alone, and succeed without them.
    pub(crate) fn prove(&self) {
        assert_ne!(self.refused, self.gained, "refused and succeeding must differ");
        assert!(!self.stopped_by.is_empty());
        assert_eq!(self.made(&[]), self.refused, "with every defence");
        if self.stopped_by.len() > 1 {
            for last in self.stopped_by {
                let others: Vec<Off> = self.stopped_by.iter().filter(|off| *off != last).copied().collect();
                assert_ne!(self.made(&others), self.gained, "{last:?} does not stop it alone");
            }
        }
        assert_eq!(self.made(self.stopped_by), self.gained, "without {:?}", self.stopped_by);
    }

    fn made(&self, without: &[Off]) -> String {
        let town = Town::without(without);
        let found = (self.attack)(&town);
        town.assert_whole();
        found
    }
}
