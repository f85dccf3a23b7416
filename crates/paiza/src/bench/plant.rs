//! What is measured: a token gateway and an issuer, each over durable records of its own, joined by a line.

use super::{Place, configuration};
use crate::cli::BenchAlgorithm;
use crate::output::Failure;
use crypto::emv_keys::{Algorithm, MasterKey};
use crypto::keystore::KeyRing;
use iso8583::{Framing, Message};
use platform::gateway::Gateway;
use platform::issuer_line::IssuerLine;
use platform::keys::{PlatformKeys, names};
use platform::line::{HostAnswer, HostLine, Then};
use platform::{Texting, TokenService};
use sandbox::digest::Digest;
use sandbox::directory::{Directory, Institution, Range};
use sandbox::issuer::OpenCards;
use sandbox::issuer::card::{BankCard, TokenLink};
use sandbox::keys::{Line as LineKey, issuer_master_key};
use server::city;
use server::hosts::gateway::GatewayPort;
use server::hosts::issuer::{Issuer, IssuerPort};
use server::iso::{Ends, Line, Listener};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use store::{Schema, Store, SystemClock};
use tokens::ops::DefineControls;
use tokens::records::{Controls, TokenState, VaultEntry};
use values::{Expiry, Id, Operation, Pan, Records, Secret, SecretBytes, Timestamp, TokenNumber, card};

/// Cards opened by one operation while loading.
const AT_ONCE: u64 = 500;
/// The class of controls of the bench's tokens.
const CONTROLS: u16 = 100;
/// Payments of one token on one day; the most the controls can say.
pub(super) const TAPS_PER_TOKEN: u64 = 255;
/// The first of the bench's own cards; the documented test cards, with behaviours of their own, lie below.
const FIRST: u64 = 1_000_000;
/// What each card may spend, minor units.
const CREDIT: u64 = 1_000_000_000;

/// The cards of a bench: their numbers follow from their index, so nothing needs to be kept.
pub(super) struct Cards {
    bank: &'static Institution,
    range: &'static Range,
    master: MasterKey,
    count: u64,
    stride: u64,
    expiry: Expiry,
}

impl Cards {
    pub(super) fn new(algorithm: BenchAlgorithm, count: u32) -> Result<Cards, Failure> {
        let (wanted, algorithm) = match algorithm {
            BenchAlgorithm::TripleDes => (0x01, Algorithm::TripleDes),
            BenchAlgorithm::Sm4 => (0x04, Algorithm::Sm4),
            BenchAlgorithm::Aes => (0xA1, Algorithm::Aes),
        };
        let credit = |(_, range): &(&Institution, &Range)| {
            range.algorithm_id() == wanted && range.product == sandbox::directory::Product::Credit
        };
        let found = Directory::sandbox().ranges().find(credit);
        let (bank, range) = found.ok_or_else(|| configuration("the directory", "no such range"))?;
        let count = u64::from(count);
        let master = MasterKey::new(algorithm, &issuer_master_key(bank, range));
        let expiry = Expiry::new(49, 12).expect("a month");
        Ok(Cards { bank, range, master, count, stride: stride(count), expiry })
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn range(&self) -> &Range {
        self.range
    }

    pub(super) fn master(&self) -> &MasterKey {
        &self.master
    }

    pub(super) fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// Which card tap `number` is of, and how many taps that card had before.
    pub(super) fn turn(&self, number: u64) -> (u64, u64) {
        (number % self.count * self.stride % self.count, number / self.count)
    }

    pub(super) fn token(&self, index: u64) -> TokenNumber {
        let digits = digits(self.range.token_prefix, self.range.length, index);
        TokenNumber::parse(&digits).expect("made with its check digit")
    }

    fn pan(&self, index: u64) -> Pan {
        Pan::parse(&digits(self.range.pan_prefix, self.range.length, index))
            .expect("made with its check digit")
    }
}

/// A number of this range: prefix, index, check digit.
pub(super) fn digits(prefix: u32, length: usize, index: u64) -> Vec<u8> {
    let mut digits = format!("{prefix}{:0width$}", FIRST + index, width = length - 9).into_bytes();
    digits.push(card::luhn_check_digit(&digits).expect("digits"));
    digits
}

/// About 0.618 of the count and prime to it.
fn stride(count: u64) -> u64 {
    let divides = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a > 1
    };
    let mut stride = (count * 618 / 1000).max(1);
    while divides(stride, count) {
        stride += 1;
    }
    stride
}

