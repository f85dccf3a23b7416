//! A sandbox issuing bank as a host, and its text messages on their way to the telephone network.

use super::telephone::Telephone;
use super::{read, send};
use crate::iso::{Dialect, Ends, Reply, Service};
use iso8583::Message;
use sandbox::Digest;
use sandbox::defences::Defences;
use sandbox::directory::{Directory, Institution};
use sandbox::issuer::notice::TOPIC_SMS;
use sandbox::issuer::{
    self, Authorise, CardRefusal, CardReplacement, Evaluate, NewPlastic, OpenCards, Payment, Prepared,
    Provisioned, RaiseDispute, ReplaceCard, Reverse, TOPIC_DISPUTE_DUE, Timing, Verification, dispute,
    open_sms, verification,
};
use sandbox::keys::IssuerKeys;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::{Arrival, Called, Deliverer, Outcome, Store, StoreError};
use values::time::Zone;
use values::{Expiry, Operation, Pan, Timestamp};

/// What sends an answer home; dropped when there is none to send.
pub type Home = Box<dyn FnOnce(Message) + Send>;

/// An issuing bank. Clones share everything.
#[derive(Clone)]
pub struct Issuer(Arc<Parts>);

struct Parts {
    bank: &'static Institution,
    keys: IssuerKeys,
    store: Store,
    late: Duration,
    defences: Defences,
}

impl Issuer {
    /// A bank over its records; opens the accounts of its test cards the first time.
    pub fn new(bank: &'static Institution, store: Store) -> Result<Issuer, StoreError> {
        Issuer::late_by(bank, store, sandbox::test_cards::LATE)
    }

    /// The same, with answers of `late` test cards at most so much later.
    pub fn late_by(bank: &'static Institution, store: Store, late: Duration) -> Result<Issuer, StoreError> {
        let keys = IssuerKeys::sandbox(bank);
        store.call(OpenCards::sandbox(bank, &keys))?;
        Ok(Issuer(Arc::new(Parts { bank, keys, store, late, defences: Defences::ALL })))
    }

    /// The same with these checks, as long as nobody shares it. In a product there is but one set of them.
    #[must_use]
    pub fn defended(mut self, defences: Defences) -> Issuer {
        if let Some(parts) = Arc::get_mut(&mut self.0) {
            parts.defences = defences;
        }
        self
    }

