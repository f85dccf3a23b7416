//! What the city's operators set up: token programmes, domain controls, merchants.

use super::CityError;
use super::party::of;
use crate::platform_http::developers::PublishedKey;
use acquiring::operations::{RegisterMerchant, RegisterTerminal};
use acquiring::records::MerchantState;
use acquiring::{AcceptorId, Merchant, TerminalId};
use crypto::p256::AgreementPublic;
use crypto::rsa::{Exponent, RsaPrivate};
use developers::Tenant;
use platform::psp::PaymentService;
use platform::{CardRange, NoticeTaken, TokenService};
use psp::merchants::TakeOn;
use psp::records::LinkedAccount;
use sandbox::directory::{Directory, Product};
use sandbox::upi::directory::UpiDirectory;
use std::collections::HashMap;
use std::sync::Arc;
use store::{Arrival, Deliverer, Store, StoreError};
use tokens::digest::Digest16;
use tokens::notice::TokenNotice;
use tokens::ops::{DefineControls, DefineProgramme, EndEnrolment, Ending, ForgetForestalled, topics};
use tokens::records::{Aid, Controls, Mode, Modes, Programme};
use tokens::text::{IssuerId, RequestorId};
use values::time::Zone;
use values::{Country, Currency, Id, MerchantCategory, Outbound};
use wallet::card::{Card, Certificates, Profile};

/// The standard class of domain controls.
const STANDARD: u16 = 1;
/// Paiza as a token requestor: three digits of the token service, eight of the wallet.
const REQUESTOR: &str = "62900000001";

/// The card ranges that tokens are made for: programmes are numbered as the directory lists them.
pub fn card_ranges() -> Vec<CardRange> {
    let ranges = (1u16..).zip(Directory::sandbox().ranges());
    let range = |(programme, (bank, range)): (
        u16,
        (&sandbox::directory::Institution, &sandbox::directory::Range),
    )| {
        CardRange {
            prefix: range.pan_prefix,
            length: range.length,
            programme,
            issuer: bank.id.clone(),
            issuer_name: bank.name.clone(),
            product: range.product_name.clone(),
        }
    };
    ranges.map(range).collect()
}

/// Sets up programmes and controls; saying so again changes nothing.
pub fn define(service: &TokenService) -> Result<(), StoreError> {
    let category = |code: u16| MerchantCategory::try_from(code).expect("four digits");
    let codes = Directory::sandbox().network.codes();
    let controls = Controls {
        id: STANDARD,
        name: "standard CNY".to_owned(),
        modes: Modes(vec![Mode::Contactless, Mode::Contact, Mode::Qr, Mode::Scan, Mode::Transit]),
        categories_allowed: Vec::new(),
        // Betting and cash in disguise are not what a phone wallet is for.
        categories_denied: vec![category(7995), category(6051)],
        currency: Currency::CNY,
        country: Some(Country::CHINA),
        payment_max: 2_000_000,
        unverified_max: 0,
        transit_max: 5_000,
        code_payment_max: codes.payment_max,
        code_daily_max: codes.daily_max,
        daily_max: 5_000_000,
        daily_count_max: 200,
    };
    service.store().call(DefineControls { controls })?;
    for (id, (bank, range)) in (1u16..).zip(Directory::sandbox().ranges()) {
        let kind = match range.product {
            Product::Debit => "UnionPay Debit",
            Product::Credit => "UnionPay Credit",
        };
        let programme = Programme {
            id,
            name: kind.to_owned(),
            issuer: IssuerId::parse(&bank.id).expect("the directory's names are short names"),
            token_prefix: range.token_prefix,
            requestor: RequestorId::parse(REQUESTOR).expect("eleven digits"),
            par_controller: "PZ01".to_owned(),
            aid: Aid(range.aid_bytes()),
            algorithm: range.algorithm_id(),
            dki: range.dki,
            controls: STANDARD,
            zone: Zone::Shanghai,
            validity_months: 36,
            art: format!("{}:{}:{}", bank.id, range.art.background, range.art.text),
        };
        service.store().call(DefineProgramme { programme })?;
    }
    Ok(())
}

