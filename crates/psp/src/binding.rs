//! A phone is bound to a number by a text that it sends itself: the provider makes a token, the phone sends it from its
//! SIM, and the telephone network says which number it came from. A token that comes from two numbers binds to neither.

use crate::defences::{Defence, Defences};
use crate::records::{BindingToken, Customer, Device, DeviceId, DeviceState, Mailbox};
use crate::refusal::Refusal;
use crypto::hash::sha256;
use std::convert::Infallible;
use std::time::Duration;
use values::{Operation, Records, Timestamp};

/// How long a token is good.
pub const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// The token that 32 bytes of randomness make: 43 letters, digits, `-` and `_`, or longer.
pub fn token(entropy: &[u8; 32]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letters = sha256(entropy).into_iter().chain(*entropy).take(44);
    letters.map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect()
}

/// Registers a phone that is to be bound.
pub struct RegisterDevice {
    /// Its name.
    pub device: DeviceId,
    /// The public half of its key, SEC 1.
    pub key: Vec<u8>,
    /// Digest of the token that it is going to send.
    pub digest: [u8; 32],
}

impl Operation for RegisterDevice {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.register_device";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        if records.find::<BindingToken>(&self.digest).is_some() {
            return Err(Refusal::BindingTaken);
        }
        let ends_at = now.after(TOKEN_LIFE);
        records.put(BindingToken { digest: self.digest, device: self.device, sender: None, ends_at });
        records.put(Device {
            id: self.device,
            key: self.key.clone(),
            state: DeviceState::Waiting,
            mobile: None,
            at: now,
        });
        Ok(())
    }
}

/// A text came to the number that binds phones.
pub struct TakeText {
    /// That number.
    pub mailbox: String,
    /// The text's place in its inbox.
    pub sequence: u32,
    /// The number it came from, 12 digits.
    pub sender: String,
    /// Digest of what it says.
    pub digest: [u8; 32],
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for TakeText {
    type Answer = ();
    type Refusal = Infallible;
    const NAME: &'static str = "psp.take_text";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Infallible> {
        let read = records.find::<Mailbox>(&self.mailbox).map_or(0, |mailbox| mailbox.read);
        if self.sequence <= read {
            return Ok(());
        }
        records.put(Mailbox { number: self.mailbox.clone(), read: self.sequence });
        let Some(token) = records.find::<BindingToken>(&self.digest) else { return Ok(()) };
        let Some(device) = records.find::<Device>(&token.device) else { return Ok(()) };
        match &token.sender {
            Some(first) if *first == self.sender => {}
            // Whoever sent it second saw it: neither is believed.
            Some(_) if self.defences.stands(Defence::OneSender) => spoil(records, device),
            None if now > token.ends_at && self.defences.stands(Defence::TokenLife) => {}
            _ => {
                records.put(BindingToken { sender: Some(self.sender.clone()), ..token });
                bind(records, device, &self.sender, now);
            }
        }
        Ok(())
    }
}

fn spoil<W: Records>(records: &mut W, device: Device) {
    records.put(Device { state: DeviceState::Spoiled, mobile: None, ..device });
}

/// The phone acts for the number from now on, and whichever did before does not.
fn bind<W: Records>(records: &mut W, device: Device, mobile: &str, now: Timestamp) {
    let known = records.find::<Customer>(&mobile.to_owned());
    if let Some(before) = known.as_ref().and_then(|customer| records.find::<Device>(&customer.device))
        && before.id != device.id
    {
        records.put(Device { state: DeviceState::Replaced, ..before });
    }
    let customer = known.unwrap_or_else(|| Customer {
        mobile: mobile.to_owned(),
        device: device.id,
        accounts: Vec::new(),
        addresses: Vec::new(),
        listed: Vec::new(),
        merchant: None,
        balances: Vec::new(),
        passwords: Vec::new(),
        at: now,
    });
    records.put(Customer { device: device.id, ..customer });
    records.put(Device { state: DeviceState::Bound, mobile: Some(mobile.to_owned()), ..device });
}

