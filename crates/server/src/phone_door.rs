//! The phone's own door: its screens, served by the phone itself, because that is where its keys and messages are.
//!
//! A thin shell over [`crate::phone::Phone`]: read, decide, call, show. It takes requests of this machine alone
//! (`screens::guard`), and shows nothing of the phone before its passcode was typed; a session that was not used for
//! [`IDLE`] has ended. Money wants the passcode once more for every tap, as the wallet's rules say.
//!
//! Read `first_run` (from nothing to a bound phone, and opening it), `cards` and `adding`, `tapping` (held near a reader, and
//! how it ended), `coding` (by code), `upi` (from a bank account), `looking_back`, `disputes` (of payments with cards), `own`, `privacy`, `passkey`; then `visit` (who is asking) and `view` (records as pages see them).

mod adding;
mod cards;
mod coding;
mod disputes;
mod first_run;
mod looking_back;
mod own;
mod passkey;
mod privacy;
mod tapping;
mod upi;
mod view;
mod visit;

use crate::api::phone::CardRange;
use crate::ceremony::Ceremonies;
use crate::phone::{Binding, Phone, PhoneError, Scanned};
use crate::picture;
use crate::screens::{door, guard, phone as screens};
use crate::trace::Watch;
use ::wallet::unlock::Verified;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use crypto::passphrase::Work;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use store::Clock;
use values::Timestamp;

pub use upi::UpiLine;
pub use visit::IDLE;

/// The largest form that is read: every form of the phone fits many times.
const BODY_MOST: usize = 16 * 1024;

/// The largest form with a photograph of a code.
const SCAN_MOST: usize = picture::BYTES_MOST + BODY_MOST;

/// What a phone is told when it is switched on.
pub struct Settings {
    /// Its directory; made when it is set up.
    pub directory: PathBuf,
    /// The number that is offered when it is set up; may be empty.
    pub number: String,
    /// Host and port of the platform.
    pub platform: String,
    /// The telephone network.
    pub telephone: SocketAddr,
    /// Its line to a provider of account payment, if it has one.
    pub upi: Option<UpiLine>,
    /// The reader it is held against (vpcd).
    pub reader: SocketAddr,
    /// How much work one try of the passcode is.
    pub work: Work,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Who watches its wires.
    pub watch: Watch,
    /// Origins whose pages may show it in a frame, such as `http://127.0.0.1:8080`.
    pub framed_by: Vec<String>,
}

/// How far the phone is.
enum Stage {
    /// Nothing was told yet.
    New,
    /// It knows its number and its name.
    Named { number: String, name: String },
    /// A code is on its way.
    Binding(Box<Binding>),
    /// It belongs to its owner.
    Bound(Arc<Phone>),
}

/// A phone behind its door. Clones are the same phone.
#[derive(Clone)]
pub struct PhoneDoor(Arc<Inside>);

