//! A customer leaves with a phone: its cards are deleted, and what is known of phone and customer goes.

use crate::actor::Actor;
use crate::change::{end_enrolment, set_standing};
use crate::records::{
    Customer, CustomerId, Device, DeviceId, DeviceState, Enrolment, EnrolmentState, Life, PhoneConfirmation,
    Standing, Token,
};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// Forgets a phone: its tokens are deleted and their issuers told, its name and keys removed. With the last phone that
/// still counts, the customer goes too: number, recovery code, and phones that were reported lost.
///
/// A deleted token and its sealed card number stay for the retention time, for refunds and reversals; see
/// [`crate::ops::Delete`].
#[derive(Clone, Copy, Debug)]
pub struct ForgetDevice {
    /// Which.
    pub device: DeviceId,
    /// Whose it is.
    pub customer: CustomerId,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// Tokens that were deleted.
    pub tokens: u16,
    /// Whether the customer is forgotten too.
    pub customer: bool,
}

impl Operation for ForgetDevice {
    type Answer = Forgotten;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.forget_device";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Forgotten, Refusal> {
        let customer: Customer = records.find(&self.customer).ok_or(Refusal::CustomerUnknown)?;
        if !customer.devices.contains(&self.device) {
            return Err(Refusal::DeviceUnknown);
        }
        let counts = |records: &mut W, id: &DeviceId| {
            records.find::<Device>(id).is_some_and(|device| device.state == DeviceState::Active)
        };
        let others = customer.devices.iter().filter(|id| **id != self.device);
        let stays = others.into_iter().any(|id| counts(records, id));
        let leaving = if stays { vec![self.device] } else { customer.devices };
        let tokens = leaving.iter().map(|id| self.forget(records, *id, now)).sum();
        // Its lists changed with every token that was deleted.
        let mut customer: Customer = records.find(&self.customer).ok_or(Refusal::CustomerUnknown)?;
        if stays {
            customer.devices.retain(|id| *id != self.device);
            records.put(customer);
        } else {
            forget_customer(records, &customer);
        }
        Ok(Forgotten { tokens, customer: !stays })
    }
}

impl ForgetDevice {
    /// One phone; answers how many tokens were deleted.
    fn forget<W: Records>(&self, records: &mut W, id: DeviceId, now: Timestamp) -> u16 {
        let Some(device) = records.find::<Device>(&id) else { return 0 };
        for enrolment in device.pending {
            if let Some(open) = records.find::<Enrolment>(&enrolment).filter(Enrolment::is_open) {
                end_enrolment(records, open, EnrolmentState::Abandoned, None, now);
            }
        }
        let mut deleted = 0;
        for reference in device.tokens {
            if let Some(token) = records.find::<Token>(&reference) {
                let standing = Standing { life: Life::Deleted, ..token.standing };
                set_standing(records, token, standing, Actor::Customer(self.customer).suspender(), now);
                deleted += 1;
            }
        }
        records.remove::<Device>(&id);
        deleted
    }
}

/// The number stays without an owner: how often codes were sent to it is what keeps others from flooding it.
fn forget_customer<W: Records>(records: &mut W, customer: &Customer) {
    if let Some(known) = records.find::<PhoneConfirmation>(&customer.phone) {
        let owner = known.customer.filter(|owner| *owner != customer.id);
        records.put(PhoneConfirmation { customer: owner, code: None, ..known });
    }
    records.remove::<Customer>(&customer.id);
}
