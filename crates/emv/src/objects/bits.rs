//! Flags with names: a bit of a byte of an object, and what it means when it is 1.

use std::marker::PhantomData;

/// One flag of the object `T`. Bytes count from 1, bits from 8 (highest) to 1, as in the specifications.
pub struct Bit<T> {
    pub(crate) byte: u8,
    pub(crate) bit: u8,
    pub(crate) meaning: &'static str,
    pub(crate) of: PhantomData<fn() -> T>,
}

impl<T> Clone for Bit<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Bit<T> {}

impl<T> Bit<T> {
    /// The byte it stands in, counted from 1.
    pub fn byte(self) -> u8 {
        self.byte
    }

    /// Its place, 8 (highest) to 1.
    pub fn bit(self) -> u8 {
        self.bit
    }

    /// What it says when it is 1.
    pub fn meaning(self) -> &'static str {
        self.meaning
    }
}

/// Declares a bit-mapped object: its bytes, its named flags and how they are read and set.
macro_rules! bit_object {
    ($(#[$doc:meta])* $name:ident [$length:literal] { $($flag:ident = $byte:literal:$bit:literal $meaning:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            $(
                #[doc = concat!("Byte ", stringify!($byte), " bit ", stringify!($bit), ": ", $meaning, ".")]
                pub const $flag: $crate::objects::Bit<$name> = $crate::objects::Bit {
                    byte: $byte, bit: $bit, meaning: $meaning, of: std::marker::PhantomData,
                };
            )*

            /// All named flags, in the order of their bytes.
            pub const FLAGS: &'static [$crate::objects::Bit<$name>] = &[$($name::$flag),*];

            /// The object by its bytes; every combination is legal.
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                $name(bytes)
            }

            /// The object by a value of exactly the right length.
            pub fn parse(value: &[u8]) -> Option<Self> {
                value.try_into().ok().map($name)
            }

            /// Its bytes.
            pub const fn to_bytes(self) -> [u8; $length] {
                self.0
            }

            /// Its bytes, borrowed.
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Whether this flag is 1.
            pub fn has(self, flag: $crate::objects::Bit<$name>) -> bool {
                self.0[usize::from(flag.byte) - 1] & 1 << (flag.bit - 1) != 0
            }

            /// The same with this flag set to 1.
            #[must_use]
            pub fn with(mut self, flag: $crate::objects::Bit<$name>) -> Self {
                self.0[usize::from(flag.byte) - 1] |= 1 << (flag.bit - 1);
                self
            }

            /// The same with this flag set to 0.
            #[must_use]
            pub fn without(mut self, flag: $crate::objects::Bit<$name>) -> Self {
                self.0[usize::from(flag.byte) - 1] &= !(1 << (flag.bit - 1));
                self
            }

            /// The meanings of all flags that are 1.
            pub fn meanings(self) -> impl Iterator<Item = &'static str> {
                Self::FLAGS.iter().filter(move |flag| self.has(**flag)).map(|flag| flag.meaning())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode_upper(self.0))
            }
        }
    };
}

pub(crate) use bit_object;
