//! The purse: a small balance on the phone, spent without a PIN (the network's product is called Lite).
//!
//! Its money lies at the bank, in an account of its own; the phone holds a key, a counter and what it believes the balance
//! to be, and makes one cryptogram over all of these for each spend. The bank keeps the mirror and is the judge: a counter is good
//! once and only grows, and a phone that believes another balance than the bank's is a copy of an older state, or has missed something.
//!
//! The layout of the network's cryptogram is not public. This one is the sandbox's own, under a name of its own, [`ALGORITHM`].

use crate::messages::Credential;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::hash::HmacKey;
use serde::{Deserialize, Serialize};
use values::constant_time_eq;

/// The name of this algorithm, as it stands in `Data/@ki`.
pub const ALGORITHM: &str = "PAIZA-SANDBOX-PURSE1";

/// What is done with a purse, by the purpose that its payments have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is opened with its first money.
    First,
    /// More is put into it.
    More,
    /// It is emptied into the account it came from, and closed.
    Close,
    /// Something is paid from it.
    Spend,
    /// It is closed with nothing in it.
    CloseEmpty,
}

impl Purpose {
    /// Its code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Purpose::First => "41",
            Purpose::More => "42",
            Purpose::Close => "43",
            Purpose::Spend => "44",
            Purpose::CloseEmpty => "50",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Purpose> {
        let all = [Purpose::First, Purpose::More, Purpose::Close, Purpose::Spend, Purpose::CloseEmpty];
        all.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// What a cryptogram is made for.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    /// The purse, by its reference.
    pub purse: &'a str,
    /// The transaction.
    pub transaction: &'a str,
    /// How much, paise; zero where nothing is paid.
    pub paise: u64,
    /// Who is paid, lower case; empty where nothing is paid.
    pub payee: &'a str,
    /// What the phone counts: one more each time.
    pub counter: u32,
    /// What the phone believes to be in the purse, paise.
    pub balance: u64,
}

/// What a cryptogram shows of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The phone's counter.
    pub counter: u32,
    /// What the phone believes to be in the purse, paise.
    pub balance: u64,
    mac: String,
}

fn mac(key: &HmacKey, spend: &Spend<'_>) -> String {
    let Spend { purse, transaction, paise, payee, counter, balance } = spend;
    // None of the texts has a line break, so no two spends have one text.
    let text = format!("{ALGORITHM}\n{purse}\n{transaction}\n{paise}\n{payee}\n{counter}\n{balance}");
    STANDARD.encode(key.tag(text.as_bytes()))
}

/// Makes the cryptogram of a spend.
pub fn cryptogram(key: &HmacKey, spend: &Spend<'_>) -> Credential {
    let shown = Shown { counter: spend.counter, balance: spend.balance, mac: mac(key, spend) };
    let data = serde_json::to_vec(&shown).expect("a text and numbers are JSON");
    Credential {
        kind: "CARD".to_owned(),
        subtype: "EMV".to_owned(),
        code: Some("NPCI".to_owned()),
        key_index: Some(ALGORITHM.to_owned()),
        data: STANDARD.encode(data),
    }
}

/// The cryptogram among credentials, read and not yet believed.
pub fn among(credentials: &[Credential]) -> Option<Shown> {
    let is_one = |credential: &&Credential| {
        credential.kind == "CARD" && credential.key_index.as_deref() == Some(ALGORITHM)
    };
    let data = STANDARD.decode(&credentials.iter().find(is_one)?.data).ok()?;
    serde_json::from_slice(&data).ok()
}

impl Shown {
    /// Whether it was made with this key for this purse, transaction, amount and payee.
    pub fn is_genuine(
        &self,
        key: &HmacKey,
        purse: &str,
        (transaction, paise, payee): (&str, u64, &str),
    ) -> bool {
        let Shown { counter, balance, .. } = *self;
        let spend = Spend { purse, transaction, paise, payee, counter, balance };
        constant_time_eq(self.mac.as_bytes(), mac(key, &spend).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cryptogram_is_good_for_what_it_was_made_for() {
        let key = HmacKey::new(&[7; 32]);
        let spend = Spend {
            purse: "770000000000000001",
            transaction: "PZA1",
            paise: 3000,
            payee: "chai@paiza",
            counter: 4,
            balance: 50_000,
        };
        let made = cryptogram(&key, &spend);
        let shown = among(&[made]).unwrap();
        assert_eq!((shown.counter, shown.balance), (4, 50_000));
        let is_good = |shown: &Shown, purse: &str, of| shown.is_genuine(&key, purse, of);
        assert!(is_good(&shown, spend.purse, ("PZA1", 3000, "chai@paiza")));
        for of in [("PZA2", 3000, "chai@paiza"), ("PZA1", 3001, "chai@paiza"), ("PZA1", 3000, "chal@paiza")] {
            assert!(!is_good(&shown, spend.purse, of));
        }
        assert!(!is_good(&shown, "770000000000000002", ("PZA1", 3000, "chai@paiza")));
        for changed in [Shown { counter: 5, ..shown.clone() }, Shown { balance: 50_001, ..shown.clone() }] {
            assert!(!is_good(&changed, spend.purse, ("PZA1", 3000, "chai@paiza")));
        }
        let other = HmacKey::new(&[8; 32]);
        assert!(!shown.is_genuine(&other, spend.purse, ("PZA1", 3000, "chai@paiza")));
        let wrong = Credential { data: "!".to_owned(), ..cryptogram(&key, &spend) };
        assert!(among(&[wrong]).is_none() && among(&[]).is_none());
    }

    #[test]
    fn purposes_have_their_codes() {
        for code in ["41", "42", "43", "44", "50"] {
            assert_eq!(Purpose::parse(code).map(Purpose::code), Some(code));
        }
        assert_eq!(Purpose::parse("00"), None);
    }
}