/// Gateway and issuer, running.
pub(super) struct Plant {
    pub(super) gateway_at: SocketAddr,
    tokens: Store,
    issuer: Store,
    keys: Arc<TokenService>,
    bank: Issuer,
    _listeners: [Listener; 2],
}

impl Plant {
    pub(super) fn start(cards: &Cards, place: &Place) -> Result<Plant, Failure> {
        let clock = || Arc::new(SystemClock);
        let open = |name: &str, schema: Schema| {
            let schema = schema.telling(server::iso::holding);
            Store::open(&place.0.join(name), schema, clock()).map_err(|e| configuration(name, e))
        };
        let tokens = open("tokens.sqlite", store::rooms::tokens::tables(Schema::new()))?;
        let tables = store::rooms::issuer::tables(store::rooms::ledger::tables(Schema::new()));
        let issuer = open("issuer.sqlite", tables)?;
        let bank = Issuer::new(cards.bank, issuer.clone()).map_err(|e| configuration("issuer", e))?;
        let dialect = city::net(LineKey::Detokenised(&cards.bank.id));
        let port = IssuerPort::new(bank.clone(), dialect.clone(), Ends::unwatched("issuer", "token gateway"));
        let (issuer_at, issuer_listener) = listen(port)?;

        let keys = Arc::new(service(cards, tokens.clone())?);
        city::define(&keys).map_err(|e| configuration("programmes", e))?;
        let line = Line::start(issuer_at, dialect, Ends::unwatched("token gateway", "issuer"), |_| ());
        let line: Arc<dyn HostLine> = Arc::new(line.map_err(|e| configuration("the line to the issuer", e))?);
        let lines = HashMap::from([(cards.bank.id.clone(), line)]);
        let gateway = Gateway::new(&keys, &lines, Duration::from_secs(30));
        let gateway = gateway.map_err(|e| configuration("gateway", e))?;
        let port = GatewayPort::new(
            gateway,
            city::net(LineKey::Gateway),
            Ends::unwatched("token gateway", "network"),
        );
        let (gateway_at, gateway_listener) = listen(port)?;
        let _listeners = [issuer_listener, gateway_listener];
        Ok(Plant { gateway_at, tokens, issuer, keys, bank, _listeners })
    }

    /// Opens cards, accounts, tokens and vault entries, and waits until all of it lies in the tables.
    pub(super) fn load(&self, cards: &Cards) -> Result<(), Failure> {
        self.keys.store().call(DefineControls { controls: controls() }).map_err(failed)?;
        let issuer = || {
            pieces(cards).try_for_each(|piece| {
                let opened: Vec<_> = piece.map(|index| self.card(cards, index)).collect();
                let links = opened.iter().map(|(card, token)| TokenLink {
                    token: *token,
                    card: card.key,
                    expiry: cards.expiry,
                    stopped: false,
                });
                let links = LoadLinks(links.collect());
                let opened = opened.into_iter().map(|(card, _)| (card, CREDIT)).collect();
                self.issuer.call(OpenCards::new(opened)).map_err(failed)?;
                self.issuer.call(links).map(drop).map_err(failed)
            })?;
            self.issuer.flush().map_err(failed)
        };
        std::thread::scope(|scope| {
            let issuing = scope.spawn(issuer);
            pieces(cards).try_for_each(|piece| {
                let tokens = piece.map(|index| self.token(cards, index)).collect::<Result<_, _>>()?;
                self.tokens.call(LoadTokens(tokens)).map(drop).map_err(failed)
            })?;
            self.tokens.flush().map_err(failed)?;
            issuing.join().expect("loading does not panic")
        })
    }

    /// Folds what was put off under load; done when the tables hold everything.
    pub(super) fn fold(&self) -> Result<(), Failure> {
        self.tokens.flush().and_then(|()| self.issuer.flush()).map_err(failed)
    }

    fn card(&self, cards: &Cards, index: u64) -> (BankCard, TokenNumber) {
        let pan = cards.pan(index);
        let key = Digest(self.bank.keys().card_key(&pan));
        let card =
            BankCard::new(key, pan.issuer_prefix(), pan.last_four(), cards.expiry, cards.range.product);
        // The bank texts its customers about every payment, as banks do.
        let phone = format!("+86139{index:08}");
        let card = BankCard { phone, limit_daily: CREDIT, limit_count: u32::MAX, ..card };
        (card, cards.token(index))
    }

