//! Paying by tap: the phone is held near a reader, and shows how it ended.
//!
//! A tap is one value that moves on: held, sent, ended. A thread holds the phone near the reader; a page follows by asking
//! for the next change, or is asked for again by hand.

use super::first_run::sentence;
use super::passkey::PAY;
use super::view;
use super::visit::{Asked, Reply, Visit};
use super::{PhoneDoor, held};
use crate::api::phone::TapEnd;
use crate::phone::{CodeError, Phone, PhoneError, Presentation, Scanned, ShownCode};
use crate::screens::pages::Page;
use crate::screens::phone::{
    self as screens, CardView, Choice, CodeView, EndView, ReadyView, TapState, UnlockView,
};
use crate::screens::tablet::code_panel;
use crate::vpcd::{CardEnd, Leaver, VpcdError};
use ::wallet::application::Notice;
use ::wallet::card::Profile;
use ::wallet::keys::UseRefusal;
use ::wallet::unlock::{FRESH, Verified};
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::Response;
use emv::objects::CryptogramKind;
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use values::id::kinds;
use values::{Id, Money, Timestamp};

/// How often a reader is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long the platform is asked how a tap ended, before the page says that nobody knows yet.
const TOLD_WITHIN: Duration = Duration::from_secs(20);
/// How long one such question waits.
const ASK_FOR: Duration = Duration::from_secs(5);
/// How long the script waits for a change before it asks again.
const CHANGE_WITHIN: Duration = Duration::from_secs(20);

/// A tap that was made.
#[derive(Clone)]
struct Made {
    card: CardView,
    counter: u16,
    amount_minor: u64,
    currency: u16,
    at: Timestamp,
    /// By code: it is tried again with another code.
    by_code: bool,
}

/// Where a tap stands.
#[derive(Clone, Default)]
enum State {
    /// There is none.
    #[default]
    None,
    /// The phone is near a reader, or looks for one.
    Held { card: CardView, until: Timestamp },
    /// A code is on the screen.
    Shown { card: CardView, code: ShownCode },
    /// The reader has its answer.
    Sent(Made),
    /// Somebody said how it ended, or nobody did in time.
    Told(Made, TapEnd),
    /// It came to no payment, for this reason; the amount if the reader said one.
    NotMade { card: CardView, why: &'static str, made: Option<Made>, by_code: bool },
}

#[derive(Default)]
struct Now {
    state: State,
    /// Counts the times the phone was held near a reader: what belongs to an earlier one is let go.
    turn: u64,
    leaver: Option<Leaver>,
}

/// The one tap of a phone.
pub(super) struct Tapping {
    now: Mutex<Now>,
    changes: watch::Sender<u64>,
}

impl Default for Tapping {
    fn default() -> Tapping {
        // Counted from the clock, so that a page of an earlier process does not take itself for the newest.
        Tapping { now: Mutex::default(), changes: watch::Sender::new(1) }
    }
}

impl Tapping {
    /// Begins anew with this state; the turn it belongs to.
    fn begin(&self, state: State) -> u64 {
        let mut now = held(&self.now);
        if let Some(leaver) = now.leaver.take() {
            leaver.leave();
        }
        now.turn += 1;
        now.state = state;
        let turn = now.turn;
        drop(now);
        self.changes.send_modify(|seen| *seen += 1);
        turn
    }

    /// Goes on to this state, unless another turn has begun.
    fn go_on(&self, turn: u64, state: State) {
        let mut now = held(&self.now);
        if now.turn != turn {
            return;
        }
        now.state = state;
        drop(now);
        self.changes.send_modify(|seen| *seen += 1);
    }

    /// Whether this turn still is the one.
    fn is_now(&self, turn: u64) -> bool {
        held(&self.now).turn == turn
    }

    /// Whether this turn still is the one, and the phone is still held up.
    fn is_held(&self, turn: u64) -> bool {
        let now = held(&self.now);
        now.turn == turn && matches!(now.state, State::Held { .. })
    }

