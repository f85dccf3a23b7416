//! What the token service keeps. Serialised field names are column names; no card number or secret is among
//! them in clear.

pub mod code_day;
pub mod controls;
pub mod customer;
pub mod detokenisation;
pub mod device;
pub mod enrolment;
pub mod keys;
pub mod pan;
pub mod passage;
pub mod phone;
pub mod programme;
pub mod standing;
pub mod state;
pub mod token;
pub mod vault_entry;

pub use code_day::CodeDay;
pub use controls::{Controls, Mode, Modes};
pub use customer::Customer;
pub use detokenisation::{Detokenisation, OperatorDay};
pub use device::{Device, DeviceKeys, DeviceState};
pub use enrolment::{Enrolment, EnrolmentState, Method};
pub use keys::{KeyBatch, RetiredNumber};
pub use pan::{Holding, PanRecord};
pub use passage::{Forestalled, Kind, Outcome, Passage};
pub use phone::{PendingCode, PhoneConfirmation};
pub use programme::{Aid, Programme};
pub use standing::{Life, Standing, Suspender, Suspenders};
pub use state::TokenState;
pub use token::{Assurance, Token};
pub use vault_entry::VaultEntry;

/// Customers are named by identifiers of this kind.
pub type CustomerId = values::Id<values::id::kinds::Customer>;
/// Devices are named by identifiers of this kind.
pub type DeviceId = values::Id<values::id::kinds::Device>;
/// Tokens are named by references of this kind; the number on the wire is a `TokenNumber`.
pub type TokenReference = values::Id<values::id::kinds::Token>;
/// Enrolments are named by identifiers of this kind.
pub type EnrolmentId = values::Id<values::id::kinds::Enrolment>;
