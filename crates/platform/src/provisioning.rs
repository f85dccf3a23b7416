//! What a phone needs to be the card: the token's profile, and single-use keys.

use crate::error::{Error, answer};
use crate::token_service::TokenService;
use tokens::defences::Defence;
use tokens::ops::{IssueKeys, Issued};
use tokens::records::{Controls, Device, Programme, Token, TokenReference};
use tokens::refusal::Refusal;
use tokens::slots::{SealedSlot, SlotOrder, slots};
use values::{Records, Secret};

/// A token as its phone is told of it.
pub struct Profile {
    /// The token.
    pub token: Token,
    /// What all tokens of its product share.
    pub programme: Programme,
    /// Its domain controls.
    pub controls: Controls,
    /// The issuer's name for people.
    pub issuer_name: String,
    /// The product's name.
    pub product: String,
}

impl TokenService {
    /// The profile of a token that lives on this device.
    pub fn profile(&self, device: &Device, reference: TokenReference) -> Result<Profile, Error> {
        let found = self.store.read(move |records| {
            let token = records.find::<Token>(&reference)?;
            let programme = records.find::<Programme>(&token.programme)?;
            let controls = records.find::<Controls>(&token.controls)?;
            Some((token, programme, controls))
        })?;
        let (token, programme, controls) = found.ok_or(Refusal::TokenUnknown)?;
        if token.device != device.id {
            return Err(Refusal::TokenUnknown.into());
        }
        let range = self.range_of_programme(programme.id).ok_or(Refusal::ProgrammeUnknown)?;
        let (issuer_name, product) = (range.issuer_name.clone(), range.product.clone());
        Ok(Profile { token, programme, controls, issuer_name, product })
    }

    /// Single-use keys for the next counters, sealed to this device. `highest_used` is the phone's own count.
    pub fn issue_keys(
        &self,
        device: &Device,
        reference: TokenReference,
        highest_used: u16,
    ) -> Result<Vec<SealedSlot>, Error> {
        let wanted = self.policy.keys_batch_max;
        let issue =
            IssueKeys { token: reference, device: device.id, highest_used, wanted, policy: self.policy };
        let Issued::Batch { number, psn, first, last, .. } = answer(self.store.call(issue))? else {
            return Err(Refusal::CloneSuspected.into());
        };
        let found = self.store.read(move |records| records.find::<Token>(&reference))?;
        let programme = found.ok_or(Refusal::TokenUnknown)?.programme;
        let master = self.keys.master(programme).ok_or(Refusal::ProgrammeUnknown)?;
        let order = SlotOrder { reference, number, psn, first, device: &device.keys };
        // Half of nothing leaves the other half whole.
        let halved = self.policy.defences.stands(Defence::SplitKeys);
        let half = |_| Secret::new(if halved { crypto::random::bytes() } else { [0; 16] });
        let user_parts: Vec<Secret<16>> = (first..=last).map(half).collect();
        Ok(slots(master, &order, &user_parts)?)
    }
}