/// The timers and notices of the token service.
pub(super) fn deliverers(service: &Arc<TokenService>) -> HashMap<String, Deliverer> {
    let store = service.store().clone();
    let expire = store.clone();
    let enrolments: Deliverer = Box::new(move |outbound: &Outbound| {
        let Some(enrolment) = str::from_utf8(&outbound.body).ok().and_then(|text| text.parse().ok()) else {
            return Arrival::Delivered;
        };
        arrived(expire.call(EndEnrolment { enrolment, ending: Ending::Expired }).is_ok())
    });
    let forestalled: Deliverer = Box::new(move |outbound: &Outbound| {
        let mut name = [0; 16];
        let Ok(()) = hex::decode_to_slice(&outbound.body, &mut name) else { return Arrival::Delivered };
        let message: Digest16 = tokens::digest::Digest(name);
        arrived(store.call(ForgetForestalled { message }).is_ok())
    });
    let told = Arc::clone(service);
    let notices: Deliverer = Box::new(move |outbound: &Outbound| {
        // What an earlier version left in other words is let go.
        let Some(notice) = TokenNotice::read(&outbound.body) else { return Arrival::Delivered };
        match told.notify_issuer(&notice) {
            Ok(NoticeTaken::Yes) => Arrival::Delivered,
            Ok(NoticeTaken::Never) => {
                tracing::warn!(token = %notice.token, "the issuer has no such token");
                Arrival::Delivered
            }
            Ok(NoticeTaken::NotYet) | Err(_) => Arrival::Retry,
        }
    });
    // A phone has no channel on which the platform could call it: it learns of a changed token when it next asks.
    let phones: Deliverer = Box::new(|_| Arrival::Delivered);
    HashMap::from([
        (topics::TOKEN_CHANGED.to_owned(), phones),
        (topics::ISSUER_NOTICE.to_owned(), notices),
        (topics::ENROLMENT_EXPIRES.to_owned(), enrolments),
        (topics::FORESTALLED_EXPIRES.to_owned(), forestalled),
    ])
}

fn arrived(done: bool) -> Arrival {
    if done { Arrival::Delivered } else { Arrival::Retry }
}

/// Data preparation with the sandbox's issuer keys: a fresh key pair for the card, certified by its issuer, whom the
/// test authority certifies.
pub(super) fn certify(card: &Card, device: &AgreementPublic) -> Option<Certificates> {
    let (bank, range) = Directory::sandbox().by_token_prefix(card.number.issuer_prefix())?;
    let issuer = sandbox::authority::certified_issuer(bank, range);
    let made_for = wallet::personalise::Issuer {
        authority_index: issuer.authority_index,
        certificate: &issuer.certificate,
        private: &issuer.private,
        serial: crypto::random::bytes(),
    };
    let key = RsaPrivate::generate(CARD_KEY_BITS, Exponent::Three, &mut crypto::random::fill).ok()?;
    wallet::personalise::personalise(card, Profile::Contact, &made_for, &key, device).ok()
}

/// Length of a card's own key: short enough for certificates that fit an answer, long enough for its years.
const CARD_KEY_BITS: u32 = 1152;

/// A merchant of the city and its terminal.
pub struct DemoMerchant {
    /// Number in the register.
    pub number: u128,
    /// Acceptor id on the wire.
    pub acceptor: &'static str,
    /// Terminal id on the wire.
    pub terminal: &'static str,
    /// Name on receipts.
    pub name: &'static str,
    /// What it sells.
    pub category: u16,
}

/// The merchants every city has.
pub const DEMO_MERCHANTS: &[DemoMerchant] = &[
    DemoMerchant {
        number: 1,
        acceptor: "104110054110001",
        terminal: "PZ000001",
        name: "PAIZA NOODLES",
        category: 5812,
    },
    DemoMerchant {
        number: 2,
        acceptor: "104110059420002",
        terminal: "PZ000002",
        name: "PAIZA BOOKS",
        category: 5942,
    },
    DemoMerchant {
        number: 3,
        acceptor: "104110079950003",
        terminal: "PZ000003",
        name: "PAIZA BETS",
        category: 7995,
    },
];

