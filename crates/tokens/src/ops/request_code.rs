//! A device asks for a code to prove a telephone number.

use crate::day::Day;
use crate::defences::Defence;
use crate::digest::Digest16;
use crate::policy::Policy;
use crate::records::{Device, DeviceId, DeviceState, PendingCode, PhoneConfirmation};
use crate::refusal::Refusal;
use crate::text::PhoneNumber;
use crypto::hash::HmacKey;
use serde::{Deserialize, Serialize};
use values::time::Zone;
use values::{Operation, Records, Timestamp};

/// The digest under which a code is kept. A code has six digits, so only a keyed digest hides it; the number is
/// inside, so a code for one number is none for another.
pub fn code_digest(key: &HmacKey, phone: &PhoneNumber, code: &[u8]) -> Digest16 {
    let tag = key.tag(&[phone.as_str().as_bytes(), b":", code].concat());
    Digest16::from_tag(&tag)
}

/// Sets a fresh code for a number; the platform sends the text message after the commit.
///
/// A new code ends the one before. Whether the number belongs to somebody makes no difference to the answer.
#[derive(Clone, Debug)]
pub struct RequestCode {
    /// The number.
    pub phone: PhoneNumber,
    /// The device that asks, and alone may answer.
    pub device: DeviceId,
    /// [`code_digest`] of a fresh random code.
    pub digest: Digest16,
    /// Limits.
    pub policy: Policy,
}

/// A code is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSent {
    /// Good until then.
    pub expires: Timestamp,
    /// Guesses the customer has.
    pub tries: u8,
}

impl Operation for RequestCode {
    type Answer = CodeSent;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.request_code";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<CodeSent, Refusal> {
        let device: Device = records.find(&self.device).ok_or(Refusal::DeviceUnknown)?;
        if device.state == DeviceState::Lost {
            return Err(Refusal::DeviceLost);
        }
        let known = records.find::<PhoneConfirmation>(&self.phone);
        let mut phone = known.unwrap_or_else(|| PhoneConfirmation::new(self.phone.clone()));
        phone.sends.retain(|sent| now.since(*sent) < self.policy.code_send_window);
        // Days of a phone number are counted in UTC: it has no other home.
        let day = Day::of(now, Zone::Utc);
        let in_window = phone.sends.len() < self.policy.code_sends;
        let too_many = !in_window || !phone.sent_today.take(day, self.policy.code_sends_daily);
        if too_many && self.policy.defences.stands(Defence::CodeSends) {
            return Err(Refusal::TooManyCodes);
        }
        let expires = now.after(self.policy.code_lifetime);
        let tries = self.policy.code_tries;
        phone.sends.push(now);
        phone.code =
            Some(PendingCode { digest: self.digest, device: self.device, tries_left: tries, expires });
        records.put(phone);
        Ok(CodeSent { expires, tries })
    }
}