/// The customer for whom a phone acts.
pub fn customer_of<W: Records>(records: &mut W, device: DeviceId) -> Result<Customer, Refusal> {
    let device = records.find::<Device>(&device).ok_or(Refusal::DeviceUnknown)?;
    let mobile = device.mobile.filter(|_| device.state == DeviceState::Bound);
    let customer = mobile.and_then(|mobile| records.find::<Customer>(&mobile));
    customer.filter(|customer| customer.device == device.id).ok_or(Refusal::DeviceNotBound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::testing::MemoryRecords;
    use values::Id;

    const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

    fn register(records: &mut MemoryRecords, id: u128, digest: u8) -> DeviceId {
        let device = Id::from_u128(id);
        let register = RegisterDevice { device, key: vec![4; 65], digest: [digest; 32] };
        register.apply(records, NOW).unwrap();
        device
    }

    fn text(records: &mut MemoryRecords, sequence: u32, sender: &str, digest: u8, at: Timestamp) {
        text_with(records, (sequence, sender, digest, at), Defences::ALL);
    }

    fn text_with(
        records: &mut MemoryRecords,
        (sequence, sender, digest, at): (u32, &str, u8, Timestamp),
        defences: Defences,
    ) {
        let (mailbox, sender) = ("5676700001".to_owned(), sender.to_owned());
        let text = TakeText { mailbox, sequence, sender, digest: [digest; 32], defences };
        text.apply(records, at).unwrap();
    }

    #[test]
    fn a_text_binds_its_phone_and_unbinds_the_one_before() {
        let mut records = MemoryRecords::default();
        let (first, second) = (register(&mut records, 1, 1), register(&mut records, 2, 2));
        assert_eq!(customer_of(&mut records, first), Err(Refusal::DeviceNotBound));
        text(&mut records, 1, "919800000001", 1, NOW);
        assert_eq!(customer_of(&mut records, first).unwrap().mobile, "919800000001");
        text(&mut records, 2, "919800000001", 2, NOW);
        assert_eq!(customer_of(&mut records, first), Err(Refusal::DeviceNotBound));
        assert_eq!(customer_of(&mut records, second).unwrap().device, second);
        // The first text again, taken late, gives nothing back.
        text(&mut records, 1, "919800000001", 1, NOW);
        assert!(customer_of(&mut records, second).is_ok());
        assert_eq!(customer_of(&mut records, Id::from_u128(9)), Err(Refusal::DeviceUnknown));
    }

    /// Whoever sees a token on its way sends it from a number of their own.
    fn relayed(defences: Defences) -> Result<String, Refusal> {
        let mut records = MemoryRecords::default();
        let device = register(&mut records, 1, 1);
        text(&mut records, 1, "919800000001", 1, NOW);
        text_with(&mut records, (2, "919800000002", 1, NOW), defences);
        customer_of(&mut records, device).map(|customer| customer.mobile)
    }

    #[test]
    fn a_token_from_two_numbers_binds_nobody() {
        assert_eq!(relayed(Defences::ALL), Err(Refusal::DeviceNotBound));
        let open = Defences::ALL.danger_without(Defence::OneSender);
        assert_eq!(relayed(open), Ok("919800000002".to_owned()));
    }

    /// A token that was found later, in somebody's sent texts.
    fn late(defences: Defences) -> bool {
        let mut records = MemoryRecords::default();
        let device = register(&mut records, 2, 2);
        let at = NOW.after(TOKEN_LIFE + Duration::from_millis(1));
        text_with(&mut records, (3, "919800000001", 2, at), defences);
        customer_of(&mut records, device).is_ok()
    }

    #[test]
    fn a_token_that_is_too_old_binds_nobody() {
        assert!(!late(Defences::ALL) && late(Defences::ALL.danger_without(Defence::TokenLife)));
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, other) = (token(&[1; 32]), token(&[2; 32]));
        assert!(one.len() >= 35 && one != other);
    }
}
