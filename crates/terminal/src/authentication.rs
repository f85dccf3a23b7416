//! Offline data authentication: is the card what its issuer made, and did it sign this sale?

use crate::outcome::Reason;
use crate::sheet::Sheet;
use emv::objects::TrackTwo;

/// fDDA: the signature came with the answer (JR/T 0025.12, 8.3).
pub(crate) fn fast(_sheet: &mut Sheet, _track: &TrackTwo) -> Result<(), Reason> {
    Err(Reason::AuthenticationFailed)
}