    fn in_field(&self, turn: u64, leaver: Option<Leaver>) {
        let mut now = held(&self.now);
        if now.turn == turn {
            now.leaver = leaver;
        } else if let Some(leaver) = leaver {
            leaver.leave();
        }
    }

    fn state(&self) -> (State, u64) {
        let now = held(&self.now);
        (now.state.clone(), *self.changes.borrow())
    }

    /// Takes the phone away from the reader.
    pub(super) fn close(&self) {
        self.begin(State::None);
    }
}

impl PhoneDoor {
    /// What was typed last, if it still counts for a tap.
    fn fresh(&self) -> Option<Arc<Verified>> {
        let now = self.now();
        held(&self.0.verified).clone().filter(|verified| verified.is_fresh(now))
    }

    /// Where the tap stands; one that nobody came for in time has ended.
    fn tap_state(&self) -> (State, u64) {
        let (state, seen) = self.0.tapping.state();
        match state {
            State::Held { card, until } if self.now() > until => {
                self.0.tapping.begin(State::NotMade { card, why: "why-time", made: None, by_code: false });
                self.0.tapping.state()
            }
            state => (state, seen),
        }
    }
}

/// The page of the tap; where there is none, the passcode is asked for.
pub(super) async fn page(asked: Asked) -> Response {
    asked
        .owner(|visit| match visit.door.tap_state() {
            (State::None, _) => ask(visit, "", None, Ask::ToTap),
            (state, seen) => Reply::page(screens::tap(&visit.page, &shown(visit, &state)?, seen)),
        })
        .await
}

/// The card that is meant: the one named, else the one tapped first.
fn meant(visit: &Visit, token: &str) -> Result<Option<CardView>, PhoneError> {
    let cards = view::cards(&visit.phone)?;
    let named = cards.iter().find(|card| card.token == token);
    Ok(named.or(cards.iter().find(|card| card.first)).or(cards.first()).cloned())
}

/// What the passcode is asked for.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    /// To hold the phone near a reader.
    ToTap,
    /// To show a code.
    ToShow,
}

pub(super) fn ask(
    visit: &Visit,
    token: &str,
    trouble: Option<String>,
    what: Ask,
) -> Result<Reply, PhoneError> {
    let Some(card) = meant(visit, token)? else { return Reply::to("/") };
    let wrong = trouble.is_some();
    // Where the form leads, and where the same is asked for in another browser.
    let (then, elsewhere) = match what {
        Ask::ToTap => ("/tap", "/tap"),
        Ask::ToShow => ("/code/show", "/code"),
    };
    let view = UnlockView {
        trouble,
        then: then.to_owned(),
        to_pay: Some((card.token.clone(), card.mini(0))),
        platform: visit.phone.platform().to_owned(),
        passkey: visit.door.passkey_ask(&visit.phone, visit.here, PAY, elsewhere)?,
    };
    let html = screens::unlock(&visit.page, &view);
    Ok(if wrong { Reply::No(StatusCode::FORBIDDEN, html) } else { Reply::Page(html) })
}

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    passcode: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    proof: String,
}

/// Holds the phone near the reader, opened by the passcode, by the passkey, or by what was verified a moment ago.
pub(super) async fn hold(asked: Asked, Form(wish): Form<Wish>) -> Response {
    asked
        .owner(move |visit| {
            let verified = if !wish.proof.is_empty() {
                let opened = visit.door.passkey_opens(&visit.phone, PAY, &wish.proof)?.flatten();
                let Some(verified) = opened else {
                    let trouble = visit.page.language.say("passkey-not-used");
                    return ask(visit, &wish.card, Some(trouble), Ask::ToTap);
                };
                Some(Arc::new(verified))
            } else if wish.passcode.is_empty() {
                visit.door.fresh()
            } else {
                match visit.phone.unlock(wish.passcode.as_bytes()) {
                    Ok(verified) => Some(Arc::new(verified)),
                    Err(PhoneError::WrongPasscode(wrong)) => {
                        return ask(visit, &wish.card, Some(sentence(&visit.page, wrong)), Ask::ToTap);
                    }
                    Err(error) => return Err(error),
                }
            };
            begin(visit, &wish.card, verified)
        })
        .await
}

