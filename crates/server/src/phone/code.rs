//! Paying by code: showing one, and paying one that was scanned.

use super::{Phone, PhoneError, PresentError};
use crate::api::phone as wire;
use ::wallet::card::Card;
use ::wallet::code::{Approved, Maker, SHOWN_FOR, Wish, begin};
use ::wallet::keys::{UseRefusal, UsedKey};
use ::wallet::unlock::Verified;
use emv::qr::offer::Offer;
use store::{Failpoint, Outcome};
use values::id::kinds;
use values::{Country, Currency, Id, Money, Timestamp};

/// Why a code was not made, or not paid.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The phone itself.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// There is no card to pay with.
    #[error("there is no card on this phone")]
    NoCard,
    /// No key was given; no counter value was used up.
    #[error(transparent)]
    NoKey(#[from] UseRefusal),
    /// The key did not open, or the records failed: nothing was shown or sent.
    #[error("nothing was sent; try again")]
    Failed,
    /// The scanned code is not paid, for this reason, a stable code.
    #[error("this code is not paid: {0}")]
    Refused(String),
    /// The amount is none, or not the one that the code fixes.
    #[error("not an amount this code can be paid with")]
    Amount,
}

impl CodeError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            CodeError::Phone(_) => "phone_failed",
            CodeError::NoCard => "no_card",
            CodeError::NoKey(refusal) => refusal.code(),
            CodeError::Failed => "code_failed",
            CodeError::Refused(reason) => reason,
            CodeError::Amount => "code_amount",
        }
    }
}

/// A code for the screen. It is in no record: what was not shown when its minute is over never is.
#[derive(Clone)]
pub struct ShownCode {
    /// What the code says. Whoever has it within its minute can ask for money, so it is not printed.
    pub text: String,
    /// The card that pays.
    pub token: Id<kinds::Token>,
    /// The counter that names the payment.
    pub counter: u16,
    /// Not shown after this moment.
    pub until: Timestamp,
}

impl std::fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownCode({} {}, ****)", self.token, self.counter)
    }
}

/// A scanned code that may be paid: what it says, and whose it is by the acquirer's register.
#[derive(Clone, Debug)]
pub struct Scanned {
    text: String,
    offer: Offer,
    /// The shop.
    pub shop: wire::SeenCode,
    /// Its currency.
    pub currency: Currency,
    /// How much, if the code fixes it.
    pub amount: Option<Money>,
}

/// How a payment by a scanned code ended.
#[derive(Clone, Debug)]
pub struct CodePayment {
    /// The card that paid.
    pub token: Id<kinds::Token>,
    /// The counter that names the payment.
    pub counter: u16,
    /// How much.
    pub amount: Money,
    /// What the platform said.
    pub end: wire::TapEnd,
}

impl Scanned {
    /// Names this code among all others.
    pub fn digest(&self) -> [u8; 32] {
        crypto::hash::sha256(self.text.as_bytes())
    }
}

impl Phone {
    /// Makes a code for the screen. Its key is burnt before there is one, so a phone that dies shows no code twice.
    pub fn show_code(
        &self,
        card: Option<Id<kinds::Token>>,
        verified: &Verified,
    ) -> Result<ShownCode, CodeError> {
        let (card, now) = (self.card_for_code(card)?, self.store.clock().now());
        let used = self.use_for_code(&card, verified, &Wish::Show, now)?;
        let device = self.keyring.agreement().map_err(PhoneError::from)?;
        let maker = Maker { card: &card, device: &device, verified, defences: self.defences };
        let text = maker.show(&used, now).ok_or(CodeError::Failed)?;
        Ok(ShownCode { text, token: card.token, counter: used.slot.atc, until: now.after(SHOWN_FOR) })
    }

    /// Reads a scanned code and asks the platform whose it is. What is odd about it is refused here already.
    pub fn look_at_code(&self, text: &str) -> Result<Scanned, CodeError> {
        let text = text.trim().to_owned();
        let offer = Offer::parse(&text).map_err(|error| CodeError::Refused(error.code().to_owned()))?;
        let shop: wire::SeenCode = self.post("/v1/codes/look", &wire::LookAtCode { code: text.clone() })?;
        if let Some(reason) = shop.reason {
            return Err(CodeError::Refused(reason));
        }
        // The platform is believed about whose code it is, not about what it says.
        let differs = shop.merchant != offer.name
            || shop.currency != offer.currency.numeric()
            || shop.amount != offer.amount.map(Money::minor);
        if differs {
            return Err(CodeError::Refused("code_name_differs".to_owned()));
        }
        let (currency, amount) = (offer.currency, offer.amount);
        Ok(Scanned { text, offer, shop, currency, amount })
    }

    /// Pays a scanned code. The proof is over the amount, the currency and the shop that the customer approved.
    pub fn pay_code(
        &self,
        scanned: &Scanned,
        card: Option<Id<kinds::Token>>,
        amount: Money,
        verified: &Verified,
    ) -> Result<CodePayment, CodeError> {
        let fixed = scanned.amount.is_none_or(|fixed| fixed == amount);
        if !fixed || amount.is_zero() || amount.currency() != scanned.currency {
            return Err(CodeError::Amount);
        }
        let (card, now) = (self.card_for_code(card)?, self.store.clock().now());
        let approved = Approved {
            amount,
            place: scanned.offer.place,
            merchant: scanned.shop.merchant.clone(),
            country: Country::from_numeric(scanned.shop.country)
                .ok_or_else(|| CodeError::Refused("unknown_merchant".to_owned()))?,
        };
        let used = self.use_for_code(&card, verified, &Wish::Pay(approved.clone()), now)?;
        let device = self.keyring.agreement().map_err(PhoneError::from)?;
        let maker = Maker { card: &card, device: &device, verified, defences: self.defences };
        let chip = maker.pay(&used, &approved, now).ok_or(CodeError::Failed)?;
        let path = format!("/v1/tokens/{}/code-payments", card.token);
        let wish =
            wire::PayCode { code: scanned.text.clone(), amount: amount.minor(), chip: hex::encode(chip) };
        let end: wire::TapEnd = match self.post(&path, &wish) {
            Ok(end) => end,
            // The line broke; what became of it is asked for as of a tap.
            Err(PhoneError::Client(crate::client::ClientError::Unreachable(_))) => wire::TapEnd::unknown(),
            Err(error) => return Err(error.into()),
        };
        let payment = CodePayment { token: card.token, counter: used.slot.atc, amount, end };
        self.write_end(payment.token, payment.counter, &payment.end)?;
        Ok(payment)
    }

    fn card_for_code(&self, token: Option<Id<kinds::Token>>) -> Result<Card, CodeError> {
        match self.card_and_counter(token) {
            Ok((card, _)) => Ok(card),
            Err(PresentError::Phone(error)) => Err(error.into()),
            Err(_) => Err(CodeError::NoCard),
        }
    }

    fn use_for_code(
        &self,
        card: &Card,
        verified: &Verified,
        wish: &Wish,
        now: Timestamp,
    ) -> Result<UsedKey, CodeError> {
        let operation = begin(card, verified, wish, now, self.defences)?;
        let used = match self.store.call(operation).map_err(PhoneError::from)? {
            Outcome::Done(used) => used,
            Outcome::Refused(refusal) => return Err(refusal.into()),
            Outcome::Repeated(_) | Outcome::Mismatch => return Err(CodeError::Failed),
        };
        store::failpoint(Failpoint::AfterCounter);
        Ok(used)
    }
}