    /// The bank.
    pub fn bank(&self) -> &'static Institution {
        self.0.bank
    }

    /// The records.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The keys.
    pub fn keys(&self) -> &IssuerKeys {
        &self.0.keys
    }

    /// Takes a message; `home` is called with the answer if there is one.
    pub fn take(&self, message: Message, home: Home) {
        match issuer::prepare(&self.0.keys, &message, crypto::random::bytes) {
            Ok(Prepared::Payment(payment)) => self.payment(message, *payment, home),
            Ok(Prepared::Reversal(reversal)) => {
                let operation = Reverse { defences: self.0.defences, ..reversal.operation.clone() };
                self.run(operation, move |outcome| home(reversal.answer(&message, outcome)));
            }
            Ok(Prepared::Verification(verification)) => self.verification(message, *verification, home),
            Ok(Prepared::Network(answer)) | Err(answer) => home(*answer),
        }
    }

    fn payment(&self, message: Message, payment: Payment, home: Home) {
        let operation = Authorise { defences: self.0.defences, ..payment.operation.clone() };
        let late = self.0.late;
        self.run(operation, move |decision| {
            let Some(answer) = payment.answer(&message, &decision) else { return };
            match decision.timing {
                Timing::AfterMs(wait) => {
                    // A test card that answers late: this one answer waits, nothing else does.
                    std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(u64::from(wait)).min(late));
                        home(answer);
                    });
                }
                Timing::Now | Timing::Never => home(answer),
            }
        });
    }

    fn verification(&self, message: Message, verification: Verification, home: Home) {
        let defences = self.0.defences;
        match verification {
            Verification::Evaluate(operation) => {
                self.run(Evaluate { defences, ..operation }, move |evaluation| {
                    home(verification::answer_evaluation(&message, &evaluation));
                });
            }
            Verification::SendCode(mut operation) => {
                operation.defences = defences;
                self.run(operation, move |sent| home(verification::answer_code_sent(&message, sent)));
            }
            Verification::CheckCode(mut operation) => {
                operation.defences = defences;
                self.run(operation, move |checked| {
                    home(verification::answer_code_checked(&message, checked))
                });
            }
            Verification::Provisioned(operation) => {
                let operation = Provisioned { defences, ..operation };
                self.run(operation, move |linked| home(verification::answer_provisioned(&message, linked)));
            }
            Verification::Standing(operation) => {
                self.run(operation, move |noted| home(verification::answer_standing(&message, noted)));
            }
            Verification::Dispute(operation) => {
                let operation = RaiseDispute { defences, ..operation };
                self.run(operation, move |answered| home(verification::answer_dispute(&message, &answered)));
            }
            Verification::LookAtDispute(operation) => {
                self.run(operation, move |answered| home(verification::answer_dispute(&message, &answered)));
            }
            Verification::EndDispute(operation) => {
                self.run(operation, move |answered| home(verification::answer_dispute(&message, &answered)));
            }
        }
    }

    /// Runs an operation; `then` gets its answer. An operation that failed is answered by nobody: the asker
    /// repeats or reverses.
    fn run<O: Operation>(&self, operation: O, then: impl FnOnce(O::Answer) + Send + 'static) {
        self.0.store.submit(operation, move |called: Called<O>| match called {
            Ok(Outcome::Done(answer) | Outcome::Repeated(answer)) => then(answer),
            Ok(Outcome::Refused(_) | Outcome::Mismatch) => tracing::warn!(operation = O::NAME, "refused"),
            Err(error) => tracing::error!(%error, operation = O::NAME, "not done"),
        });
    }

    /// Makes new plastic for a card, good for five years unless said otherwise; the answer is what was made, or what
    /// was made before.
    pub fn replace(&self, card: &Pan, expiry: Option<Expiry>) -> Result<CardReplacement, NotReplaced> {
        let range = Directory::sandbox().by_pan_prefix(card.issuer_prefix());
        let (_, range) = range.filter(|(bank, _)| bank.id == self.0.bank.id).ok_or(CardRefusal::Unknown)?;
        let made = (0..4).filter_map(|_| NewPlastic::new(&self.0.keys, range, crypto::random::bytes()));
        let now = self.0.store.clock().now();
        let expiry = expiry.unwrap_or_else(|| in_five_years(now));
        if expiry.is_past(now.civil(Zone::Shanghai)) {
            return Err(NotReplaced::Expired);
        }
        let key = Digest(self.0.keys.card_key(card));
        let called = self.0.store.call(ReplaceCard { card: key, candidates: made.collect(), expiry })?;
        Ok(called.into_result(|| CardRefusal::NumbersTaken)?)
    }

    /// What carries out the bank's outbox: text messages to its customers, and what falls due.
    pub fn deliverers(&self, telephone: Telephone) -> HashMap<String, Deliverer> {
        let issuer = self.clone();
        let deliver: Deliverer = Box::new(move |outbound| {
            let Ok(sms) = open_sms(&issuer.0.keys, &outbound.key, &outbound.body) else {
                tracing::error!(bank = issuer.0.bank.id, "a text message of our own cannot be read");
                return Arrival::Delivered;
            };
            let Ok(text) = str::from_utf8(sms.text.expose()) else { return Arrival::Delivered };
            let id = format!("{}.{}", issuer.0.bank.id, outbound.key);
            match telephone.send(&id, &sms.from, &sms.to, text) {
                Ok(()) => Arrival::Delivered,
                Err(_) => Arrival::Retry,
            }
        });
        let issuer = self.clone();
        let wake: Deliverer = Box::new(move |outbound| match dispute::due(&outbound.body) {
            Some(due) => match issuer.0.store.call(due) {
                Ok(_) => Arrival::Delivered,
                Err(_) => Arrival::Retry,
            },
            None => {
                tracing::error!(bank = issuer.0.bank.id, "a deadline of our own cannot be read");
                Arrival::Delivered
            }
        });
        HashMap::from([(TOPIC_SMS.to_owned(), deliver), (TOPIC_DISPUTE_DUE.to_owned(), wake)])
    }
}

/// Why there is no new plastic.
#[derive(Debug, thiserror::Error)]
pub enum NotReplaced {
    /// The bank says no.
    #[error(transparent)]
    Refused(#[from] CardRefusal),
    /// The new plastic would be past its last month already.
    #[error("the expiry is past")]
    Expired,
    /// The records are not to be had now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The usual life of a plastic.
fn in_five_years(now: Timestamp) -> Expiry {
    let today = now.civil(Zone::Shanghai);
    let year = (today.year + 5).rem_euclid(100) as u8;
    Expiry::new(year, today.month).expect("a month of a century")
}

/// The bank's port.
pub struct IssuerPort {
    issuer: Issuer,
    // Every message on its way holds on to them.
    dialect: Arc<Dialect>,
    ends: Arc<Ends>,
}

impl IssuerPort {
    /// A port that speaks `dialect`.
    pub fn new(issuer: Issuer, dialect: Dialect, ends: Ends) -> IssuerPort {
        IssuerPort { issuer, dialect: Arc::new(dialect), ends: Arc::new(ends) }
    }
}

impl Service for IssuerPort {
    fn message(&self, bytes: &[u8], reply: &Reply) {
        let Some(message) = read(&self.dialect, &self.ends, bytes, reply) else { return };
        let (dialect, ends, reply) = (self.dialect.clone(), self.ends.clone(), reply.clone());
        self.issuer.take(message, Box::new(move |answer| send(&dialect, &ends, answer, &reply)));
    }
}
