//! The checks of a room by name, so that a test can take one away and see the attack succeed that it stops.
//!
//! Each room that stands between an attack and its success names its checks in an enum of its own and asks
//! [`Defences::stands`] where it checks. In a product that is the constant `true`: the set has no size, and nothing
//! can make another one. Only the feature `danger-defences-off` knows `Defences::danger_without`; `cargo xtask tidy`
//! sees that nothing but tests asks for it. `docs/attacks.md` lists every check with the tests that try it.

use std::marker::PhantomData;

/// The checks of one room.
pub trait Check: Copy {
    /// Its place among the checks of its room, below 64.
    fn place(self) -> u32;
}

/// Which checks stand: all of them, except in tests of attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defences<C> {
    #[cfg(feature = "danger-defences-off")]
    off: u64,
    room: PhantomData<C>,
}

impl<C> Defences<C> {
    /// Every check stands.
    pub const ALL: Defences<C> = Defences {
        #[cfg(feature = "danger-defences-off")]
        off: 0,
        room: PhantomData,
    };
}

impl<C> Default for Defences<C> {
    fn default() -> Self {
        Defences::ALL
    }
}

impl<C: Check> Defences<C> {
    /// Takes one check away, to show that an attack then succeeds.
    #[cfg(feature = "danger-defences-off")]
    #[must_use]
    pub fn danger_without(mut self, check: C) -> Defences<C> {
        self.off |= 1 << check.place();
        self
    }

    /// Whether this check is in force.
    #[inline(always)]
    pub fn stands(&self, check: C) -> bool {
        #[cfg(feature = "danger-defences-off")]
        return self.off & (1 << check.place()) == 0;
        #[cfg(not(feature = "danger-defences-off"))]
        {
            let _ = check;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Door {
        Front,
        Back,
    }

    impl Check for Door {
        fn place(self) -> u32 {
            self as u32
        }
    }

    #[test]
    fn one_check_is_taken_away_and_no_other() {
        let open = Defences::ALL.danger_without(Door::Back);
        assert!(open.stands(Door::Front) && !open.stands(Door::Back));
        assert!(Defences::ALL.stands(Door::Front) && Defences::ALL.stands(Door::Back));
        assert_eq!(Defences::<Door>::default(), Defences::ALL);
        let nothing = open.danger_without(Door::Front);
        assert!(!nothing.stands(Door::Front) && !nothing.stands(Door::Back));
    }
}
