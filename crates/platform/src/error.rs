//! The three kinds of no, as a use case meets them.

use crate::issuer_line::NoVerdict;
use store::{Outcome, StoreError};
use tokens::refusal::Refusal;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A business no with a stable code: for the customer.
    #[error("{}", .0.text())]
    Refused(Refusal),
    /// The same request key came with another content.
    #[error("this request was made before with other content")]
    KeyReused,
    /// What came is not what the interface asks for; names the part.
    #[error("{0} is not valid")]
    Invalid(&'static str),
    /// The issuer could not be asked, or did not answer.
    #[error(transparent)]
    Issuer(#[from] NoVerdict),
    /// The records are not to be had now: for the operator.
    #[error("the records are not available")]
    Store(#[source] StoreError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error::Store(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(refusal)
    }
}

/// The answer of an operation, or why there is none.
pub(crate) fn answer<A>(called: Result<Outcome<A, Refusal>, StoreError>) -> Result<A, Error> {
    match called? {
        Outcome::Done(answer) | Outcome::Repeated(answer) => Ok(answer),
        Outcome::Refused(refusal) => Err(Error::Refused(refusal)),
        Outcome::Mismatch => Err(Error::KeyReused),
    }
}
