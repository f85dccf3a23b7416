//! The purse on the phone: a key, a counter and a balance in a file of the phone's. The counter moves on the disk before a cryptogram
//! with it exists, so that no two are ever made with one.

use super::{UpiPhone, UpiPhoneError, write_private};
use crate::upi::app::Shown;
use crate::upi::app::purses::{NewPurseOrder, NewPurseQuestion};
use crypto::hash::HmacKey;
use psp::payments::Begun;
use psp::purses::{Purse, PurseState, Wish};
use psp::records::{LinkedAccount, PaymentState, Reply};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use upi::address::Address;
use upi::credential::{self, Purpose as TypedFor, Secret};
use upi::limits::single;
use upi::messages::Credential;
use upi::purse::{Spend, cryptogram};
use values::{Currency, Money, SecretBytes};

const FILE: &str = "upi-purse.json";

/// What the phone has of its purse.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Its reference at the bank.
    pub purse: String,
    /// The branch.
    pub ifsc: String,
    /// The key, hexadecimal.
    sealing: String,
    /// The last counter that was used.
    pub counter: u32,
    /// What is believed to be in it, paise.
    pub paise: u64,
    /// An order of which nobody has said how it ended.
    pending: Option<Pending>,
}

/// An order on its way: what the balance is if it ends well.
#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    transaction: String,
    then_paise: u64,
}

/// Whom a purse pays, how much, and what is written.
pub struct FromPurse<'a> {
    /// The payee's address.
    pub payee: &'a str,
    /// The name and the category that were shown.
    pub whose: (&'a str, &'a str),
    /// How much.
    pub amount: Money,
    /// What the payee reads.
    pub note: Option<&'a str>,
    /// How it began.
    pub begun: Begun,
}

fn typed(why: &'static str) -> UpiPhoneError {
    UpiPhoneError::Typed(why)
}

