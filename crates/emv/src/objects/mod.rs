//! Data objects as typed values.
//!
//! Read `bits` (how flags are named), `qualifiers` (TTQ, CTQ), `results` (TVR, TSI, AIP, CID, card
//! verification results), `numbers` (amounts, dates, codes), `issuer_data` (tag 9F10), `track_two`.

mod bits;
mod issuer_data;
mod numbers;
mod qualifiers;
mod results;
mod track_two;

pub use bits::Bit;
pub use issuer_data::{
    AlgorithmId, CryptogramVersion, Discretionary, DiscretionaryKind, IssuerApplicationData, IssuerDataError,
};
pub use numbers::{
    Aid, Amount, Atc, CodeN3, Date, NotDigits, SequenceNumber, TransactionType, UnpredictableNumber,
};
pub use qualifiers::{Ctq, Ttq};
pub use results::{Aip, Cid, CryptogramKind, Cvr, Tsi, Tvr};
pub use track_two::{TrackTwo, TrackTwoError};
