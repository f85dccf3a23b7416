//! The operations of the token service, one small file each. `store` executes them; each is a pure function of
//! records and `now`.

pub mod arrange;
pub mod begin_enrolment;
pub mod choose_method;
pub mod conclude_enrolment;
pub mod conclude_step_up;
pub mod confirm_phone;
pub mod define;
pub mod delete;
pub mod end_enrolment;
pub mod expire;
pub mod forget_device;
pub mod grant;
pub mod issue_keys;
pub mod issuer_event;
pub mod purge;
pub mod register_device;
pub mod report_lost;
pub mod request_code;
pub mod rewrap;
pub mod skip_keys;
pub mod suspend;

pub use arrange::{Arrange, Arrangement};
pub use begin_enrolment::{BeginEnrolment, Begun};
pub use choose_method::{ChooseMethod, Chosen};
pub use conclude_enrolment::{Candidate, ConcludeEnrolment, Concluded, Decision, Provision};
pub use conclude_step_up::{ConcludeStepUp, Proof, SteppedUp};
pub use confirm_phone::{ConfirmPhone, Confirmation};
pub use define::{AssignControls, DefineControls, DefineProgramme};
pub use delete::Delete;
pub use end_enrolment::{EndEnrolment, Ending};
pub use expire::Expire;
pub use forget_device::{ForgetDevice, Forgotten};
pub use grant::{Grant, Granted};
pub use issue_keys::{IssueKeys, Issued};
pub use issuer_event::{IssuerEvent, Lifecycle, Replacement, Resealed};
pub use purge::{ForgetForestalled, Purge};
pub use register_device::RegisterDevice;
pub use report_lost::{ReportLost, Reported, Reporter};
pub use request_code::{CodeSent, RequestCode};
pub use rewrap::Rewrap;
pub use skip_keys::SkipKeys;
pub use suspend::{Resume, Suspend};

use serde::{Deserialize, Serialize};

/// An answer with nothing in it: it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done;

/// Topics of the messages that operations leave for delivery.
pub mod topics {
    /// The token's device is to be told of its new state; the body is the token's reference as text.
    pub const TOKEN_CHANGED: &str = "token_changed";
    /// The issuer is to be told of the token's new state; the body is a [`crate::notice::TokenNotice`].
    pub const ISSUER_NOTICE: &str = "issuer_notice";
    /// A timer: run `EndEnrolment` with `Ending::Expired`; the body is the enrolment's id as text.
    pub const ENROLMENT_EXPIRES: &str = "enrolment_expires";
    /// A timer: run `ForgetForestalled`; the body is the message's digest as text.
    pub const FORESTALLED_EXPIRES: &str = "forestalled_expires";
}