fn rupees(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

impl Kept {
    /// What is believed to be in it.
    pub fn balance(&self) -> Money {
        rupees(self.paise)
    }

    /// The order of which nobody has said how it ended, by its transaction.
    pub fn waits_for(&self) -> Option<&str> {
        self.pending.as_ref().map(|pending| pending.transaction.as_str())
    }

    /// Whether it is not known how the last order ended.
    pub fn waits(&self) -> bool {
        self.pending.is_some()
    }
}

impl UpiPhone {
    fn purse_file(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// The purse on this phone, if there is one.
    pub fn kept_purse(&self) -> Result<Option<Kept>, UpiPhoneError> {
        let path = self.purse_file();
        let file = |why: String| UpiPhoneError::File { path: path.clone(), why };
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|_| file("not as this phone wrote it".to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file(error.to_string())),
        }
    }

    fn keep_purse(&self, kept: &Kept) -> Result<(), UpiPhoneError> {
        let path = self.purse_file();
        let json = serde_json::to_vec(kept).expect("texts and numbers are JSON");
        let file = |why: std::io::Error| UpiPhoneError::File { path: path.clone(), why: why.to_string() };
        // A crash leaves the purse as it was or as it is to be.
        let new = path.with_extension("new");
        write_private(&new, &json).map_err(file)?;
        std::fs::File::open(&new).and_then(|written| written.sync_all()).map_err(file)?;
        std::fs::rename(&new, &path).map_err(file)?;
        std::fs::File::open(&self.directory).and_then(|folder| folder.sync_all()).map_err(file)
    }

    /// What the provider has of the purse of this number, if it ever had one.
    pub fn purse(&self) -> Result<Option<Purse>, UpiPhoneError> {
        self.look("/v1/upi/purse")
    }

    /// Opens a purse with its first money.
    pub fn open_purse(
        &self,
        account: &LinkedAccount,
        amount: Money,
        pin: &SecretBytes,
    ) -> Result<Shown, UpiPhoneError> {
        self.conclude_purse(Duration::ZERO)?;
        if self.kept_purse()?.is_some() {
            return Err(typed("this phone has a purse"));
        }
        let drawn: [u8; 32] = crypto::random::bytes();
        let number = u64::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 8"));
        let purse = format!("77{:016}", number % 10_000_000_000_000_000);
        let sealing = hex::encode(crypto::random::bytes::<32>());
        let transaction = self.transaction();
        let purpose = self.filling(&purse, &account.ifsc, amount, &transaction)?;
        let bank = self.bank_key(&account.ifsc)?;
        let credentials = vec![
            credential::seal(Secret::Pin, pin.expose(), &purpose, &bank),
            credential::seal(Secret::PurseKey, sealing.as_bytes(), &purpose, &bank),
        ];
        let pending = Some(Pending { transaction: transaction.clone(), then_paise: amount.minor() });
        let ifsc = account.ifsc.clone();
        let kept = Kept { purse: purse.clone(), ifsc, sealing, counter: 0, paise: 0, pending };
        self.keep_purse(&kept)?;
        let wish = Wish::First { purse, account: account.reference.clone(), credentials };
        self.order_purse(transaction, amount, wish)
    }

    /// Puts more into it, with the PIN of its account.
    pub fn fill_purse(&self, amount: Money, pin: &SecretBytes) -> Result<Shown, UpiPhoneError> {
        let kept = self.settled_purse()?;
        let transaction = self.transaction();
        let purpose = self.filling(&kept.purse, &kept.ifsc, amount, &transaction)?;
        let bank = self.bank_key(&kept.ifsc)?;
        let pin = credential::seal(Secret::Pin, pin.expose(), &purpose, &bank);
        let then_paise = kept.paise.saturating_add(amount.minor());
        let pending = Some(Pending { transaction: transaction.clone(), then_paise });
        self.keep_purse(&Kept { pending, ..kept })?;
        self.order_purse(transaction, amount, Wish::More { pin })
    }

    /// What a PIN is typed for that fills a purse.
    fn filling(
        &self,
        purse: &str,
        ifsc: &str,
        amount: Money,
        transaction: &str,
    ) -> Result<TypedFor, UpiPhoneError> {
        let payee = Address::parse(&format!("{purse}@{ifsc}.ifsc.npci"));
        let payee = payee.map_err(|_| typed("not a purse's address"))?.to_lower();
        Ok(TypedFor { transaction: transaction.to_owned(), paise: amount.minor(), payee })
    }

    /// Pays from the purse, without a PIN.
    pub fn pay_from_purse(&self, what: &FromPurse<'_>) -> Result<Shown, UpiPhoneError> {
        let kept = self.settled_purse()?;
        let limit = single("lite_payment", self.clock.now());
        let most = limit.map_or(0, |limit| limit.payment_paise);
        if what.amount.minor() > most {
            return Err(typed("a purse pays at most 1,000 rupees at a time"));
        }
        if what.amount.minor() > kept.paise {
            return Err(typed("there is not enough in the purse"));
        }
        let payee = Address::parse(what.payee).map_err(|_| typed("not an address"))?.to_lower();
        let transaction = self.transaction();
        let cryptogram = self.spend(kept, &transaction, (what.amount.minor(), &payee))?;
        let wish = Wish::Spend {
            payee: what.payee.to_owned(),
            payee_name: Some(what.whose.0.to_owned()),
            payee_category: Some(what.whose.1.to_owned()),
            note: what.note.map(str::to_owned),
            begun: what.begun.clone(),
            cryptogram,
        };
        self.order_purse(transaction, what.amount, wish)
    }

    /// Takes the next counter, durably, and makes the cryptogram of a spend with it.
    fn spend(
        &self,
        kept: Kept,
        transaction: &str,
        (paise, payee): (u64, &str),
    ) -> Result<Credential, UpiPhoneError> {
        let counter = kept.counter.checked_add(1).ok_or(typed("this purse is used up: close it"))?;
        let pending = (paise > 0).then(|| Pending {
            transaction: transaction.to_owned(),
            then_paise: kept.paise.saturating_sub(paise),
        });
        let kept = Kept { counter, pending: pending.or(kept.pending.clone()), ..kept };
        self.keep_purse(&kept)?;
        let key = hex::decode(&kept.sealing).map_err(|_| typed("the purse's file is damaged"))?;
        let (purse, balance) = (kept.purse.as_str(), kept.paise);
        let spend = Spend { purse, transaction, paise, payee, counter, balance };
        Ok(cryptogram(&HmacKey::new(&key), &spend))
    }

    /// Empties the purse into its account and closes it.
    pub fn close_purse(&self) -> Result<Option<Shown>, UpiPhoneError> {
        let kept = self.settled_purse()?;
        let transaction = self.transaction();
        if kept.paise == 0 {
            let cryptogram = self.spend(kept, &transaction, (0, ""))?;
            self.ask_purse(&NewPurseQuestion { transaction, closes: true, cryptogram })?;
            self.forget_purse()?;
            return Ok(None);
        }
        let known = self.purse()?.ok_or(typed("the provider knows of no purse"))?;
        let to = format!("{}@{}.ifsc.npci", known.account, known.ifsc).to_ascii_lowercase();
        let amount = kept.balance();
        let proof = self.spend(kept, &transaction, (amount.minor(), &to))?;
        self.order_purse(transaction, amount, Wish::Close { proof }).map(Some)
    }

    /// Closes the purse of a phone that is lost, or whose state is of no use any more: with the PIN of its account. `amount` is what is in it.
    pub fn close_lost_purse(&self, amount: Money, pin: &SecretBytes) -> Result<Shown, UpiPhoneError> {
        let known = self.purse()?.filter(|purse| purse.state == PurseState::Open);
        let known = known.ok_or(typed("this number has no open purse"))?;
        let transaction = self.transaction();
        let payee = format!("{}@{}.ifsc.npci", known.account, known.ifsc).to_ascii_lowercase();
        let purpose = TypedFor { transaction: transaction.clone(), paise: amount.minor(), payee };
        let bank = self.bank_key(&known.ifsc)?;
        let proof = credential::seal(Secret::Pin, pin.expose(), &purpose, &bank);
        if let Some(kept) = self.kept_purse()? {
            let pending = Some(Pending { transaction: transaction.clone(), then_paise: 0 });
            self.keep_purse(&Kept { pending, ..kept })?;
        }
        self.order_purse(transaction, amount, Wish::Close { proof })
    }

    fn order_purse(&self, transaction: String, amount: Money, wish: Wish) -> Result<Shown, UpiPhoneError> {
        let order = NewPurseOrder { transaction, amount: amount.to_decimal(), wish };
        match self.post("/v1/upi/purse/orders", &order) {
            Ok(shown) => Ok(shown),
            Err(error) => {
                // What the provider refused has had no effect; of anything else nobody knows.
                if matches!(&error, UpiPhoneError::Client(client) if client.code().is_some()) {
                    self.drop_pending(&order.transaction, false)?;
                }
                Err(error)
            }
        }
    }

    /// Looks how the last order ended, for so long, and makes the balance what it is since. The purse, if there still is one.
    pub fn conclude_purse(&self, patience: Duration) -> Result<Option<Kept>, UpiPhoneError> {
        let Some(kept) = self.kept_purse()? else { return Ok(None) };
        let Some(pending) = &kept.pending else { return Ok(Some(kept)) };
        let shown = match self.see_end(&pending.transaction, patience) {
            Ok(shown) => shown,
            // It never came there.
            Err(UpiPhoneError::Client(error)) if error.code() == Some("not_found") => {
                self.drop_pending(&pending.transaction, false)?;
                return self.kept_purse();
            }
            Err(error) => return Err(error),
        };
        match shown.payment.state {
            PaymentState::Success => self.drop_pending(&pending.transaction, true)?,
            PaymentState::Failed => self.drop_pending(&pending.transaction, false)?,
            PaymentState::Pending | PaymentState::Deemed => {}
        }
        self.kept_purse()
    }

    /// An order ended, well or not.
    fn drop_pending(&self, transaction: &str, well: bool) -> Result<(), UpiPhoneError> {
        let Some(kept) = self.kept_purse()? else { return Ok(()) };
        let Some(pending) = kept.pending.clone().filter(|pending| pending.transaction == transaction) else {
            return Ok(());
        };
        let is_new = kept.counter == 0 && kept.paise == 0;
        if is_new && !well {
            return self.forget_purse();
        }
        let is_closed = well && pending.then_paise == 0 && self.is_closed()?;
        if is_closed {
            return self.forget_purse();
        }
        let paise = if well { pending.then_paise } else { kept.paise };
        self.keep_purse(&Kept { paise, pending: None, ..kept })
    }

    fn is_closed(&self) -> Result<bool, UpiPhoneError> {
        Ok(self.purse()?.is_some_and(|purse| purse.state == PurseState::Closed))
    }

    fn forget_purse(&self) -> Result<(), UpiPhoneError> {
        let path = self.purse_file();
        std::fs::remove_file(&path).map_err(|why| UpiPhoneError::File { path, why: why.to_string() })
    }

    /// A purse of which it is known how the last order ended.
    fn settled_purse(&self) -> Result<Kept, UpiPhoneError> {
        let kept = self.conclude_purse(Duration::ZERO)?.ok_or(typed("this phone has no purse"))?;
        if kept.pending.is_some() {
            return Err(typed("the last payment from the purse is still on its way"));
        }
        Ok(kept)
    }

    /// Asks the bank what is in the purse, and believes that from now on.
    pub fn reconcile_purse(&self) -> Result<Kept, UpiPhoneError> {
        let kept = self.conclude_purse(Duration::ZERO)?.ok_or(typed("this phone has no purse"))?;
        let transaction = self.transaction();
        let cryptogram = self.spend(kept, &transaction, (0, ""))?;
        let told = self.ask_purse(&NewPurseQuestion { transaction, closes: false, cryptogram })?;
        let told = Money::parse(&told, Currency::INR).map_err(|_| UpiPhoneError::NoAnswer)?;
        let kept = self.kept_purse()?.ok_or(typed("this phone has no purse"))?;
        let kept = Kept { paise: told.minor(), pending: None, ..kept };
        self.keep_purse(&kept)?;
        Ok(kept)
    }

    fn ask_purse(&self, question: &NewPurseQuestion) -> Result<String, UpiPhoneError> {
        let (_, reply) = self.ask_at("/v1/upi/purse/questions", question)?;
        match reply {
            Reply::Balance(told) => Ok(told),
            _ => Err(UpiPhoneError::NoAnswer),
        }
    }
}
