//! Binding a phone: it registers its keys, and proves its telephone number by a code that came as a text message.

use crate::error::{Error, answer};
use crate::token_service::TokenService;
use store::Value;
use store::rooms::tokens::TOKENS_OF_CUSTOMER;
use tokens::digest::Digest16;
use tokens::ops::request_code::code_digest;
use tokens::ops::{
    CodeSent, ConfirmPhone, Confirmation, ForgetDevice, Forgotten, RegisterDevice, RequestCode,
};
use tokens::records::{
    Customer, CustomerId, Device, DeviceId, DeviceKeys, DeviceState, Token, TokenReference,
};
use tokens::refusal::Refusal;
use tokens::text::{Name, PhoneNumber};
use values::SecretBytes;

/// So many tokens of one customer are told of at once; few have a tenth of them in a life.
const TOKENS_MOST: i64 = 1_000;

/// A number that was confirmed.
#[derive(Debug)]
pub enum Confirmed {
    /// The device is active.
    Bound {
        /// Whose it is.
        customer: CustomerId,
        /// For a new customer: what they keep elsewhere against the loss of the phone. Shown once.
        recovery_code: Option<SecretBytes>,
    },
    /// The code was wrong.
    Wrong {
        /// Guesses left.
        tries_left: u8,
    },
}

impl TokenService {
    /// Registers a device and sends a code to the number it claims.
    pub fn register_device(&self, phone: &str, name: &str, keys: DeviceKeys) -> Result<DeviceId, Error> {
        let phone = PhoneNumber::parse(phone).map_err(|_| Error::Invalid("/phone_number"))?;
        let name = Name::parse(name).map_err(|_| Error::Invalid("/name"))?;
        let device = self.mint();
        answer(self.store.call(RegisterDevice { device, name, keys }))?;
        self.send_device_code(device, &phone)?;
        Ok(device)
    }

    /// Sends a fresh code; the one before is void.
    pub fn send_device_code(&self, device: DeviceId, phone: &PhoneNumber) -> Result<CodeSent, Error> {
        let code = six_digits(crypto::random::bytes());
        let digest = code_digest(self.keys.codes(), phone, code.expose());
        let request = RequestCode { phone: phone.clone(), device, digest, policy: self.policy };
        let sent = answer(self.store.call(request))?;
        let digits = str::from_utf8(code.expose()).expect("digits are ASCII");
        let text = format!(
            "Paiza: {digits} binds this number to a phone. Valid 3 minutes. Nobody from Paiza will ask for it."
        );
        let id = format!("device-code.{device}.{}", hex::encode(digest.0));
        self.texting.send(&id, phone.as_str(), &text);
        Ok(sent)
    }

    /// Takes the customer's guess at the code.
    pub fn confirm_device(&self, device: DeviceId, phone: &str, code: &[u8]) -> Result<Confirmed, Error> {
        let phone = PhoneNumber::parse(phone).map_err(|_| Error::Invalid("/phone_number"))?;
        let recovery_code = recovery_code(crypto::random::bytes());
        let confirm = ConfirmPhone {
            guess: code_digest(self.keys.codes(), &phone, code),
            recovery: Some(self.recovery_digest(&phone, recovery_code.expose())),
            phone,
            device,
            new_customer: self.mint(),
            policy: self.policy,
        };
        match answer(self.store.call(confirm))? {
            Confirmation::Confirmed { customer, new } => {
                Ok(Confirmed::Bound { customer, recovery_code: new.then_some(recovery_code) })
            }
            Confirmation::Wrong { tries_left } => Ok(Confirmed::Wrong { tries_left }),
        }
    }

    /// The device, if it may act: registered, confirmed, not lost.
    pub fn active_device(&self, id: DeviceId) -> Result<Device, Error> {
        let device = self.device(id)?;
        match device.state {
            DeviceState::Active => Ok(device),
            DeviceState::Pending => Err(Refusal::DeviceNotActive.into()),
            DeviceState::Lost => Err(Refusal::DeviceLost.into()),
        }
    }

    /// The device in whatever state it is.
    pub fn device(&self, id: DeviceId) -> Result<Device, Error> {
        let found = self.store.read(move |records| values::Records::find::<Device>(records, &id))?;
        found.ok_or(Error::Refused(Refusal::DeviceUnknown))
    }

    /// The devices of a customer, in the order in which they were bound.
    pub fn devices_of(&self, customer: CustomerId) -> Result<Vec<Device>, Error> {
        let found = self.store.read(move |records| {
            let customer = values::Records::find::<tokens::records::Customer>(records, &customer)?;
            let device = |id| values::Records::find::<Device>(records, id);
            Some(customer.devices.iter().filter_map(device).collect())
        })?;
        found.ok_or(Error::Refused(Refusal::CustomerUnknown))
    }

    /// Forgets a phone of a customer, and with the last one the customer; see [`ForgetDevice`].
    pub fn forget_device(&self, device: DeviceId, customer: CustomerId) -> Result<Forgotten, Error> {
        answer(self.store.call(ForgetDevice { device, customer }))
    }

    /// What is held of a customer: the record, and every token there ever was, deleted ones included.
    pub fn held_of(&self, customer: CustomerId) -> Result<(Customer, Vec<Token>), Error> {
        let parameters = [Value::Text(customer.to_string()), Value::Integer(TOKENS_MOST)];
        let rows = self.store.rows(TOKENS_OF_CUSTOMER, &parameters)?;
        let references: Vec<TokenReference> = rows
            .rows
            .iter()
            .filter_map(|row| match row.first() {
                Some(Value::Text(reference)) => reference.parse().ok(),
                _ => None,
            })
            .collect();
        let found = self.store.read(move |records| {
            let customer = values::Records::find::<Customer>(records, &customer)?;
            let token = |reference| values::Records::find::<Token>(records, reference);
            Some((customer, references.iter().filter_map(token).collect()))
        })?;
        found.ok_or(Error::Refused(Refusal::CustomerUnknown))
    }

    pub(crate) fn recovery_digest(&self, phone: &PhoneNumber, secret: &[u8]) -> Digest16 {
        let tag = self.keys.codes().tag(&[b"recovery:", phone.as_str().as_bytes(), b":", secret].concat());
        Digest16::from_tag(&tag)
    }
}

/// Six digits, each as likely as another: 64 bits leave no bias worth naming.
fn six_digits(entropy: [u8; 8]) -> SecretBytes {
    SecretBytes::new(format!("{:06}", u64::from_be_bytes(entropy) % 1_000_000).into_bytes())
}

/// Sixteen letters in groups of four, without those that look alike: 80 bits.
fn recovery_code(entropy: [u8; 16]) -> SecretBytes {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let letters = entropy.map(|byte| LETTERS[usize::from(byte % 32)]);
    SecretBytes::new(letters.chunks(4).collect::<Vec<_>>().join(&b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_form() {
        assert_eq!(six_digits([0; 8]).expose(), b"000000");
        assert_eq!(six_digits([255; 8]).expose().len(), 6);
        assert_eq!(recovery_code([0; 16]).expose(), b"2222-2222-2222-2222");
    }
}