    fn token(&self, cards: &Cards, index: u64) -> Result<(TokenState, VaultEntry), Failure> {
        let number = cards.token(index);
        let programme = programme_of(cards);
        let claimed = TokenState::claimed(number, 1, Some(cards.expiry), programme);
        let state = TokenState { controls: CONTROLS, issued_through: u16::MAX, ..claimed };
        let entropy = Secret::new(crypto::random::bytes());
        let sealed =
            tokens::vault::seal(self.keys.keys().vault(), number, &cards.pan(index), cards.expiry, &entropy);
        let envelope = sealed.map_err(|e| configuration("the vault", e))?;
        let reference = Id::from_u128(u128::from(index) + 1);
        Ok((state, VaultEntry { number, reference, envelope }))
    }
}

impl Drop for Plant {
    fn drop(&mut self) {
        self.tokens.close();
        self.issuer.close();
    }
}

fn failed(error: store::StoreError) -> Failure {
    configuration("the records", error)
}

fn pieces(cards: &Cards) -> impl Iterator<Item = std::ops::Range<u64>> + use<> {
    let count = cards.count;
    (0..count.div_ceil(AT_ONCE)).map(move |piece| piece * AT_ONCE..count.min((piece + 1) * AT_ONCE))
}

fn programme_of(cards: &Cards) -> u16 {
    let place = Directory::sandbox().ranges().position(|(_, range)| std::ptr::eq(range, cards.range));
    place.map_or(0, |place| place as u16 + 1)
}

fn listen(service: impl server::iso::Service) -> Result<(SocketAddr, Listener), Failure> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| configuration("a port", e))?;
    let listener = Listener::serve(socket, Framing::binary2(), Arc::new(service));
    let listener = listener.map_err(|e| configuration("a port", e))?;
    Ok((listener.address(), listener))
}

fn service(cards: &Cards, store: Store) -> Result<TokenService, Failure> {
    let mut ring: KeyRing = PlatformKeys::generate();
    let programme = programme_of(cards);
    let master = issuer_master_key(cards.bank, cards.range);
    ring.insert(&names::master(programme), SecretBytes::new(master.expose().to_vec()));
    let algorithm = cards.master.algorithm();
    let keys = PlatformKeys::load(&ring, &[(programme, algorithm)], &[]);
    let keys = Arc::new(keys.map_err(|e| configuration("keys", e))?);
    let line = IssuerLine::new(Arc::new(Nobody), "01990000", Duration::from_secs(1));
    Ok(TokenService::new(store, keys, line, city::card_ranges(), Arc::new(Nobody), tokens::Policy::STANDARD))
}

/// No card is added here, so nobody is asked or texted.
struct Nobody;

impl HostLine for Nobody {
    fn ask(&self, _message: Message, _wait: Duration, then: Then) {
        then(HostAnswer::NotSent);
    }
}

impl Texting for Nobody {
    fn send(&self, _id: &str, _number: &str, _text: &str) {}
}

fn controls() -> Controls {
    use tokens::records::{Mode, Modes};
    Controls {
        id: CONTROLS,
        name: "bench".to_owned(),
        modes: Modes(vec![Mode::Contactless]),
        categories_allowed: Vec::new(),
        categories_denied: Vec::new(),
        currency: values::Currency::CNY,
        country: Some(values::Country::CHINA),
        payment_max: 2_000_000,
        unverified_max: 0,
        code_payment_max: 0,
        code_daily_max: 0,
        transit_max: 5_000,
        daily_max: u32::MAX,
        daily_count_max: TAPS_PER_TOKEN as u8,
    }
}

/// Brings in many tokens at once.
struct LoadTokens(Vec<(TokenState, VaultEntry)>);

impl Operation for LoadTokens {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "bench.load_tokens";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Self::Refusal> {
        for (state, entry) in &self.0 {
            records.put(*state);
            records.put(entry.clone());
        }
        Ok(())
    }
}

/// Tells the issuer of many tokens at once.
struct LoadLinks(Vec<TokenLink>);

impl Operation for LoadLinks {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "bench.load_links";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Self::Refusal> {
        self.0.iter().for_each(|link| records.put(link.clone()));
        Ok(())
    }
}