/// The keys of the developers' interface that every city has: the operator's, each merchant's, each bank's.
pub fn published_keys() -> Vec<PublishedKey> {
    // As every test key of the sandbox, printed for everybody; the padding gives them the length of a key.
    let text = |name: &str| format!("sk_test_{name:0<24}");
    let platform = PublishedKey { text: text("platform"), name: "Operator", tenant: Tenant::Platform };
    let shop = |demo: &DemoMerchant| PublishedKey {
        text: text(&demo.name.to_lowercase().replace("paiza ", "")),
        name: demo.name,
        tenant: Tenant::Merchant(Id::from_u128(demo.number)),
    };
    let bank = |bank: &sandbox::directory::Institution| PublishedKey {
        text: text(&format!("bank{}", bank.id)),
        name: "Bank",
        tenant: Tenant::Issuer(bank.id.clone()),
    };
    let banks = Directory::sandbox().institutions.iter().map(bank);
    std::iter::once(platform).chain(DEMO_MERCHANTS.iter().map(shop)).chain(banks).collect()
}

/// The merchant who is paid by account: not at a terminal, and in rupees.
struct AccountMerchant {
    name: &'static str,
    address: &'static str,
    /// Of its account in the directory of account payment.
    number: &'static str,
    acceptor: &'static str,
    category: u16,
}

const ACCOUNT_MERCHANT: AccountMerchant = AccountMerchant {
    name: "PAIZA CHAI",
    address: "paiza.chai@paiza",
    number: "20020000000171",
    acceptor: "104110058140004",
    category: 5814,
};

fn account_merchant_id() -> Id<values::id::kinds::Merchant> {
    Id::from_u128(4)
}

/// The key of the merchant who is paid by account, which everybody knows as the others.
pub fn account_merchant_key() -> PublishedKey {
    let text = format!("sk_test_{:0<24}", "chai");
    PublishedKey { text, name: ACCOUNT_MERCHANT.name, tenant: Tenant::Merchant(account_merchant_id()) }
}

/// Registers the merchant who is paid by account, with the acquirer and with the provider; again changes nothing.
pub(super) fn register_account_merchant(store: &Store, service: &PaymentService) -> Result<(), CityError> {
    let demo = &ACCOUNT_MERCHANT;
    let merchant = Merchant {
        id: account_merchant_id(),
        acceptor: AcceptorId::parse(demo.acceptor.as_bytes()).expect("fifteen characters"),
        name: demo.name.to_owned(),
        city: "PUNE".to_owned(),
        category: MerchantCategory::try_from(demo.category).expect("four digits"),
        country: Country::from_numeric(356).expect("India has a code"),
        currency: Currency::INR,
        limit_payment: 10_000_000,
        limit_daily: 100_000_000,
        state: MerchantState::Active,
    };
    store.call(RegisterMerchant { merchant }).map_err(of("acquirer"))?;
    let account = UpiDirectory::sandbox().accounts.iter().find(|account| account.number == demo.number);
    let account = account.expect("a test shows that the directory has it");
    let taken = service.take_on(TakeOn {
        mobile: format!("91{}", account.mobile),
        name: demo.name.to_owned(),
        category: format!("{:04}", demo.category),
        address: demo.address.to_owned(),
        account: LinkedAccount {
            reference: account.number.clone(),
            ifsc: account.ifsc().as_str().to_owned(),
            masked: account.number.clone(),
            kind: account.kind.clone(),
            holder: account.holder.clone(),
            has_pin: false,
            pin_length: 6,
        },
    });
    let tied = taken.and_then(|()| service.tie_merchant(account_merchant_id(), demo.address));
    tied.map(drop).map_err(|error| CityError::Unknown(format!("{}: {error}", demo.name)))
}

/// Registers the city's merchants and terminals; again changes nothing.
pub(super) fn register_merchants(store: &Store) -> Result<(), StoreError> {
    for demo in DEMO_MERCHANTS {
        let merchant = Merchant {
            id: Id::from_u128(demo.number),
            acceptor: AcceptorId::parse(demo.acceptor.as_bytes()).expect("fifteen characters"),
            name: demo.name.to_owned(),
            city: "BEIJING".to_owned(),
            category: MerchantCategory::try_from(demo.category).expect("four digits"),
            country: Country::CHINA,
            currency: Currency::CNY,
            limit_payment: 5_000_000,
            limit_daily: 100_000_000,
            state: MerchantState::Active,
        };
        let id = TerminalId::parse(demo.terminal.as_bytes()).expect("eight characters");
        let terminal = RegisterTerminal { id, merchant: merchant.id };
        store.call(RegisterMerchant { merchant })?;
        store.call(terminal)?;
    }
    Ok(())
}