/// Holds up another card, or the same again.
pub(super) async fn change_card(asked: Asked, Form(wish): Form<Wish>) -> Response {
    asked.owner(move |visit| begin(visit, &wish.card, visit.door.fresh())).await
}

fn begin(visit: &Visit, token: &str, verified: Option<Arc<Verified>>) -> Result<Reply, PhoneError> {
    let Some(card) = meant(visit, token)? else { return Reply::to("/") };
    let Some(verified) = verified else {
        visit.door.0.tapping.close();
        return ask(visit, &card.token, None, Ask::ToTap);
    };
    let Ok(id) = card.token.parse() else { return Reply::to("/") };
    *held(&visit.door.0.verified) = Some(Arc::clone(&verified));
    let until = verified.good_until();
    let turn = visit.door.0.tapping.begin(State::Held { card: card.clone(), until });
    let holding = Holding { door: visit.door.clone(), phone: Arc::clone(&visit.phone), card, id, turn };
    let spawned = std::thread::Builder::new().name("tap".to_owned()).spawn(move || holding.run(&verified));
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for a tap");
        visit.door.0.tapping.close();
    }
    Reply::to("/tap")
}

/// Takes the phone away.
pub(super) async fn close(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.door.0.tapping.close();
            Reply::to("/")
        })
        .await
}

/// A phone in somebody's hand, near a reader.
struct Holding {
    door: PhoneDoor,
    phone: Arc<Phone>,
    card: CardView,
    id: Id<kinds::Token>,
    turn: u64,
}

impl Holding {
    fn not_made(&self, why: &'static str) {
        let state = State::NotMade { card: self.card.clone(), why, made: None, by_code: false };
        self.door.0.tapping.go_on(self.turn, state);
    }

    fn run(&self, verified: &Verified) {
        while self.door.0.tapping.is_held(self.turn) {
            if !verified.is_fresh(self.door.now()) {
                return self.not_made("why-no-reader");
            }
            match CardEnd::connect(self.door.0.settings.reader) {
                Ok(field) => self.in_field(field, verified),
                Err(_) => std::thread::park_timeout(LOOK_EVERY),
            }
        }
    }

    /// Answers one reader until it is done with the card, or goes away.
    fn in_field(&self, field: CardEnd, verified: &Verified) {
        let tapping = &self.door.0.tapping;
        tapping.in_field(self.turn, field.leaver().ok());
        let how = Presentation {
            reader: self.door.0.settings.reader,
            answer_to_reset: None,
            profile: Profile::Contactless,
            card: Some(self.id),
            taps: 1,
            watch: self.door.0.settings.watch.clone(),
        };
        let ended = self.phone.present_once(field, &how, Some(verified), |notice| self.noticed(notice));
        tapping.in_field(self.turn, None);
        match ended {
            Ok(()) | Err(crate::phone::PresentError::Reader(VpcdError::Removed)) => {}
            Err(error) => {
                tracing::info!(%error, "a tap came to nothing");
                self.not_made("why-left");
            }
        }
    }

    /// The phone's own word on what the reader asked.
    fn noticed(&self, notice: Notice) {
        let Notice::Tapped { atc, amount_minor, currency, decision, .. } = notice else {
            return self.not_made(match notice {
                Notice::Unlock => "why-time",
                Notice::Refused(refusal) => no_key(refusal),
                Notice::NotHere => "why-not-here",
                Notice::Failed | Notice::Tapped { .. } => "why-failed",
            });
        };
        held(&self.door.0.verified).take();
        let (card, at) = (self.card.clone(), self.door.now());
        let made = Made { card, counter: atc, amount_minor, currency, at, by_code: false };
        if decision == CryptogramKind::Aac {
            let why = "why-card-said-no";
            let state = State::NotMade { card: self.card.clone(), why, made: Some(made), by_code: false };
            return self.door.0.tapping.go_on(self.turn, state);
        }
        self.door.0.tapping.go_on(self.turn, State::Sent(made.clone()));
        // The reader still wants answers of the card, so somebody else asks how it ended.
        let (door, phone, id, turn) = (self.door.clone(), Arc::clone(&self.phone), self.id, self.turn);
        let asking = move || {
            let end = learn(&phone, id, made.counter);
            door.0.tapping.go_on(turn, State::Told(made, end));
            door.catch_up(&phone);
        };
        if let Err(error) = std::thread::Builder::new().name("tap-end".to_owned()).spawn(asking) {
            tracing::error!(%error, "no thread to ask how a tap ended");
        }
    }
}