struct Inside {
    settings: Settings,
    stage: Mutex<Stage>,
    /// What is shown once at the end of setting up: the recovery code, if the customer is new.
    recovery: Mutex<Option<Option<String>>>,
    sessions: visit::Sessions,
    /// The passkeys of this door, once it is known where it listens.
    ceremonies: OnceLock<Ceremonies>,
    /// What was verified last, for one tap.
    verified: Mutex<Option<Arc<Verified>>>,
    adding: Mutex<Option<adding::Adding>>,
    ranges: Mutex<Option<Arc<Vec<CardRange>>>>,
    tapping: tapping::Tapping,
    /// The code that was scanned last, until it is paid.
    scanned: Mutex<Option<Arc<Scanned>>>,
    upi: Mutex<upi::State>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left behind is whole: every change under these locks is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PhoneDoor {
    /// The phone in this directory, set up or not.
    pub fn new(settings: Settings) -> Result<PhoneDoor, PhoneError> {
        let stage = if Phone::is_set_up(&settings.directory) {
            let clock = Arc::clone(&settings.clock);
            let phone = Phone::open(&settings.directory, clock, settings.watch.clone())?;
            Stage::Bound(Arc::new(phone))
        } else {
            Stage::New
        };
        let sessions = visit::Sessions::of(&settings.directory);
        Ok(PhoneDoor(Arc::new(Inside {
            settings,
            stage: Mutex::new(stage),
            recovery: Mutex::default(),
            sessions,
            ceremonies: OnceLock::new(),
            verified: Mutex::default(),
            adding: Mutex::default(),
            ranges: Mutex::default(),
            tapping: tapping::Tapping::default(),
            scanned: Mutex::default(),
            upi: Mutex::default(),
        })))
    }

    /// The phone, if it is bound: for whoever runs it.
    pub fn phone(&self) -> Option<Arc<Phone>> {
        match &*held(&self.0.stage) {
            Stage::Bound(phone) => Some(Arc::clone(phone)),
            _ => None,
        }
    }

    fn now(&self) -> Timestamp {
        self.0.settings.clock.now()
    }

    /// Fetches texts, keys and states while nobody waits for it.
    fn catch_up(&self, phone: &Arc<Phone>) {
        let (door, phone) = (self.clone(), Arc::clone(phone));
        let spawned = std::thread::Builder::new().name("phone".to_owned()).spawn(move || {
            if let Err(error) = phone.fetch_texts().and_then(|_| phone.sync()) {
                tracing::info!(%error, "not in step with the platform");
            }
            if let Err(error) = door.hear_of_account() {
                tracing::info!(%error, "nothing new is known of the account");
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread to catch up");
        }
    }
}

/// Every page that is asked for with GET, `{token}` and `{counter}` standing for a card and a tap, `{place}` for a linked
/// account counted from 1, `{transaction}` for a payment by account, `{request}` for what a merchant asks for, `{bill}`
/// for a bill that was paid, `{split}` for one that is shared, `{mandate}` for leave to
/// debit again. Whoever looks at all pages finds them here.
pub const PAGES: &[&str] = &[
    "/",
    "/welcome",
    "/welcome/passcode",
    "/welcome/code",
    "/welcome/done",
    "/unlock",
    "/cards/new",
    "/cards/verify",
    "/cards/{token}",
    "/cards/{token}/added",
    "/cards/{token}/remove",
    "/tap",
    "/code",
    "/code/pay",
    "/upi",
    "/upi/register",
    "/upi/banks",
    "/upi/accounts",
    "/upi/address",
    "/upi/pin/{place}",
    "/upi/pin/{place}/new",
    "/upi/balance/{place}",
    "/upi/pay",
    "/upi/pay/confirm",
    "/upi/pay/pin",
    "/upi/mandates",
    "/upi/mandates/new",
    "/upi/mandates/new/pin?account=1",
    "/upi/mandates/{mandate}",
    "/upi/mandates/{mandate}/pin?account=1",
    "/upi/receive",
    "/upi/receive?amount=250.00",
    "/upi/purse",
    "/upi/purse/pin",
    "/upi/payments/{transaction}",
    "/upi/payments/{transaction}/share",
    "/upi/payments/{transaction}/dispute",
    "/upi/requests",
    "/upi/requests/{request}",
    "/upi/requests/{request}/pin?account=1",
    "/upi/addresses",
    "/upi/blocked",
    "/upi/bills",
    "/upi/billers/KONK00000ELE01",
    "/upi/billers/JYOT00000MOB01",
    "/upi/bill",
    "/upi/bill/pin",
    "/upi/bills/paid/{bill}",
    "/upi/splits",
    "/upi/splits/new",
    "/upi/splits/{split}",
    "/upi/splits/{split}/1",
    "/history",
    "/history?q=noodles&show=out",
    "/history?q=nothing+like+it",
    "/history/{token}/{counter}",
    "/history/{token}/{counter}/share",
    "/history/{token}/{counter}/dispute",
    "/inbox",
    "/you",
    "/you/passkey",
    "/you/devices",
    "/you/privacy",
    "/you/privacy/parties",
    "/you/privacy/leave",
];

/// Every form that is sent with POST, its fields with it.
pub const FORMS: &[(&str, &[&str])] = &[
    ("/welcome", &["number", "name"]),
    ("/welcome/passcode", &["passcode", "again"]),
    ("/welcome/code", &["code"]),
    ("/welcome/again", &[]),
    ("/welcome/done", &["then"]),
    ("/unlock", &["passcode", "then"]),
    ("/unlock/passkey", &["proof", "then"]),
    ("/unlock/again", &[]),
    ("/lock", &[]),
    ("/cards/new", &["number", "expiry", "security", "bank_phone"]),
    ("/cards/look", &["prefix", "tail"]),
    ("/cards/verify/way", &["way"]),
    ("/cards/verify/code", &["code"]),
    ("/cards/{token}/first", &[]),
    ("/cards/{token}/name", &["nickname"]),
    ("/cards/{token}/up", &[]),
    ("/cards/{token}/pause", &[]),
    ("/cards/{token}/resume", &[]),
    ("/cards/{token}/remove", &[]),
    ("/tap", &["passcode", "card", "proof"]),
    ("/tap/card", &["card"]),
    ("/tap/close", &[]),
    ("/history/{token}/{counter}/dispute", &["reason", "amount"]),
    ("/history/{token}/{counter}/dispute/withdraw", &[]),
    ("/you/passkey", &["passcode", "proof"]),
    ("/you/passkey/remove", &[]),
    ("/you/clock", &["zone"]),
    ("/you/privacy/leave", &["passcode"]),
    ("/code/show", &["passcode", "card", "proof"]),
    ("/code/scan", &["code", "picture"]),
    ("/code/read", &[]),
    ("/code/pay", &["amount", "passcode", "card"]),
    ("/upi/register", &["number"]),
    ("/upi/banks", &["bank"]),
    ("/upi/accounts", &["account"]),
    ("/upi/address", &["name"]),
    ("/upi/first", &["account"]),
    ("/upi/pin/{place}", &["card", "expiry"]),
    ("/upi/pin/{place}/new", &["code", "pin", "again"]),
    ("/upi/balance/{place}", &["approves", "pin"]),
    ("/upi/pay", &["to"]),
    ("/upi/scan", &["code", "picture"]),
    ("/upi/pay/confirm", &["amount", "note", "account"]),
    ("/upi/pay/pin", &["approves", "pin"]),
    ("/upi/pay/again", &[]),
    ("/upi/mandates/new/pin", &["approves", "pin"]),
    ("/upi/mandates/new/decline", &[]),
    ("/upi/mandates/{mandate}/pin", &["approves", "pin"]),
    ("/upi/mandates/{mandate}/decline", &[]),
    ("/upi/mandates/{mandate}/pause", &[]),
    ("/upi/mandates/{mandate}/revoke", &[]),
    ("/upi/mandates/{mandate}/debit", &["amount"]),
    ("/upi/purse", &["amount", "account"]),
    ("/upi/purse/pin", &["approves", "pin"]),
    ("/upi/purse/ask", &[]),
    ("/upi/purse/close", &[]),
    ("/upi/payments/{transaction}/dispute", &["reason", "amount"]),
    ("/upi/payments/{transaction}/dispute/escalate", &[]),
    ("/upi/payments/{transaction}/dispute/withdraw", &[]),
    ("/upi/requests/{request}/pin", &["approves", "pin"]),
    ("/upi/requests/{request}/decline", &[]),
    ("/upi/requests/{request}/block", &["report"]),
    ("/upi/addresses/first", &["address"]),
    ("/upi/addresses/remove", &["address"]),
    ("/upi/blocked", &["address", "report"]),
    ("/upi/blocked/remove", &["address"]),
    ("/upi/billers/KONK00000ELE01", &["consumer_number"]),
    ("/upi/billers/JYOT00000MOB01", &["mobile_number", "plan"]),
    ("/upi/bill", &["amount", "account"]),
    ("/upi/bill/pin", &["approves", "pin"]),
    ("/upi/splits", &["note", "total", "people", "with_me"]),
];

/// The routes, read like a menu.
pub fn router(phone: PhoneDoor) -> Router {
    Router::new()
        .route("/", get(cards::home))
        .route("/welcome", get(first_run::welcome).post(first_run::name))
        .route("/welcome/passcode", get(first_run::passcode).post(first_run::choose))
        .route("/welcome/code", get(first_run::code).post(first_run::prove))
        .route("/welcome/again", post(first_run::send_again))
        .route("/welcome/done", get(first_run::recovery).post(first_run::done))
        .route("/unlock", get(first_run::locked).post(first_run::unlock))
        .route("/unlock/passkey", post(passkey::open))
        .route("/unlock/again", post(first_run::again))
        .route("/lock", post(first_run::lock))
        .route("/cards/new", get(adding::form).post(adding::add))
        .route("/cards/look", post(adding::look))
        .route("/cards/verify", get(adding::verify))
        .route("/cards/verify/way", post(adding::choose_way))
        .route("/cards/verify/code", post(adding::answer))
        .route("/cards/{token}", get(cards::card))
        .route("/cards/{token}/added", get(cards::added))
        .route("/cards/{token}/first", post(cards::first))
        .route("/cards/{token}/name", post(cards::name))
        .route("/cards/{token}/up", post(cards::up))
        .route("/cards/{token}/pause", post(cards::pause))
        .route("/cards/{token}/resume", post(cards::resume))
        .route("/cards/{token}/remove", get(cards::ask_to_remove).post(cards::remove))
        .route("/tap", get(tapping::page).post(tapping::hold))
        .route("/tap/card", post(tapping::change_card))
        .route("/tap/now", get(tapping::news))
        .route("/tap/close", post(tapping::close))
        .route("/code", get(coding::page))
        .route("/code/show", post(coding::show))
        .route("/code/scan", post(coding::scan).layer(DefaultBodyLimit::max(SCAN_MOST)))
        .route("/code/read", post(coding::read).layer(DefaultBodyLimit::max(SCAN_MOST)))
        .route("/code/pay", get(coding::confirm).post(coding::pay))
        .merge(account_routes())
        .merge(more_account_routes())
        .route("/history", get(looking_back::history))
        .route("/history.csv", get(looking_back::table))
        .route("/history.pdf", get(looking_back::paper))
        .route("/history/{token}/{counter}", get(looking_back::receipt))
        .route("/history/{token}/{counter}/dispute", get(disputes::one).post(disputes::raise))
        .route("/history/{token}/{counter}/dispute/withdraw", post(disputes::withdraw))
        .route("/history/{token}/{counter}/{file}", get(looking_back::hand_on))
        .route("/inbox", get(looking_back::inbox))
        .route("/you", get(own::you))
        .route("/you/clock", post(own::choose_clock))
        .route("/you/passkey", get(passkey::page).post(passkey::add))
        .route("/you/passkey/remove", post(passkey::remove))
        .route("/you/devices", get(own::devices))
        .route("/you/privacy", get(privacy::centre))
        .route("/you/privacy.json", get(privacy::file))
        .route("/you/privacy/parties", get(own::parties))
        .route("/you/privacy/leave", get(privacy::ask_to_leave).post(privacy::leave))
        .route("/assets/phone.css", get(|| async { door::style_sheet_of(screens::style_sheet()) }))
        .route("/assets/phone.js", get(|| async { door::script(screens::SCRIPT) }))
        .route("/assets/upi.css", get(|| async { door::style_sheet_of(screens::UPI_STYLE.to_owned()) }))
        .route("/assets/upi.js", get(|| async { door::script(screens::UPI_SCRIPT) }))
        .route("/assets/passkey.js", get(|| async { door::script(crate::screens::PASSKEY_SCRIPT) }))
        .route("/assets/scan.js", get(|| async { door::script(crate::screens::SCAN_SCRIPT) }))
        .merge(door::common())
        .fallback(visit::missing)
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(from_fn(guard::own_pages_alone))
        .with_state(phone)
}

/// Those of account payment.
fn account_routes() -> Router<PhoneDoor> {
    use upi::{disputes, looking, mandates, paying, set_up};
    Router::new()
        .route("/upi", get(upi::home))
        .route("/upi/register", get(set_up::number).post(set_up::register))
        .route("/upi/banks", get(set_up::banks).post(set_up::ask_bank))
        .route("/upi/accounts", get(set_up::accounts).post(set_up::link))
        .route("/upi/address", get(set_up::name).post(set_up::make_address))
        .route("/upi/first", post(set_up::first))
        .route("/upi/pin/{place}", get(set_up::card).post(set_up::ask_password))
        .route("/upi/pin/{place}/new", get(set_up::new_pin).post(set_up::set_pin))
        .route("/upi/balance/{place}", get(looking::ask_balance).post(looking::balance))
        .route("/upi/pay", get(paying::whom).post(paying::by_address))
        .route("/upi/scan", post(paying::scan).layer(DefaultBodyLimit::max(SCAN_MOST)))
        .route("/upi/pay/confirm", get(paying::confirm).post(paying::decide))
        .route("/upi/pay/pin", get(paying::pin).post(paying::pay))
        .route("/upi/pay/again", post(paying::send_again))
        .route("/upi/mandates", get(mandates::list))
        .route("/upi/mandates/new", get(mandates::proposal))
        .route("/upi/mandates/new/pin", get(mandates::proposal_pin).post(mandates::make))
        .route("/upi/mandates/new/decline", post(mandates::let_be))
        .route("/upi/mandates/{mandate}", get(mandates::one))
        .route("/upi/mandates/{mandate}/pin", get(mandates::pin).post(mandates::approve))
        .route("/upi/mandates/{mandate}/decline", post(mandates::decline))
        .route("/upi/mandates/{mandate}/pause", post(mandates::pause))
        .route("/upi/mandates/{mandate}/revoke", post(mandates::revoke))
        .route("/upi/mandates/{mandate}/debit", post(mandates::debit))
        .route("/upi/receive", get(looking::receive))
        .route("/upi/payments/{transaction}", get(looking::receipt))
        .route("/upi/payments/{transaction}/dispute", get(disputes::one).post(disputes::raise))
        .route("/upi/payments/{transaction}/dispute/escalate", post(disputes::escalate))
        .route("/upi/payments/{transaction}/dispute/withdraw", post(disputes::withdraw))
        .route("/upi/payments/{transaction}/{file}", get(looking::hand_on))
}

/// What else is done with accounts: requests for money, addresses, bills, shares.
fn more_account_routes() -> Router<PhoneDoor> {
    use upi::{addresses, asked_for, bills, purse, splits};
    Router::new()
        .route("/upi/purse", get(purse::show).post(purse::decide))
        .route("/upi/purse/pin", get(purse::pin).post(purse::approve))
        .route("/upi/purse/ask", post(purse::ask))
        .route("/upi/purse/close", post(purse::close))
        .route("/upi/requests", get(asked_for::list))
        .route("/upi/requests/{request}", get(asked_for::one))
        .route("/upi/requests/{request}/pin", get(asked_for::pin).post(asked_for::approve))
        .route("/upi/requests/{request}/decline", post(asked_for::decline))
        .route("/upi/requests/{request}/block", post(asked_for::block))
        .route("/upi/addresses", get(addresses::own))
        .route("/upi/addresses/first", post(addresses::first))
        .route("/upi/addresses/remove", post(addresses::remove))
        .route("/upi/blocked", get(addresses::blocked).post(addresses::block))
        .route("/upi/blocked/remove", post(addresses::unblock))
        .route("/upi/bills", get(bills::list))
        .route("/upi/billers/{biller}", get(bills::biller).post(bills::ask))
        .route("/upi/bill", get(bills::due).post(bills::decide))
        .route("/upi/bill/pin", get(bills::pin).post(bills::pay))
        .route("/upi/bills/paid/{transaction}", get(bills::paid))
        .route("/upi/splits", get(splits::list).post(splits::make))
        .route("/upi/splits/new", get(splits::form))
        .route("/upi/splits/{split}", get(splits::one))
        .route("/upi/splits/{split}/{place}", get(splits::share))
}

/// For how long an answer of the platform is waited for while a page is made.
const PATIENCE: Duration = Duration::from_millis(1500);