/// The word for why there was no key.
fn no_key(refusal: UseRefusal) -> &'static str {
    match refusal {
        UseRefusal::NotVerified => "why-time",
        UseRefusal::NoKey | UseRefusal::OverCumulativeLimit => "why-no-key",
        UseRefusal::OverTapLimit => "why-over-limit",
        UseRefusal::OtherCurrency => "why-currency-not-allowed",
        UseRefusal::UnknownCard | UseRefusal::NotActive | UseRefusal::Deleted | UseRefusal::Expired => {
            "why-not-active"
        }
    }
}

/// What a code that came to nothing is shown as; trouble with the phone itself is for its door to tell.
fn came_to_nothing(error: CodeError) -> Result<&'static str, PhoneError> {
    match error {
        CodeError::Phone(error) => Err(error),
        CodeError::NoKey(refusal) => Ok(no_key(refusal)),
        CodeError::NoCard => Ok("why-not-active"),
        CodeError::Failed | CodeError::Refused(_) | CodeError::Amount => Ok("why-failed"),
    }
}

impl Visit {
    /// Puts a code on the screen, and looks how it ends.
    pub(super) fn show_code(&self, token: &str, verified: &Verified) -> Result<Reply, PhoneError> {
        let Some(card) = meant(self, token)? else { return Reply::to("/") };
        let code = match self.phone.show_code(card.token.parse().ok(), verified) {
            Ok(code) => code,
            Err(error) => {
                let why = came_to_nothing(error)?;
                self.door.0.tapping.begin(State::NotMade { card, why, made: None, by_code: true });
                return Reply::to("/tap");
            }
        };
        let turn = self.door.0.tapping.begin(State::Shown { card: card.clone(), code: code.clone() });
        let (door, phone) = (self.door.clone(), Arc::clone(&self.phone));
        self.follow("code", move || await_code(&door, &phone, turn, &card, &code));
        Reply::to("/tap")
    }

    /// Pays a scanned code, which its owner approved, and shows how it ends.
    pub(super) fn pay_code(
        &self,
        scanned: Arc<Scanned>,
        token: &str,
        amount: Money,
        verified: Arc<Verified>,
    ) -> Result<Reply, PhoneError> {
        let Some(card) = meant(self, token)? else { return Reply::to("/") };
        let made = Made {
            card: card.clone(),
            counter: 0,
            amount_minor: amount.minor(),
            currency: amount.currency().numeric(),
            at: self.door.now(),
            by_code: true,
        };
        let turn = self.door.0.tapping.begin(State::Sent(made.clone()));
        let (door, phone) = (self.door.clone(), Arc::clone(&self.phone));
        self.follow("code", move || {
            let state = match phone.pay_code(&scanned, card.token.parse().ok(), amount, &verified) {
                Ok(paid) => {
                    let end = match paid.end.state.as_str() {
                        "unknown" => learn(&phone, paid.token, paid.counter),
                        _ => paid.end,
                    };
                    State::Told(Made { counter: paid.counter, ..made }, end)
                }
                Err(error) => {
                    let why = came_to_nothing(error).unwrap_or_else(|error| {
                        tracing::info!(%error, "a code was not paid");
                        "why-failed"
                    });
                    State::NotMade { card, why, made: Some(made), by_code: true }
                }
            };
            door.0.tapping.go_on(turn, state);
            door.catch_up(&phone);
        });
        Reply::to("/tap")
    }

    /// Does on a thread of its own what takes a while.
    fn follow(&self, name: &str, work: impl FnOnce() + Send + 'static) {
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
            tracing::error!(%error, "no thread for a code");
            self.door.0.tapping.close();
        }
    }
}

/// Waits for the end of a code on the screen. It goes when its minute is over; a shop that scanned it at the last moment
/// is still heard.
fn await_code(door: &PhoneDoor, phone: &Arc<Phone>, turn: u64, card: &CardView, code: &ShownCode) {
    let tapping = &door.0.tapping;
    let heard_until = code.until.after(TOLD_WITHIN);
    let mut shown = true;
    while tapping.is_now(turn) && door.now() <= heard_until {
        let left = if shown { code.until.since(door.now()) } else { heard_until.since(door.now()) };
        match phone.learn_end(code.token, code.counter, left.min(ASK_FOR)) {
            Ok(end) if end.state != "unknown" => {
                let made = Made {
                    card: card.clone(),
                    counter: code.counter,
                    amount_minor: end.amount.unwrap_or_default(),
                    currency: end.currency.unwrap_or_default(),
                    at: door.now(),
                    by_code: true,
                };
                tapping.go_on(turn, State::Told(made, end));
                return door.catch_up(phone);
            }
            Ok(_) => {}
            // Shops that have a line still take the code; the end is shown when this phone has one again.
            Err(error) => tracing::debug!(%error, "the platform is not heard"),
        }
        if shown && door.now() >= code.until {
            shown = false;
            let why = "why-code-over";
            tapping.go_on(turn, State::NotMade { card: card.clone(), why, made: None, by_code: true });
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// Asks until somebody knows, or it took too long.
fn learn(phone: &Phone, token: Id<kinds::Token>, counter: u16) -> TapEnd {
    let until = Instant::now() + TOLD_WITHIN;
    loop {
        match phone.learn_end(token, counter, ASK_FOR) {
            Ok(end) if end.state != "unknown" || Instant::now() > until => return end,
            Ok(_) => {}
            Err(error) if Instant::now() > until => {
                tracing::info!(%error, "nobody said how a tap ended");
                return TapEnd::unknown();
            }
            Err(_) => {}
        }
        // An answer that came at once is no reason to ask without pause.
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

fn choices(cards: &[CardView], chosen: &str) -> Vec<Choice> {
    let pays = cards.iter().filter(|card| card.state == "active");
    pays.enumerate().map(|(place, card)| Choice::of(card, 10 + place, card.token == chosen)).collect()
}

/// The state as a page shows it.
fn shown(visit: &Visit, state: &State) -> Result<TapState, PhoneError> {
    let page = &visit.page;
    let cards = view::cards(&visit.phone)?;
    Ok(match state {
        State::Held { card, until } => {
            let left = until.since(visit.door.now()).as_secs().min(FRESH.as_secs());
            TapState::Ready(Box::new(ReadyView {
                art: card.held_up(page),
                seconds: left,
                time: view::minutes(left),
                others: choices(&cards, &card.token),
            }))
        }
        State::Shown { card, code } => {
            let left = code.until.since(visit.door.now()).as_secs();
            let panel = crate::picture::draw(&code.text);
            let label = page.language.say("mycode-label");
            TapState::Code(Box::new(CodeView {
                panel: panel.map_or_else(String::new, |drawing| code_panel(&drawing, &label)),
                text: code.text.clone(),
                seconds: left,
                time: view::minutes(left),
                bank: card.bank.clone(),
                last_four: card.last_four.clone(),
                mini: card.mini(0),
            }))
        }
        State::Sent(made) => TapState::Sent(Box::new(end_view(page, made))),
        State::Told(made, end) => {
            let mut view = end_view(page, made);
            view.merchant = end.merchant.split_whitespace().collect::<Vec<_>>().join(" ");
            match end.state.as_str() {
                "approved" => TapState::Paid(Box::new(view)),
                "declined" | "taken_back" => {
                    (view.reason, view.code) = reason(page, &made.card.bank, end);
                    view.next = next(&cards, &made.card.token);
                    TapState::NotPaid(Box::new(view))
                }
                _ => TapState::Unknown(Box::new(view)),
            }
        }
        State::NotMade { card, why, made, by_code } => {
            let made_view = made.as_ref().map(|made| end_view(page, made));
            let reason = page.language.say_text(why, "bank", &card.bank);
            let token = card.token.clone();
            let by_code = *by_code;
            TapState::NotPaid(Box::new(EndView { reason, token, by_code, ..made_view.unwrap_or_default() }))
        }
        State::None => TapState::NotPaid(Box::default()),
    })
}

fn end_view(page: &Page, made: &Made) -> EndView {
    let Made { card, counter, amount_minor, currency, at, by_code } = made;
    EndView {
        amount: Some(view::sum(*amount_minor, *currency)),
        when: format!("{} {}", page.language.say("today"), view::exact_time(page, *at)),
        token: card.token.clone(),
        bank: card.bank.clone(),
        token_last_four: card.token_last_four.clone(),
        mini: card.mini(0),
        by_code: *by_code,
        receipt: format!("/history/{}/{counter}", card.token),
        ..EndView::default()
    }
}

/// The next card in its owner's order that could pay.
fn next(cards: &[CardView], after: &str) -> Option<Choice> {
    let place = cards.iter().position(|card| card.token == after).unwrap_or_default();
    let (before, rest) = cards.split_at(place);
    let mut others = rest.iter().chain(before).filter(|card| card.token != after && card.state == "active");
    others.next().map(|card| Choice::of(card, 30, false))
}

/// Why it was not paid, in its owner's words, and the code for those who ask the bank.
fn reason(page: &Page, bank: &str, end: &TapEnd) -> (String, String) {
    if let Some(code) = &end.reason {
        let known = [
            "amount_over_limit",
            "daily_amount_over_limit",
            "daily_count_over_limit",
            "token_suspended",
            "keys_revoked",
            "merchant_not_allowed",
            "currency_not_allowed",
            "country_not_allowed",
            "verification_required",
            "token_expired",
            "code_over_limit",
            "code_daily_over_limit",
            "bill_over",
        ];
        let word = known.iter().find(|known| *known == code);
        let name = word
            .map_or_else(|| "why-not-allowed".to_owned(), |word| format!("why-{}", word.replace('_', "-")));
        return (page.language.say(&name), code.clone());
    }
    let code = end.response_code.as_deref().unwrap_or_default();
    let name = match code {
        "41" | "43" | "34" | "04" => "why-lost",
        "51" => "why-51",
        "54" => "why-54",
        "57" | "58" | "03" | "12" => "why-57",
        "61" => "why-61",
        "62" => "why-62",
        "65" => "why-65",
        "91" | "96" | "98" | "68" => "why-91",
        _ => "why-05",
    };
    (page.language.say_text(name, "bank", bank), code.to_owned())
}

#[derive(Deserialize)]
pub(super) struct Seen {
    #[serde(default)]
    seen: u64,
}

/// The next change of the tap, for the script; waits for it.
pub(super) async fn news(asked: Asked, Query(Seen { seen }): Query<Seen>) -> Response {
    let mut changes = asked.door.0.tapping.changes.subscribe();
    if asked.is_open() {
        let changed = changes.wait_for(|now| *now != seen);
        let _ = tokio::time::timeout(CHANGE_WITHIN, changed).await;
    }
    asked
        .owner(|visit| {
            let (state, seen) = visit.door.tap_state();
            if matches!(state, State::None) {
                return Reply::to("/tap");
            }
            let view = shown(visit, &state)?;
            let sound = match &view {
                TapState::Paid(_) => "paid",
                TapState::NotPaid(_) => "not",
                TapState::Unknown(_) => "unknown",
                TapState::Ready(_) | TapState::Code(_) | TapState::Sent(_) => "",
            };
            Ok(Reply::Json(json!({
                "seen": seen,
                "waiting": view.waits(),
                "inside": screens::tap_inside(&visit.page, &view),
                "title": view.title(&visit.page),
                "ground": view.ground(),
                "sound": sound,
            })))
        })
        .await
}
